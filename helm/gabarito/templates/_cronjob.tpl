{{/* A CronJob that runs a command of the generate image on the store. Takes root, component, which is
     its suffix, too, of (its values) and args. */}}
{{- define "gabarito.cronJob" -}}
{{- $values := fromJson (include "gabarito.stage" (dict "root" .root "component" "curate")) }}
{{- $pod := dict "root" .root "component" .component "values" $values "labels" dict }}
{{- $fullname := include "gabarito.fullname" .root }}
{{- /* Kubernetes adds 11 characters to a CronJob's name, and takes 63. */}}
{{- if gt (len $fullname) 40 }}
{{- $fullname = printf "%s-%s" (trunc 32 $fullname | trimSuffix "-") (sha256sum $fullname | trunc 7) }}
{{- end -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ printf "%s-%s" $fullname .component | quote }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "gabarito.labels" . | nindent 4 }}
  {{- with include "gabarito.annotations" (dict "root" .root) }}
  {{- . | nindent 2 }}
  {{- end }}
spec:
  schedule: {{ .of.schedule | quote }}
  {{- with .of.timeZone }}
  timeZone: {{ . | quote }}
  {{- end }}
  suspend: {{ .of.suspend }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    metadata:
      labels:
        {{- include "gabarito.labels" . | nindent 8 }}
      {{- with include "gabarito.annotations" (dict "root" .root) }}
      {{- . | nindent 6 }}
      {{- end }}
    spec:
      backoffLimit: 3
      activeDeadlineSeconds: 21600
      ttlSecondsAfterFinished: 604800
      template:
        metadata:
          {{- include "gabarito.podMetadata" $pod | nindent 10 }}
        spec:
          restartPolicy: Never
          serviceAccountName: {{ include "gabarito.stageAccount" $pod | quote }}
          automountServiceAccountToken: false
          {{- include "gabarito.podSettings" $pod | nindent 10 }}
          {{- with include "gabarito.initContainers" $pod | trim }}
          initContainers:
            {{- . | nindent 12 }}
          {{- end }}
          containers:
            - name: {{ .component }}
              args:
                {{- toYaml .args | nindent 16 }}
              {{- include "gabarito.containerSettings" $pod | nindent 14 }}
              resources:
                {{- toYaml .of.resources | nindent 16 }}
              {{- include "gabarito.env" $pod | nindent 14 }}
              volumeMounts:
                {{- include "gabarito.volumeMounts" $pod | nindent 16 }}
          volumes:
            {{- include "gabarito.volumes" $pod | trim | nindent 12 }}
{{- end }}
