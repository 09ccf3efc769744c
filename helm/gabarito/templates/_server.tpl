{{/* A model's server that is not ours, in a pod of ours: the endpoint's engine, the teacher. */}}

{{/* What writes the model's files to /model and ends. Takes root, component, values, name, args and
     volume. */}}
{{- define "gabarito.modelContainer" -}}
- name: {{ .name }}
  args:
    {{- toYaml .args | nindent 4 }}
  {{- include "gabarito.containerSettings" . | nindent 2 }}
  resources:
    {{- toYaml (.values.resources | default dict) | nindent 4 }}
  {{- include "gabarito.env" . | nindent 2 }}
  volumeMounts:
    {{- include "gabarito.volumeMounts" . | nindent 4 }}
    - {name: {{ .volume }}, mountPath: /model}
{{- end }}

{{/* The server, which lives as long as the pod's own container and has no credentials. Takes root,
     values, name, image, server (image, command, args, env, resources, volumeMounts, extra), gpu and
     volumes, the names of those at /model (which may be none) and at /tmp. */}}
{{- define "gabarito.serverContainer" -}}
{{- $of := .server }}
{{- $mounts := list (dict "name" .volumes.tmp "mountPath" "/tmp") }}
{{- with .volumes.model }}
{{- $mounts = prepend $mounts (dict "name" . "mountPath" "/model" "readOnly" true) }}
{{- end }}
{{- if .values.sharedMemory }}
{{- $mounts = append $mounts (dict "name" "shm" "mountPath" "/dev/shm") }}
{{- end }}
{{- $resources := fromYaml (include "gabarito.resources" (dict "values" (dict "resources" $of.resources "gpu" .gpu))) }}
{{- $container := dict "name" .name "image" .image "restartPolicy" "Always"
      "imagePullPolicy" .root.Values.image.pullPolicy
      "securityContext" (fromYaml (include "gabarito.security" (dict "of" "containerSecurityContext" "root" .root "values" .values)))
      "terminationMessagePolicy" "FallbackToLogsOnError" "resources" $resources
      "volumeMounts" (concat $mounts ($of.volumeMounts | default list)) }}
{{- range $key := list "command" "args" }}
{{- with get $of $key }}
{{- $_ := set $container $key . }}
{{- end }}
{{- end }}
{{- with $of.env }}
{{- $_ := set $container "env" (fromYamlArray (include "gabarito.eachOnce" .)) }}
{{- end }}
{{- include "gabarito.overlay" (dict "onto" $container "over" $of.extra) }}
{{- list $container | toYaml }}
{{- end }}
