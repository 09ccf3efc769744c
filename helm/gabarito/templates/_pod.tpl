{{/* Parts that all pods have in common. Each takes root, component and values (stageDefaults' keys). */}}

{{- define "gabarito.podMetadata" -}}
labels:
  {{- include "gabarito.madeLabels" (merge (dict "more" (merge (dict) .labels (.values.podLabels | default dict))) .) | nindent 2 }}
{{- with .values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "gabarito.podSettings" -}}
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .values }}
{{- range $key := list "runtimeClassName" "priorityClassName" "schedulerName" }}
{{- with get $.values $key }}
{{ $key }}: {{ . }}
{{- end }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "resourceClaims" }}
{{- with get $.values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gabarito.containerSettings" -}}
image: {{ include "gabarito.image" (dict "root" .root "component" .component "image" .values.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml .root.Values.containerSecurityContext | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{/* Requests and limits, GPUs among them. */}}
{{- define "gabarito.resources" -}}
{{- $resources := deepCopy (.values.resources | default dict) }}
{{- with .values.gpu }}
{{- if .count }}
{{- $_ := set $resources "limits" (merge (dict .resource .count) ($resources.limits | default dict)) }}
{{- end }}
{{- end }}
{{- if .component }}
{{- with include "gabarito.ephemeralStorage" . }}
{{- $_ := set $resources "requests" (merge (deepCopy ($resources.requests | default dict)) (dict "ephemeral-storage" .)) }}
{{- end }}
{{- end }}
{{- toYaml $resources }}
{{- end }}

{{/* Sidecars: image, pull policy and security context default to the main container's. */}}
{{- define "gabarito.sidecars" -}}
{{- $image := include "gabarito.image" (dict "root" .root "component" .component "image" .values.image) }}
{{- $defaults := dict "image" $image "imagePullPolicy" .root.Values.image.pullPolicy
      "securityContext" .root.Values.containerSecurityContext "restartPolicy" "Always" }}
{{- range .values.sidecars }}
{{- $sidecar := deepCopy $defaults }}
{{- include "gabarito.overlay" (dict "onto" $sidecar "over" .) }}
{{ list $sidecar | toYaml }}
{{- end }}
{{- end }}
