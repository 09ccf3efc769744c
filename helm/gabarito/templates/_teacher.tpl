{{/* The release's own teacher: a server beside each stage that asks it, in the same pod. It begins
     before the stage and ends with it, so that it holds no GPU when the next stage begins. */}}

{{/* The teacher's address, if the values have one beside the pipeline. */}}
{{- define "gabarito.teacherUrl" -}}
{{- with .Values.teacher }}
{{- if .deploy.enabled }}http://127.0.0.1:{{ .deploy.port }}/v1{{ else }}{{ .url }}{{ end }}
{{- end }}
{{- end }}

{{/* Whether the teacher runs in a component's pod. Takes root and component. */}}
{{- define "gabarito.hasTeacher" -}}
{{- if .root.Values.teacher.deploy.enabled }}
{{- $judge := fromJson (include "gabarito.judgeSettings" .root) }}
{{- if eq .component "generate" }}yes{{ end }}
{{- if and (eq .component "evaluate") $judge (not $judge.url) }}yes{{ end }}
{{- end }}
{{- end }}

{{/* Whether the teacher's model is fetched from the model hub. */}}
{{- define "gabarito.teacherFromHub" -}}
{{- $model := .Values.teacher.deploy.model }}
{{- if and $model (not (hasPrefix "s3://" $model)) }}yes{{ end }}
{{- end }}

{{/* Refuses what contradicts the release's own teacher. */}}
{{- define "gabarito.checkTeacher" -}}
{{- $teacher := dig "generate" "teacher" dict .Values.pipeline | default dict }}
{{- with .Values.teacher }}
{{- if .deploy.enabled }}
{{- if or .url $teacher.url }}
{{- fail (printf "%s: the teacher has an address of its own with teacher.deploy.enabled; leave one of them out" (ternary "teacher.url" "pipeline.generate.teacher.url" (not (not .url)))) }}
{{- end }}
{{- if not (or $teacher.model $.Values.pipelineFrom.url) }}
{{- fail "pipeline.generate.teacher.model: must be given with teacher.deploy.enabled" }}
{{- end }}
{{- if not (or .deploy.image .deploy.args) }}
{{- fail "teacher.deploy.image: must be given with teacher.deploy.enabled" }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The init containers: what fetches the model and ends, the server, and what waits until it answers.
     What a pipeline file in a bucket calls the model is not known. Takes root, component and values. */}}
{{- define "gabarito.teacherContainers" -}}
{{- $of := .root.Values.teacher.deploy }}
{{- $volumes := dict "tmp" "teacher-tmp" }}
{{- if $of.model }}
{{- $_ := set $volumes "model" "teacher-model" }}
{{- $args := list "fetch" $of.model "--to" "/model" }}
{{- range $of.modelFiles }}
{{- $args = concat $args (list "--only" .) }}
{{- end }}
{{- /* The image of train reads the model hub, too. */}}
{{- $train := fromJson (include "gabarito.stage" (dict "root" .root "component" "train")) }}
{{- $fetching := include "gabarito.image" (dict "root" .root "component" "train" "image" $train.image) }}
{{- $values := set (deepCopy .values) "image" $fetching }}
{{- include "gabarito.modelContainer" (dict "root" .root "component" "teacher" "values" $values
      "name" "teacher-model" "args" $args "volume" "teacher-model") }}
{{- end }}
{{- $asked := dig "generate" "teacher" "model" "" .root.Values.pipeline }}
{{- if eq .component "evaluate" }}
{{- $asked = (fromJson (include "gabarito.judgeSettings" .root)).model | default $asked }}
{{- end }}
{{- $image := $of.image | default (include "gabarito.image" (dict "root" .root "component" .component "image" .values.image)) }}
{{ include "gabarito.serverContainer" (dict "root" .root "values" .values "name" "teacher" "image" $image "server" $of
      "gpu" $of.gpu "volumes" $volumes) }}
- name: teacher-ready
  args:
    - wait
    - {{ include "gabarito.teacherUrl" .root }}
    {{- with $asked }}
    - --model
    - {{ . | quote }}
    {{- end }}
    - --seconds
    - {{ int64 $of.readyTimeoutSeconds | quote }}
  {{- include "gabarito.containerSettings" . | nindent 2 }}
  resources:
    requests: {cpu: 50m, memory: 64Mi}
    limits: {memory: 256Mi}
  env:
    - {name: GABARITO_TERMINATION_LOG, value: /dev/termination-log}
{{- end }}

{{- define "gabarito.teacherVolumes" -}}
{{- with .Values.teacher.deploy }}
{{- if .model }}
{{ include "gabarito.scratch" (dict "name" "teacher-model" "scratch" .scratch) }}
{{- end }}
- {name: teacher-tmp, emptyDir: {}}
{{- end }}
{{- end }}
