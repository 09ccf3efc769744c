{{/* The strategy of the endpoint's Deployment. While the only pod keeps the only GPU, a second pod
     cannot be scheduled: a rolling update would never end. */}}
{{- define "gabarito.strategy" -}}
{{- $values := fromJson (include "gabarito.stage" (dict "root" . "component" "serve")) }}
{{- $alone := and (dig "gpu" "count" 0 $values) (eq (include "gabarito.fewest" .) "1") }}
{{- if eq $values.strategy "auto" }}{{ ternary "Recreate" "RollingUpdate" (not (not $alone)) }}{{ else }}{{ $values.strategy }}{{ end }}
{{- end }}

{{/* The minimum of the endpoint's pods. */}}
{{- define "gabarito.fewest" -}}
{{- with .Values.stages.serve }}
{{- ternary .autoscaling.minReplicas .replicas .autoscaling.enabled | int64 }}
{{- end }}
{{- end }}
