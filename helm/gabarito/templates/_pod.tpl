{{/* What all pods have in common. Each takes root, component and values (stageDefaults' keys). */}}

{{- define "gabarito.podMetadata" -}}
labels:
  {{- $labels := merge (fromYaml (include "gabarito.madeLabels" .)) .labels .values.podLabels }}
  {{- toYaml $labels | nindent 2 }}
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
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" }}
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
{{- $resources := deepCopy .values.resources }}
{{- with .values.gpu }}
{{- if .count }}
{{- $_ := set $resources "limits" (merge (dict .resource .count) ($resources.limits | default dict)) }}
{{- end }}
{{- end }}
{{- toYaml $resources }}
{{- end }}

{{- define "gabarito.env" -}}
- {name: GABARITO_TERMINATION_LOG, value: /dev/termination-log}
{{- with .root.Values.store }}
- {name: GABARITO_STORE, value: {{ .url | quote }}}
{{- with .endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .region }}
- {name: AWS_DEFAULT_REGION, value: {{ . | quote }}}
{{- end }}
{{- if ne .addressing "auto" }}
- {name: AWS_CONFIG_FILE, value: /etc/aws/config}
{{- end }}
{{- if .existingSecret }}
{{- include "gabarito.secretEnv" (list "AWS_ACCESS_KEY_ID" .existingSecret .secretKeys.accessKeyId) }}
{{- include "gabarito.secretEnv" (list "AWS_SECRET_ACCESS_KEY" .existingSecret .secretKeys.secretAccessKey) }}
{{- with .secretKeys.sessionToken }}
{{- include "gabarito.secretEnv" (list "AWS_SESSION_TOKEN" $.root.Values.store.existingSecret .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has .component (list "generate" "test") }}
{{- with .root.Values.teacher }}
{{- with .url }}
- {name: GABARITO_TEACHER_URL, value: {{ . | quote }}}
{{- end }}
{{- with .existingSecret }}
{{- include "gabarito.secretEnv" (list "GABARITO_TEACHER_KEY" . $.root.Values.teacher.secretKey) }}
{{- end }}
{{- end }}
{{- end }}
{{- if has .component (list "serve" "conductor" "test") }}
{{- with .root.Values.stages.serve.token }}
{{- if .existingSecret }}
{{- include "gabarito.secretEnv" (list "GABARITO_SERVE_TOKEN" .existingSecret .secretKey) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "gabarito.secretEnv" }}
- name: {{ index . 0 }}
  valueFrom: {secretKeyRef: {name: {{ index . 1 }}, key: {{ index . 2 | quote }}}}
{{- end }}

{{- define "gabarito.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if ne .root.Values.store.addressing "auto" }}
- {name: aws, mountPath: /etc/aws, readOnly: true}
{{- end }}
{{- if .values.sharedMemory }}
- {name: shm, mountPath: /dev/shm}
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "gabarito.volumes" -}}
{{- $scratch := .values.scratch | default dict }}
- name: tmp
{{- if $scratch.claim }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        {{- toYaml $scratch.claim | nindent 8 }}
{{- else if $scratch.sizeLimit }}
  emptyDir: {sizeLimit: {{ $scratch.sizeLimit }}}
{{- else }}
  emptyDir: {}
{{- end }}
{{- if ne .root.Values.store.addressing "auto" }}
- name: aws
  configMap: {name: {{ include "gabarito.fullname" .root }}-aws}
{{- end }}
{{- with .values.sharedMemory }}
- name: shm
  emptyDir: {medium: Memory, sizeLimit: {{ . }}}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Sidecars: what they leave out is that of the main container. */}}
{{- define "gabarito.sidecars" -}}
{{- $image := include "gabarito.image" (dict "root" .root "component" .component "image" .values.image) }}
{{- $defaults := dict "image" $image "imagePullPolicy" .root.Values.image.pullPolicy
      "securityContext" .root.Values.containerSecurityContext "restartPolicy" "Always" }}
{{- range .values.sidecars }}
{{ list (merge (deepCopy .) (deepCopy $defaults)) | toYaml }}
{{- end }}
{{- end }}
