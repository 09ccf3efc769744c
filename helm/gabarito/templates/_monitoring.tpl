{{/* Parts of the alerts and of the dashboard. */}}

{{/* The page that has a section for each alert: that of the chart's own version, where the chart says
     where it is from, as a published one does. */}}
{{- define "gabarito.runbooks" -}}
{{- with .Values.monitoring.prometheusRule.runbooks }}
{{- . }}
{{- else }}
{{- with .Chart.Home }}
{{- trimSuffix "/" . }}/blob/v{{ $.Chart.AppVersion }}/docs/troubleshooting.md
{{- end }}
{{- end }}
{{- end }}

{{/* The dashboard of this release, as JSON: Grafana keeps one for each uid, and people find it by its
     title; its queries ask for the release and the namespace that its constants name. */}}
{{- define "gabarito.dashboard" -}}
{{- $pipeline := .Values.pipeline.name }}
{{- $dashboard := .Files.Get "files/dashboard.json" | fromJson }}
{{- $place := printf "%s/%s" .Release.Namespace .Release.Name }}
{{- $_ := set $dashboard "uid" (printf "gabarito-%s" (sha256sum $place | trunc 16)) }}
{{- $_ := set $dashboard "title" (printf "Gabarito: %s (%s)" $pipeline $place) }}
{{- $_ := set $dashboard "tags" (list "gabarito" $pipeline) }}
{{- $constants := dict "namespace" .Release.Namespace "release" .Release.Name }}
{{- range $variable := $dashboard.templating.list }}
{{- with get $constants $variable.name }}
{{- $_ := set $variable "query" . }}
{{- end }}
{{- end }}
{{- toPrettyJson $dashboard }}
{{- end }}
