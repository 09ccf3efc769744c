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
