{{/* Names and labels. */}}

{{- define "gabarito.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gabarito.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects pods of a component. Takes root and component. */}}
{{- define "gabarito.selector" -}}
app.kubernetes.io/name: {{ include "gabarito.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of what the conductor makes. Takes root and component. */}}
{{- define "gabarito.madeLabels" -}}
{{ include "gabarito.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: gabarito-conductor
app.kubernetes.io/part-of: gabarito
{{- end }}

{{/* Labels of what Helm makes. Takes root and component. */}}
{{- define "gabarito.labels" -}}
{{ include "gabarito.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: gabarito
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Metadata of what Helm makes. Takes root, component and what follows the full name. */}}
{{- define "gabarito.metadata" -}}
name: {{ include "gabarito.fullname" .root }}{{ .suffix }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "gabarito.labels" . | nindent 2 }}
{{- end }}

{{- define "gabarito.account" -}}
{{- $account := get .root.Values.serviceAccount .of }}
{{- if $account.create }}
{{- $account.name | default (printf "%s-%s" (include "gabarito.fullname" .root) .of) }}
{{- else }}
{{- $account.name | default "default" }}
{{- end }}
{{- end }}

{{/* The image of a stage or of the conductor. Takes root, component and the image in its values. */}}
{{- define "gabarito.image" -}}
{{- $names := dict "ingest" "ingest" "generate" "generate" "curate" "generate" "conductor" "generate"
      "test" "generate" "train" "train" "merge" "train" "evaluate" "train" "serve" "serve" }}
{{- if .image }}
{{- .image }}
{{- else }}
{{- with .root.Values.image }}
{{- with .registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- .repository }}-{{ get $names $.component }}:{{ .tag | default $.root.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{/* Lay the map `over` on the map `onto`, which is changed: maps are merged, the rest replaced. */}}
{{- define "gabarito.overlay" -}}
{{- range $key, $value := .over }}
{{- $below := get $.onto $key }}
{{- if and (kindIs "map" $value) (kindIs "map" $below) $below }}
{{- include "gabarito.overlay" (dict "onto" $below "over" $value) }}
{{- else }}
{{- $_ := set $.onto $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* A stage's values over those of all stages, as JSON. Takes root and component. */}}
{{- define "gabarito.stage" -}}
{{- $values := deepCopy .root.Values.stageDefaults }}
{{- include "gabarito.overlay" (dict "onto" $values "over" (get .root.Values.stages .component)) }}
{{- toJson $values }}
{{- end }}

{{/* The port of a URL. */}}
{{- define "gabarito.port" -}}
{{- $url := urlParse . }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" }}
{{- $port | default (ternary "80" "443" (eq $url.scheme "http")) }}
{{- end }}

{{/* The teacher's address, if the values have one. */}}
{{- define "gabarito.teacher" -}}
{{- .Values.teacher.url | default (dig "generate" "teacher" "url" "" .Values.pipeline) }}
{{- end }}
