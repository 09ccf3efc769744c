{{/* The files of the controller: pipeline, settings, and the bodies of Jobs and Deployment. */}}
{{- define "gabarito.files" -}}
{{- include "gabarito.checkTeacher" . }}
{{- if and (include "gabarito.needsTeacher" .) (not (include "gabarito.teacher" .)) }}
{{- fail "teacher.url: must be given, unless pipeline.generate.teacher.url is" }}
{{- end }}
{{- $fullname := include "gabarito.fullname" . }}
{{- if not .Values.pipelineFrom.url }}
pipeline.yaml: |
  {{- include "gabarito.pipeline" . | nindent 2 }}
{{- end }}
controller.yaml: |
  release: {{ .Release.Name | quote }}
  fullname: {{ $fullname | quote }}
  namespace: {{ .Release.Namespace | quote }}
  store: {{ .Values.store.url | quote }}
  pipeline: {{ include "gabarito.pipelineFile" . | quote }}
  {{- if .Values.pipelineFrom.url }}
  expected:
    name: {{ .Values.pipeline.name | quote }}
    channel: {{ include "gabarito.channel" . | trim | quote }}
    sha256: {{ .Values.pipelineFrom.sha256 | quote }}
    full_training_disk: {{ include "gabarito.fullTrainingDisk" . | quote }}
  {{- end }}
  templates: /etc/gabarito/templates
  owner: {{ $fullname }}-owner
  queue: {{ .Values.queue | default "" | quote }}
  shards:
    {{- range $stage, $values := .Values.stages }}
    {{- with $values.shards }}
    {{ $stage }}: {{ . }}
    {{- end }}
    {{- end }}
  keep_runs: {{ if .Values.retention.enabled }}{{ int64 .Values.retention.keep }}{{ else }}null{{ end }}
  processes: {{ include "gabarito.allProcesses" . }}
  jobsets: {{ include "gabarito.handlesJobSets" . }}
  retries: {{ .Values.retries | default dict | toJson }}
  serve:
    {{- with .Values.stages.serve }}
    replicas: {{ include "gabarito.fewest" $ }}
    service: http://{{ $fullname }}.{{ $.Release.Namespace }}.svc:{{ .service.port }}
    questions: {{ int64 .questions }}
    ready_timeout_s: {{ int64 .readyTimeoutSeconds }}
    token_env: {{ if .token.existingSecret }}GABARITO_SERVE_TOKEN{{ else }}null{{ end }}
    {{- end }}
{{- include "gabarito.refuseIdleGpus" (dict "component" "serve" "values" (fromJson (include "gabarito.stage" (dict "root" . "component" "serve")))) }}
{{- range splitList " " (include "gabarito.stages" .) }}
template-{{ . }}.yaml: |
  {{- $body := include "gabarito.job" (dict "root" $ "component" .) }}
  {{- include "gabarito.refuseDuplicates" (dict "component" . "body" (fromYaml $body)) }}
  {{- $body | nindent 2 }}
{{- end }}
template-serve.yaml: |
  {{- $body := include "gabarito.serve" (dict "root" . "component" "serve") }}
  {{- include "gabarito.refuseDuplicates" (dict "component" "serve" "body" (fromYaml $body)) }}
  {{- $body | nindent 2 }}
{{- end }}
