{{/* Parts that all pods have in common. Each takes root, component and values (stageDefaults' keys). */}}

{{- define "gabarito.podMetadata" -}}
labels:
  {{- include "gabarito.madeLabels" (merge (dict "more" (merge (dict) .labels (.values.podLabels | default dict))) .) | nindent 2 }}
{{- with include "gabarito.annotations" (dict "root" .root "annotations" .values.podAnnotations) }}
{{ . }}
{{- end }}
{{- end }}

{{- define "gabarito.podSettings" -}}
enableServiceLinks: false
{{- with fromJsonArray (include "gabarito.pullSecrets" .root) }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "gabarito.security" (dict "of" "podSecurityContext" "root" .root "values" .values) | nindent 2 }}
{{- with include "gabarito.given" (dict "values" .values "keys" (list "affinity" "dnsConfig" "dnsPolicy"
      "hostAliases" "nodeSelector" "priorityClassName" "resourceClaims" "runtimeClassName"
      "schedulerName" "tolerations" "topologySpreadConstraints")) }}
{{ . }}
{{- end }}
{{- end }}

{{/* Those of a few values that are given, under their own names. Takes values and keys. */}}
{{- define "gabarito.given" -}}
{{- $given := dict }}
{{- range $key := .keys }}
{{- with get $.values $key }}
{{- $_ := set $given $key . }}
{{- end }}
{{- end }}
{{- with $given }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* A component's security context over that of all. Takes root, values and which of the two. */}}
{{- define "gabarito.security" -}}
{{- $context := deepCopy (get .root.Values .of | default dict) }}
{{- include "gabarito.overlay" (dict "onto" $context "over" (get .values .of | default dict)) }}
{{- toYaml $context }}
{{- end }}

{{/* The registry's credentials, those of a parent chart among them, as JSON; each once. */}}
{{- define "gabarito.pullSecrets" -}}
{{- $secrets := list }}
{{- $shared := (.Values.global | default dict).imagePullSecrets | default list }}
{{- range concat $shared (.Values.image.pullSecrets | default list) }}
{{- $secrets = append $secrets (ternary . (dict "name" .) (kindIs "map" .)) }}
{{- end }}
{{- toJson (uniq $secrets) }}
{{- end }}

{{- define "gabarito.containerSettings" -}}
image: {{ include "gabarito.image" (dict "root" .root "component" .component "image" .values.image) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "gabarito.security" (dict "of" "containerSecurityContext" "root" .root "values" .values) | nindent 2 }}
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

{{/* Sidecars, which begin first, and what runs to its end before the main container: image, pull policy
     and security context default to the main container's. */}}
{{- define "gabarito.initContainers" -}}
{{- include "gabarito.refuseOwnNames" . }}
{{- $defaults := fromYaml (include "gabarito.containerSettings" .) }}
{{- range .values.sidecars }}
{{- $sidecar := merge (dict "restartPolicy" "Always") (deepCopy $defaults) }}
{{- include "gabarito.overlay" (dict "onto" $sidecar "over" .) }}
{{ list $sidecar | toYaml }}
{{- end }}
{{- range .values.initContainers }}
{{- $first := deepCopy $defaults }}
{{- include "gabarito.overlay" (dict "onto" $first "over" .) }}
{{ list $first | toYaml }}
{{- end }}
{{- if and (eq .component "serve") (eq .values.engine "container") }}
{{ include "gabarito.engine" . }}
{{- end }}
{{- if include "gabarito.hasTeacher" . }}
{{ include "gabarito.teacherContainers" . }}
{{- end }}
{{- end }}
