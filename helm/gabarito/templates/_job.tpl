{{/* The body of a stage's Job: the controller adds name, owner and run, and unsuspends it. Takes
     root and component. */}}
{{- define "gabarito.job" -}}
{{- $values := fromJson (include "gabarito.stage" .) }}
{{- $own := dict "gabarito.dev/stage" .component }}
{{- $pod := merge (dict "values" $values "labels" $own) . }}
{{- $hasTeacher := include "gabarito.hasTeacher" . }}
{{- $containers := list "stage" }}
{{- if $hasTeacher }}
{{- $containers = concat $containers (ternary (list "teacher-model") list (not (not .root.Values.teacher.deploy.model))) (list "teacher-ready") }}
{{- end }}
{{- $isIndexed := gt (int ($values.shards | default 1)) 1 }}
{{- if and $isIndexed (not .root.Values.controller.enabled) }}
{{- printf "stages.%s.shards: the controller tells each pod its shard; set it to 1, or controller.enabled to true" .component | fail }}
{{- end -}}
apiVersion: batch/v1
kind: Job
metadata:
  labels:
    {{- include "gabarito.madeLabels" (merge (dict "more" (merge (dict) $own ($values.labels | default dict))) .) | nindent 4 }}
  {{- with include "gabarito.annotations" (dict "root" .root "annotations" $values.annotations) }}
  {{- . | nindent 2 }}
  {{- end }}
spec:
  suspend: true
  {{- if $isIndexed }}
  backoffLimitPerIndex: {{ $values.backoffLimit }}
  {{- else }}
  backoffLimit: {{ $values.backoffLimit }}
  {{- end }}
  {{- range $key := list "activeDeadlineSeconds" "ttlSecondsAfterFinished" }}
  {{- if not (kindIs "invalid" (get $values $key)) }}
  {{ $key }}: {{ get $values $key }}
  {{- end }}
  {{- end }}
  {{- if and $isIndexed $values.parallelism }}
  parallelism: {{ $values.parallelism }}
  {{- end }}
  podReplacementPolicy: Failed
  podFailurePolicy:
    {{- include "gabarito.podFailurePolicy" (dict "isIndexed" $isIndexed "containers" $containers) | nindent 4 }}
  template:
    metadata:
      {{- include "gabarito.podMetadata" $pod | nindent 6 }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ $values.serviceAccountName | default (include "gabarito.account" (dict "root" .root "of" "stage")) | quote }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- include "gabarito.podSettings" $pod | nindent 6 }}
      {{- with include "gabarito.initContainers" $pod | trim }}
      initContainers:
        {{- . | nindent 8 }}
      {{- end }}
      containers:
        - name: stage
          args:
            {{- toYaml (concat (list .component) ($values.extraArgs | default list)) | nindent 12 }}
          {{- include "gabarito.containerSettings" $pod | nindent 10 }}
          resources:
            {{- include "gabarito.resources" $pod | nindent 12 }}
          env:
            {{- include "gabarito.env" $pod | nindent 12 }}
          {{- with $values.extraEnvFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          volumeMounts:
            {{- include "gabarito.volumeMounts" $pod | nindent 12 }}
      volumes:
        {{- include "gabarito.volumes" $pod | trim | nindent 8 }}
        {{- if $hasTeacher }}
        {{- include "gabarito.teacherVolumes" .root | trim | nindent 8 }}
        {{- end }}
{{- end }}
