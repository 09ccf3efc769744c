{{/* Before the endpoint, where another server writes the answers: what writes the model's files for it
     and ends, and that server, which is stopped after the endpoint. Take root, component and values. */}}
{{- define "gabarito.engine" -}}
{{- $of := .values.container }}
{{- if not $of.image }}
{{- fail "stages.serve.container.image: must be given with stages.serve.engine: container" }}
{{- end }}
{{- $to := printf "/model/%s" $of.format }}
{{- $args := list "export" $of.format "--unverified" "--to" $to }}
{{- if eq $of.format "gguf" }}
{{- $args = concat $args (list "--precision" $of.precision "--file-name" "model.gguf") }}
{{- end }}
{{- if not .root.Values.controller.enabled }}
{{- $args = concat $args (list "--channel" (include "gabarito.channel" .root)) }}
{{- end }}
{{- include "gabarito.modelContainer" (merge (dict "name" "model" "args" $args "volume" "model") .) }}
{{ include "gabarito.serverContainer" (dict "root" .root "values" .values "name" "engine" "image" $of.image "server" $of
      "gpu" .values.gpu "volumes" (dict "model" "model" "tmp" "engine-tmp")) }}
{{- end }}
