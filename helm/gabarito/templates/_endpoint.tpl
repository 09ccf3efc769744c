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
{{- ternary .autoscaling.minReplicas .replicas .autoscaling.enabled }}
{{- end }}
{{- end }}

{{/* The endpoint's probes: startup allows readyTimeoutSeconds; the others allow for late answers, as
     on a CPU generation uses all cores. Takes serve's values. */}}
{{- define "gabarito.probes" -}}
{{- $ready := dict "httpGet" (dict "path" "/ready" "port" "http") "periodSeconds" 5 "timeoutSeconds" 5 }}
{{- $tries := div (add .readyTimeoutSeconds 4) 5 }}
{{- $probes := dict
      "startup" (merge (dict "failureThreshold" $tries) (deepCopy $ready))
      "readiness" (merge (dict "failureThreshold" 2) (deepCopy $ready))
      "liveness" (dict "httpGet" (dict "path" "/health" "port" "http")
          "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6) }}
{{- include "gabarito.overlay" (dict "onto" $probes "over" .probes) }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{ $kind }}Probe:
  {{- toYaml (get $probes $kind) | nindent 2 }}
{{- end }}
{{- end }}
