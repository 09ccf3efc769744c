{{/* A rule of a NetworkPolicy. Takes side (to or from), peers, ports and protocols. */}}
{{- define "gabarito.rule" }}
- ports:
    {{- range $port := .ports }}
    {{- range $protocol := $.protocols | default (list "TCP") }}
    - {port: {{ $port }}, protocol: {{ $protocol }}}
    {{- end }}
    {{- end }}
  {{- with .peers }}
  {{ $.side }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Pods of this release. Takes root and component. */}}
{{- define "gabarito.peer" -}}
podSelector:
  matchLabels:
    {{- include "gabarito.selector" . | nindent 4 }}
{{- end }}

{{/* Ingress rules of the pods of a component. Takes root and component. */}}
{{- define "gabarito.ingress" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $monitoring := .root.Values.monitoring }}
{{- if eq .component "serve" }}
{{- $askers := $policy.clients }}
{{- if $askers }}
{{- range $asker := list "controller" "test" }}
{{- $askers = append $askers (fromYaml (include "gabarito.peer" (dict "root" $.root "component" $asker))) }}
{{- end }}
{{- end }}
{{- include "gabarito.rule" (dict "side" "from" "peers" $askers "ports" (list 8000)) }}
{{- if $monitoring.serviceMonitor.enabled }}
{{- include "gabarito.rule" (dict "side" "from" "peers" $policy.scrapers "ports" (list 8000)) }}
{{- end }}
{{- end }}
{{- include "gabarito.peersRule" (dict "side" "from" "root" .root "component" .component) }}
{{- if and (eq .component "controller") $monitoring.podMonitor.enabled }}
{{- include "gabarito.rule" (dict "side" "from" "peers" $policy.scrapers "ports" (list 8080)) }}
{{- end }}
{{- end }}
