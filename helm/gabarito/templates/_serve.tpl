{{/* The Deployment of the endpoint, as the conductor applies it with a model's digest. Takes root
     and component. */}}
{{- define "gabarito.serve" -}}
{{- $values := fromJson (include "gabarito.stage" .) }}
{{- $pod := merge (dict "values" $values "labels" (dict "gabarito.dev/stage" "serve")) . }}
{{- $scaled := or $values.autoscaling.enabled $values.autoscaling.external -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "gabarito.fullname" .root }}-serve
  labels:
    {{- include "gabarito.madeLabels" . | nindent 4 }}
spec:
  {{- if not $scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: {{ $values.readyTimeoutSeconds }}
  {{- if eq (include "gabarito.rollout" .root) "recreate" }}
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
      serviceAccountName: {{ $values.serviceAccountName | default (include "gabarito.account" (dict "root" .root "of" "stage")) }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- include "gabarito.podSettings" $pod | nindent 6 }}
      {{- with $values.sidecars }}
      initContainers:
        {{- include "gabarito.sidecars" $pod | trim | nindent 8 }}
      {{- end }}
      containers:
        - name: serve
          args:
            {{- toYaml (concat (list "serve" "--host" "0.0.0.0") $values.extraArgs) | nindent 12 }}
          {{- include "gabarito.containerSettings" $pod | nindent 10 }}
          ports:
            - {name: http, containerPort: 8000}
          {{- include "gabarito.probes" $values | trim | nindent 10 }}
          {{- with $values.preStopSleepSeconds }}
          lifecycle:
            preStop: {sleep: {seconds: {{ . }}}}
          {{- end }}
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
{{- end }}

{{/* One pod with a GPU leaves none for its successor: it goes first. */}}
{{- define "gabarito.rollout" -}}
{{- $values := fromJson (include "gabarito.stage" (dict "root" . "component" "serve")) }}
{{- $alone := and $values.gpu.count (eq (include "gabarito.fewest" .) "1") }}
{{- if eq $values.rollout "auto" }}{{ ternary "recreate" "surge" (not (not $alone)) }}{{ else }}{{ $values.rollout }}{{ end }}
{{- end }}

{{/* The fewest pods of the endpoint. */}}
{{- define "gabarito.fewest" -}}
{{- with .Values.stages.serve }}
{{- ternary .autoscaling.minReplicas .replicas .autoscaling.enabled }}
{{- end }}
{{- end }}

{{- define "gabarito.probes" -}}
{{- $ready := dict "httpGet" (dict "path" "/ready" "port" "http") }}
{{- $tries := div (add .readyTimeoutSeconds 4) 5 }}
{{- $startup := merge (dict "periodSeconds" 5 "failureThreshold" $tries) $ready }}
{{- $readiness := merge (dict "periodSeconds" 5 "failureThreshold" 2) $ready }}
{{- $liveness := dict "httpGet" (dict "path" "/health" "port" "http") "periodSeconds" 10 "failureThreshold" 6 }}
startupProbe:
  {{- toYaml (merge (deepCopy .probes.startup) $startup) | nindent 2 }}
readinessProbe:
  {{- toYaml (merge (deepCopy .probes.readiness) $readiness) | nindent 2 }}
livenessProbe:
  {{- toYaml (merge (deepCopy .probes.liveness) $liveness) | nindent 2 }}
{{- end }}
