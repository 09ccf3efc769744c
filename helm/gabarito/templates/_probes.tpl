{{/* A container's three probes. Takes probes, which are changed, and over. */}}
{{- define "gabarito.probes" -}}
{{- include "gabarito.overlay" (dict "onto" .probes "over" .over) }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{ $kind }}Probe:
  {{- toYaml (get $.probes $kind) | nindent 2 }}
{{- end }}
{{- end }}

{{/* The endpoint's probes: startup allows readyTimeoutSeconds; the others allow for late answers, as
     on a CPU generation uses all cores. Takes serve's values. */}}
{{- define "gabarito.endpointProbes" -}}
{{- $ready := dict "httpGet" (dict "path" "/ready" "port" "http") "periodSeconds" 5 "timeoutSeconds" 5 }}
{{- $tries := div (add .readyTimeoutSeconds 4) 5 }}
{{- $probes := dict
      "startup" (merge (dict "failureThreshold" $tries) (deepCopy $ready))
      "readiness" (merge (dict "failureThreshold" 2) (deepCopy $ready))
      "liveness" (dict "httpGet" (dict "path" "/health" "port" "http")
          "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6) }}
{{- include "gabarito.probes" (dict "probes" $probes "over" .probes) }}
{{- end }}

{{/* The controller's probes: on a busy node Python takes minutes to begin. Takes its values. */}}
{{- define "gabarito.controllerProbes" -}}
{{- $health := dict "httpGet" (dict "path" "/health" "port" "http") "timeoutSeconds" 5 }}
{{- include "gabarito.probes" (dict "over" .probes "probes" (dict
      "startup" (merge (dict "periodSeconds" 1 "failureThreshold" 300) (deepCopy $health))
      "readiness" (dict "httpGet" (dict "path" "/ready" "port" "http") "periodSeconds" 5 "timeoutSeconds" 5)
      "liveness" (merge (dict "periodSeconds" 20) (deepCopy $health)))) }}
{{- end }}
