{{/* The environment of a container: the store, and the credentials that its component needs. Takes root,
     component and values. */}}
{{- define "gabarito.env" -}}
- {name: GABARITO_TERMINATION_LOG, value: /dev/termination-log}
{{- with .root.Values.store }}
- {name: GABARITO_STORE, value: {{ .url | quote }}}
{{- with .endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .region }}
- {name: AWS_DEFAULT_REGION, value: {{ . | quote }}}
{{- end }}
{{- if ne .addressing "auto" }}
- {name: AWS_CONFIG_FILE, value: /etc/aws/config}
{{- end }}
{{- if .existingSecret }}
{{- include "gabarito.secretEnv" (list "AWS_ACCESS_KEY_ID" .existingSecret .secretKeys.accessKeyId) }}
{{- include "gabarito.secretEnv" (list "AWS_SECRET_ACCESS_KEY" .existingSecret .secretKeys.secretAccessKey) }}
{{- with .secretKeys.sessionToken }}
{{- include "gabarito.secretEnv" (list "AWS_SESSION_TOKEN" $.root.Values.store.existingSecret .) }}
{{- end }}
{{- end }}
{{- end }}
{{- $asks := has .component (list "generate" "test") }}
{{- $judge := dict }}
{{- if has .component (list "evaluate" "test") }}
{{- $judge = fromJson (include "gabarito.judgeSettings" .root) }}
{{- end }}
{{- with .root.Values.teacher }}
{{- if or $asks (and $judge (not $judge.url)) }}
{{- with .url }}
- {name: GABARITO_TEACHER_URL, value: {{ . | quote }}}
{{- end }}
{{- with .existingSecret }}
{{- include "gabarito.secretEnv" (list "GABARITO_TEACHER_KEY" . $.root.Values.teacher.secretKey) }}
{{- end }}
{{- end }}
{{- if and .existingSecret .verifySecretKey $asks }}
{{- include "gabarito.secretEnv" (list "GABARITO_VERIFY_KEY" .existingSecret .verifySecretKey) }}
{{- end }}
{{- if and .existingSecret .judgeSecretKey $judge.url }}
{{- include "gabarito.secretEnv" (list "GABARITO_JUDGE_KEY" .existingSecret .judgeSecretKey) }}
{{- end }}
{{- end }}
{{- if has .component (list "serve" "controller" "test") }}
{{- with .root.Values.stages.serve.token }}
{{- if .existingSecret }}
{{- include "gabarito.secretEnv" (list "GABARITO_SERVE_TOKEN" .existingSecret .secretKey) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A variable from a Secret. Takes its name, the Secret and the key. */}}
{{- define "gabarito.secretEnv" }}
- name: {{ index . 0 }}
  valueFrom: {secretKeyRef: {name: {{ index . 1 }}, key: {{ index . 2 | quote }}}}
{{- end }}
