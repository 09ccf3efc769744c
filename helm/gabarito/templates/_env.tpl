{{/* The environment of a container: the chart's own and what the values add, which counts before it.
     Takes root, component and values. */}}
{{- define "gabarito.env" -}}
{{- $own := fromYamlArray (include "gabarito.ownEnv" .) -}}
env:
  {{- include "gabarito.eachOnce" (concat $own (.values.extraEnv | default list)) | nindent 2 }}
{{- with .values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Variables, each once: of several with one name the last, as a pod would take it. Whoever applies an
     object is refused with both. Takes the list. */}}
{{- define "gabarito.eachOnce" -}}
{{- $last := dict }}
{{- range $place, $each := . }}
{{- $_ := set $last $each.name $place }}
{{- end }}
{{- $once := list }}
{{- range $place, $each := . }}
{{- if eq $place (get $last $each.name) }}
{{- $once = append $once $each }}
{{- end }}
{{- end }}
{{- toYaml $once }}
{{- end }}

{{/* The chart's own variables: the store, and the credentials that the component needs. Takes root,
     component and values. */}}
{{- define "gabarito.ownEnv" -}}
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
{{- end }}
{{- $judge := fromJson (include "gabarito.askedJudge" .) }}
{{- if or (has .component (list "generate" "test")) (and $judge (not $judge.url)) }}
{{- with include "gabarito.teacherUrl" .root }}
- {name: GABARITO_TEACHER_URL, value: {{ . | quote }}}
{{- end }}
{{- end }}
{{- include "gabarito.tracing" . }}
{{- range (fromJson (include "gabarito.secrets" .)).all }}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret | quote }}, key: {{ .key | quote }}}}
- {name: {{ .name }}_FILE, value: {{ printf "/run/secrets/gabarito/%s" .name }}}
{{- end }}
{{- include "gabarito.modelCacheEnv" . }}
{{- include "gabarito.launcherEnv" . }}
{{- end }}

{{/* Where spans are sent, and what of a process they say; of components that make any. Takes root and
     component. */}}
{{- define "gabarito.tracing" }}
{{- if eq (include "gabarito.isTraced" .) "yes" }}
{{- with .root.Values.tracing }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
- {name: OTEL_SERVICE_NAME, value: {{ printf "%s-%s" (include "gabarito.fullname" $.root) $.component | quote }}}
- {name: OTEL_RESOURCE_ATTRIBUTES, value: {{ printf "k8s.namespace.name=%s,gabarito.pipeline=%s" $.root.Release.Namespace (urlquery $.root.Values.pipeline.name | replace "+" "%20") | quote }}}
- {name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ .sampleRatio | quote }}}
{{- if .content }}
- {name: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, value: "true"}
{{- end }}
{{- if .existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .existingSecret | quote }}, key: {{ .secretKey | quote }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether a component makes spans: those that ask a model, and the endpoint. Takes root and component. */}}
{{- define "gabarito.isTraced" -}}
{{- $asks := or (eq .component "generate") (and (eq .component "evaluate") (fromJson (include "gabarito.askedJudge" .))) }}
{{- if and .root.Values.tracing.endpoint (or $asks (eq .component "serve")) }}yes{{ end }}
{{- end }}

{{/* The secrets that a component needs, as JSON `{"all": [{name, secret, key}]}`: name is the variable's
     and the file's. Each is in the environment, so that a pod whose Secret is missing says so, and in a
     file, which the kubelet writes anew when the Secret changes. What extraEnv sets is neither: the file
     would count before it. Takes root, component and values. */}}
{{- define "gabarito.secrets" -}}
{{- $all := list }}
{{- with .root.Values.store }}
{{- if .existingSecret }}
{{- $all = append $all (dict "name" "AWS_ACCESS_KEY_ID" "secret" .existingSecret "key" .secretKeys.accessKeyId) }}
{{- $all = append $all (dict "name" "AWS_SECRET_ACCESS_KEY" "secret" .existingSecret "key" .secretKeys.secretAccessKey) }}
{{- if .secretKeys.sessionToken }}
{{- $all = append $all (dict "name" "AWS_SESSION_TOKEN" "secret" .existingSecret "key" .secretKeys.sessionToken) }}
{{- end }}
{{- end }}
{{- end }}
{{- $asks := has .component (list "generate" "test") }}
{{- $judge := fromJson (include "gabarito.askedJudge" .) }}
{{- with .root.Values.teacher }}
{{- if .existingSecret }}
{{- if or $asks (and $judge (not $judge.url)) }}
{{- $all = append $all (dict "name" "GABARITO_TEACHER_KEY" "secret" .existingSecret "key" .secretKey) }}
{{- end }}
{{- if and .verifySecretKey $asks }}
{{- $all = append $all (dict "name" "GABARITO_VERIFY_KEY" "secret" .existingSecret "key" .verifySecretKey) }}
{{- end }}
{{- if and .judgeSecretKey (or $judge.url $judge.isUnknown) }}
{{- $all = append $all (dict "name" "GABARITO_JUDGE_KEY" "secret" .existingSecret "key" .judgeSecretKey) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .root.Values.stages.serve.token }}
{{- if and .existingSecret (has $.component (list "serve" "controller" "test")) }}
{{- $all = append $all (dict "name" "GABARITO_SERVE_TOKEN" "secret" .existingSecret "key" .secretKey) }}
{{- end }}
{{- end }}
{{- $own := list }}
{{- range .values.extraEnv }}
{{- $own = append $own .name }}
{{- end }}
{{- $needed := list }}
{{- range $all }}
{{- if not (has .name $own) }}
{{- $needed = append $needed . }}
{{- end }}
{{- end }}
{{- dict "all" $needed | toJson }}
{{- end }}

{{/* The judge's settings, as JSON, where the component asks it; else empty. Takes root and component. */}}
{{- define "gabarito.askedJudge" -}}
{{- if has .component (list "evaluate" "test") }}{{ include "gabarito.judgeSettings" .root }}{{ else }}{}{{ end }}
{{- end }}
