{{/* Before the endpoint, where another server writes the answers: what writes the model's files for it
     and ends, and that server, which is stopped after the endpoint. Take root, component and values. */}}
{{- define "gabarito.engine" -}}
{{- $of := .values.container }}
{{- $to := printf "/model/%s" $of.format }}
{{- $args := list "export" $of.format "--unverified" "--to" $to }}
{{- if eq $of.format "gguf" }}
{{- $args = concat $args (list "--precision" $of.precision "--file-name" "model.gguf") }}
{{- end }}
{{- if not .root.Values.controller.enabled }}
{{- $args = concat $args (list "--channel" (include "gabarito.channel" .root)) }}
{{- end -}}
- name: model
  args:
    {{- toYaml $args | nindent 4 }}
  {{- include "gabarito.containerSettings" . | nindent 2 }}
  resources:
    {{- toYaml (.values.resources | default dict) | nindent 4 }}
  env:
    {{- include "gabarito.env" . | nindent 4 }}
  {{- with .values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "gabarito.volumeMounts" . | nindent 4 }}
    - {name: model, mountPath: /model}
{{ list (fromJson (include "gabarito.engineContainer" .)) | toYaml }}
{{- end }}

{{/* The container of the other server, as JSON: it has no credentials. */}}
{{- define "gabarito.engineContainer" -}}
{{- $of := .values.container }}
{{- if not $of.image }}
{{- fail "stages.serve.container.image: must be given with stages.serve.engine: container" }}
{{- end }}
{{- $mounts := list (dict "name" "model" "mountPath" "/model" "readOnly" true)
      (dict "name" "engine-tmp" "mountPath" "/tmp") }}
{{- if .values.sharedMemory }}
{{- $mounts = append $mounts (dict "name" "shm" "mountPath" "/dev/shm") }}
{{- end }}
{{- $resources := fromYaml (include "gabarito.resources" (dict "values" (dict "resources" $of.resources "gpu" .values.gpu))) }}
{{- $container := dict "name" "engine" "image" $of.image "restartPolicy" "Always"
      "imagePullPolicy" .root.Values.image.pullPolicy
      "securityContext" (fromYaml (include "gabarito.security" (dict "of" "containerSecurityContext" "root" .root "values" .values)))
      "terminationMessagePolicy" "FallbackToLogsOnError" "resources" $resources
      "volumeMounts" (concat $mounts ($of.volumeMounts | default list)) }}
{{- range $key := list "command" "args" "env" }}
{{- with get $of $key }}
{{- $_ := set $container $key . }}
{{- end }}
{{- end }}
{{- include "gabarito.overlay" (dict "onto" $container "over" $of.extra) }}
{{- toJson $container }}
{{- end }}
