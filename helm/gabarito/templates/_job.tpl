{{/* The body of a stage's Job, or of its JobSet where several pods work together: the controller adds
     name, owner and run, and unsuspends it. Takes root and component. */}}
{{- define "gabarito.job" -}}
{{- $values := fromJson (include "gabarito.stage" .) }}
{{- $own := dict "gabarito.dev/stage" .component }}
{{- $of := merge (dict "values" $values "labels" $own) . }}
{{- include "gabarito.refuseIdleGpus" $of }}
{{- if and (gt (int ($values.shards | default 1)) 1) (not .root.Values.controller.enabled) }}
{{- printf "stages.%s.shards: the controller tells each pod its shard; set it to 1, or controller.enabled to true" .component | fail }}
{{- end }}
{{- $isSet := gt (int (include "gabarito.nodes" $of)) 1 -}}
apiVersion: {{ ternary "jobset.x-k8s.io/v1alpha2" "batch/v1" $isSet }}
kind: {{ ternary "JobSet" "Job" $isSet }}
metadata:
  labels:
    {{- include "gabarito.madeLabels" (merge (dict "more" (merge (dict) $own ($values.labels | default dict))) .) | nindent 4 }}
  {{- with include "gabarito.annotations" (dict "root" .root "annotations" $values.annotations) }}
  {{- . | nindent 2 }}
  {{- end }}
spec:
  suspend: true
  {{- if not (kindIs "invalid" $values.ttlSecondsAfterFinished) }}
  ttlSecondsAfterFinished: {{ int64 $values.ttlSecondsAfterFinished }}
  {{- end }}
  {{- if $isSet }}
  {{- include "gabarito.refuseJobSets" . }}
  {{- /* A pod that ends is replaced by its Job, as that of any stage is: the others are told to begin anew. */}}
  failurePolicy: {maxRestarts: 0}
  successPolicy: {operator: All}
  network: {enableDNSHostnames: true, publishNotReadyAddresses: true}
  replicatedJobs:
    - name: {{ .component | trunc 1 }}
      replicas: 1
      template:
        spec:
          completionMode: Indexed
          completions: {{ $values.nodes }}
          parallelism: {{ $values.nodes }}
          {{- include "gabarito.jobSpec" $of | nindent 10 }}
  {{- else }}
  {{- include "gabarito.jobSpec" $of | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What a Job does. Takes root, component, values and labels. */}}
{{- define "gabarito.jobSpec" -}}
{{- $values := .values }}
{{- $hasTeacher := include "gabarito.hasTeacher" . }}
{{- $containers := list "stage" }}
{{- if $hasTeacher }}
{{- $containers = concat $containers (ternary (list "teacher-model") list (not (not .root.Values.teacher.deploy.model))) (list "teacher-ready") }}
{{- end }}
{{- $isIndexed := gt (int ($values.shards | default 1)) 1 }}
{{- $processes := int (include "gabarito.processes" .) }}
{{- $nodes := int (include "gabarito.nodes" .) }}
{{- $args := list .component }}
{{- if gt (mul $processes $nodes) 1 }}
{{- $args = concat $args (list "--processes" (toString $processes)) }}
{{- if not $values.sharedMemory }}
{{- $_ := set $values "sharedMemory" (printf "%dGi" $processes) }}
{{- end }}
{{- end }}
{{- if gt $nodes 1 }}
{{- $args = concat $args (list "--nodes" (toString $nodes)) }}
{{- end -}}
{{ ternary "backoffLimitPerIndex" "backoffLimit" $isIndexed }}: {{ mul $values.backoffLimit $nodes }}
{{- if not (kindIs "invalid" $values.activeDeadlineSeconds) }}
activeDeadlineSeconds: {{ int64 $values.activeDeadlineSeconds }}
{{- end }}
{{- if and $isIndexed $values.parallelism }}
parallelism: {{ int64 $values.parallelism }}
{{- end }}
podReplacementPolicy: Failed
podFailurePolicy:
  {{- include "gabarito.podFailurePolicy" (dict "isIndexed" $isIndexed "containers" $containers) | nindent 2 }}
template:
  metadata:
    {{- include "gabarito.podMetadata" . | nindent 4 }}
  spec:
    restartPolicy: Never
    serviceAccountName: {{ include "gabarito.stageAccount" . | quote }}
    automountServiceAccountToken: false
    terminationGracePeriodSeconds: {{ int64 $values.terminationGracePeriodSeconds }}
    {{- include "gabarito.podSettings" . | nindent 4 }}
    {{- with include "gabarito.initContainers" . | trim }}
    initContainers:
      {{- . | nindent 6 }}
    {{- end }}
    containers:
      - name: stage
        args:
          {{- toYaml (concat $args ($values.extraArgs | default list)) | nindent 10 }}
        {{- include "gabarito.containerSettings" . | nindent 8 }}
        resources:
          {{- include "gabarito.resources" . | nindent 10 }}
        {{- include "gabarito.env" . | nindent 8 }}
        volumeMounts:
          {{- include "gabarito.volumeMounts" . | nindent 10 }}
    volumes:
      {{- include "gabarito.volumes" . | trim | nindent 6 }}
      {{- if $hasTeacher }}
      {{- include "gabarito.teacherVolumes" .root | trim | nindent 6 }}
      {{- end }}
{{- end }}
