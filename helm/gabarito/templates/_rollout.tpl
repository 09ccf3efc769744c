{{/* One pod with a GPU leaves none for its successor: it goes first. */}}
{{- define "gabarito.rollout" -}}
{{- $values := fromJson (include "gabarito.stage" (dict "root" . "component" "serve")) }}
{{- $alone := and $values.gpu.count (eq (include "gabarito.fewest" .) "1") }}
{{- if eq $values.rollout "auto" }}{{ ternary "recreate" "surge" (not (not $alone)) }}{{ else }}{{ $values.rollout }}{{ end }}
{{- end }}

{{/* The fewest pods of the endpoint. */}}
{{- define "gabarito.fewest" -}}
{{- with .Values.stages.serve }}
{{- ternary .autoscaling.minReplicas .replicas .autoscaling.enabled }}
{{- end }}
{{- end }}

{{/* The endpoint's probes: startup allows readyTimeoutSeconds. Takes serve's values. */}}
{{- define "gabarito.probes" -}}
{{- $ready := dict "path" "/ready" "port" "http" }}
{{- $tries := div (add .readyTimeoutSeconds 4) 5 }}
{{- $probes := dict
      "startup" (dict "httpGet" $ready "periodSeconds" 5 "failureThreshold" $tries)
      "readiness" (dict "httpGet" (deepCopy $ready) "periodSeconds" 5 "failureThreshold" 2)
      "liveness" (dict "httpGet" (dict "path" "/health" "port" "http") "periodSeconds" 10 "failureThreshold" 6) }}
{{- include "gabarito.overlay" (dict "onto" $probes "over" .probes) }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{ $kind }}Probe:
  {{- toYaml (get $probes $kind) | nindent 2 }}
{{- end }}
{{- end }}
