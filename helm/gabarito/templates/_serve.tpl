{{/* The body of the endpoint's Deployment: the controller adds the model's digest and the owner, and
     applies it. Takes root and component. */}}
{{- define "gabarito.serve" -}}
{{- $values := fromJson (include "gabarito.stage" .) }}
{{- $pod := merge (dict "values" $values "labels" (dict "gabarito.dev/stage" "serve")) . }}
{{- $isRemote := eq $values.engine "container" }}
{{- $args := list "serve" "--host" "::" "--pipeline" .root.Values.pipeline.name
      "--channel" (include "gabarito.channel" .root) }}
{{- if $isRemote }}
{{- $args = concat $args (list "--engine-url" (printf "http://127.0.0.1:%v" $values.container.port)) }}
{{- end }}
{{- $scaled := or $values.autoscaling.enabled $values.autoscaling.external -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "gabarito.fullname" .root }}-serve
  labels:
    {{- include "gabarito.madeLabels" (merge (dict "more" $values.labels) .) | nindent 4 }}
  {{- with include "gabarito.annotations" (dict "root" .root "annotations" $values.annotations) }}
  {{- . | nindent 2 }}
  {{- end }}
spec:
  {{- if not $scaled }}
  replicas: {{ int64 $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: {{ int64 $values.readyTimeoutSeconds }}
  {{- if eq (include "gabarito.strategy" .root) "Recreate" }}
  strategy: {type: Recreate}
  {{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  {{- end }}
  selector:
    matchLabels:
      {{- include "gabarito.selector" . | nindent 6 }}
  template:
    metadata:
      {{- include "gabarito.podMetadata" $pod | nindent 6 }}
    spec:
      serviceAccountName: {{ include "gabarito.stageAccount" $pod | quote }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ int64 $values.terminationGracePeriodSeconds }}
      {{- include "gabarito.podSettings" $pod | nindent 6 }}
      {{- with include "gabarito.initContainers" $pod | trim }}
      initContainers:
        {{- . | nindent 8 }}
      {{- end }}
      containers:
        - name: serve
          args:
            {{- toYaml (concat $args ($values.extraArgs | default list)) | nindent 12 }}
          {{- include "gabarito.containerSettings" $pod | nindent 10 }}
          ports:
            - {name: http, containerPort: 8000}
          {{- include "gabarito.endpointProbes" $values | trim | nindent 10 }}
          {{- with $values.preStopSleepSeconds }}
          lifecycle:
            preStop: {sleep: {seconds: {{ int64 . }}}}
          {{- end }}
          resources:
            {{- include "gabarito.resources" (ternary (dict "values" (omit $values "gpu")) $pod $isRemote) | nindent 12 }}
          {{- include "gabarito.env" $pod | nindent 10 }}
          volumeMounts:
            {{- include "gabarito.volumeMounts" $pod | nindent 12 }}
      volumes:
        {{- include "gabarito.volumes" $pod | trim | nindent 8 }}
        {{- if $isRemote }}
        - {name: model, emptyDir: {}}
        - {name: engine-tmp, emptyDir: {}}
        {{- end }}
{{- end }}
