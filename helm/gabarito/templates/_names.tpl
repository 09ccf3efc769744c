{{/* Names and labels. */}}

{{- define "gabarito.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gabarito.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | replace "." "-" | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 48 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects pods of a component. Takes root and component. */}}
{{- define "gabarito.selector" -}}
app.kubernetes.io/name: {{ include "gabarito.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of what the controller creates; these override additional ones. Takes root, component and more. */}}
{{- define "gabarito.madeLabels" -}}
{{- $own := dict "app.kubernetes.io/version" .root.Chart.AppVersion
      "app.kubernetes.io/managed-by" "gabarito-controller" "app.kubernetes.io/part-of" "gabarito" }}
{{- $selector := fromYaml (include "gabarito.selector" .) }}
{{- toYaml (merge $own $selector (.more | default dict) (.root.Values.commonLabels | default dict)) }}
{{- end }}

{{/* Labels of what Helm creates; these override additional ones. Takes root, component and more. */}}
{{- define "gabarito.labels" -}}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- $own := dict "app.kubernetes.io/managed-by" .root.Release.Service "helm.sh/chart" $chart }}
{{- toYaml (merge $own (fromYaml (include "gabarito.madeLabels" .))) }}
{{- end }}

{{/* Metadata of what Helm creates. Takes root, component and what follows the full name; more are
     additional labels. */}}
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
