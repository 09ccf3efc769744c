{{/* Names and labels. */}}

{{- define "gabarito.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The prefix of every name. That of a Service begins with a letter: a release's name that begins with
     a digit comes second. */}}
{{- define "gabarito.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := printf "%s-%s" .Release.Name $name }}
{{- if regexMatch "^[0-9]" .Release.Name }}
{{- $full = printf "%s-%s" $name .Release.Name }}
{{- else if contains $name .Release.Name }}
{{- $full = .Release.Name }}
{{- end }}
{{- .Values.fullnameOverride | default ($full | replace "." "-" | trunc 48 | trimSuffix "-") }}
{{- end }}

{{/* What selects pods of a component. Takes root and component. */}}
{{- define "gabarito.selector" -}}
app.kubernetes.io/name: {{ include "gabarito.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
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

{{/* Annotations over those of all, if there are any. Takes root and annotations. */}}
{{- define "gabarito.annotations" -}}
{{- with merge (dict) (.annotations | default dict) (.root.Values.commonAnnotations | default dict) -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Metadata of what Helm creates. Takes root, component and what follows the full name; more are
     additional labels, annotations their like. */}}
{{- define "gabarito.metadata" -}}
name: {{ printf "%s%s" (include "gabarito.fullname" .root) .suffix | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "gabarito.labels" . | nindent 2 }}
{{- with include "gabarito.annotations" . }}
{{ . }}
{{- end }}
{{- end }}

{{/* The service account of a pod that works on the store. Takes root and values. */}}
{{- define "gabarito.stageAccount" -}}
{{- .values.serviceAccountName | default (include "gabarito.account" (dict "root" .root "of" "stage")) }}
{{- end }}

{{/* The controller's or the stages' service account. Takes root and which of the two. */}}
{{- define "gabarito.account" -}}
{{- $account := get .root.Values.serviceAccount .of }}
{{- if $account.create }}
{{- $account.name | default (printf "%s-%s" (include "gabarito.fullname" .root) .of) }}
{{- else }}
{{- $account.name | default "default" }}
{{- end }}
{{- end }}
