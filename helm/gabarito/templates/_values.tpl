{{/* The image of a stage or of the controller. Takes root, component and the image in its values. */}}
{{- define "gabarito.image" -}}
{{- $names := merge (fromJson (include "gabarito.stageImages" .))
      (dict "controller" "generate" "test" "generate" "gc" "generate" "refresh" "generate" "serve" "serve") }}
{{- if .image }}
{{- .image }}
{{- else }}
{{- with .root.Values.image }}
{{- with ($.root.Values.global | default dict).imageRegistry | default .registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- $name := get $names $.component }}
{{- .repository }}-{{ $name }}:{{ .tag | default $.root.Chart.AppVersion }}
{{- $released := include "gabarito.releasedDigest" (dict "root" $.root "name" $name) }}
{{- with get (.digests | default dict) $name | default $released }}@{{ . }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The digest that a published chart names for an image of its own version; empty in a checkout, and
     with another tag. Takes root and the image's name. */}}
{{- define "gabarito.releasedDigest" -}}
{{- if not .root.Values.image.tag }}
{{- range index .root.Chart.Annotations "artifacthub.io/images" | default "[]" | fromYamlArray }}
{{- if eq .name (printf "gabarito-%s" $.name) }}{{ regexFind "sha256:[0-9a-f]{64}$" .image }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Merge the map `over` into the map `onto`, which is changed: maps are merged, all else is replaced.
     Sprig's merge would take false and empty values for values that are not set. */}}
{{- define "gabarito.overlay" -}}
{{- range $key, $value := .over }}
{{- $below := get $.onto $key }}
{{- if and (kindIs "map" $value) (kindIs "map" $below) }}
{{- include "gabarito.overlay" (dict "onto" $below "over" $value) }}
{{- else }}
{{- $_ := set $.onto $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* A stage's values over those of all stages, as JSON. Takes root and component. */}}
{{- define "gabarito.stage" -}}
{{- $values := deepCopy .root.Values.stageDefaults }}
{{- include "gabarito.overlay" (dict "onto" $values "over" (get .root.Values.stages .component)) }}
{{- toJson $values }}
{{- end }}

{{/* The port of a URL. */}}
{{- define "gabarito.port" -}}
{{- $url := urlParse . }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" }}
{{- $port | default (ternary "80" "443" (eq $url.scheme "http")) }}
{{- end }}

{{/* The channel that the release promotes to and serves. */}}
{{- define "gabarito.channel" -}}
{{ .Values.pipeline.channel | default .Values.pipeline.name }}
{{- end }}

{{/* Where the pipeline file is, as the controller and `gabarito check` take it. */}}
{{- define "gabarito.pipelineFile" -}}
{{- $url := .Values.pipelineFrom.url }}
{{- if not $url -}}
/etc/gabarito/pipeline.yaml
{{- else if hasPrefix "s3://" $url -}}
{{ $url }}
{{- else -}}
{{ trimSuffix "/" .Values.store.url | trimPrefix "file://" }}/{{ $url }}
{{- end }}
{{- end }}

{{/* The pipeline in the values; what a release cannot bear is refused. A ConfigMap holds 1 MiB, and so
     does Helm's record of the release, which has the pipeline twice, compressed. */}}
{{- define "gabarito.pipeline" -}}
{{- $text := toYaml .Values.pipeline }}
{{- if gt (len $text) 524288 }}
{{- fail (printf "pipeline: %d bytes, more than the 524288 that a release can hold; put the pipeline file into the bucket and set pipelineFrom.url to s3://bucket/key, or to its key in the store, and leave pipeline.name" (len $text)) }}
{{- end }}
{{- $text }}
{{- end }}

{{/* Whether a teacher is needed: people's own pairs are trained as they stand. What a file in a bucket
     needs is not known. */}}
{{- define "gabarito.needsTeacher" -}}
{{- range dig "ingest" "sources" list .Values.pipeline }}
{{- if ne (get . "type") "pairs" }}yes{{ end }}
{{- end }}
{{- end }}

{{/* The teacher's address, if the values have one. */}}
{{- define "gabarito.teacher" -}}
{{- $teacher := (.Values.pipeline.generate | default dict).teacher | default dict }}
{{- include "gabarito.teacherUrl" . | default $teacher.url | default "" }}
{{- end }}

{{/* The address of who has the second opinion, if that is another. */}}
{{- define "gabarito.secondTeacher" -}}
{{- $verify := (.Values.pipeline.generate | default dict).verify | default dict }}
{{- ($verify.teacher | default dict).url | default "" }}
{{- end }}

{{/* The settings of the judge, as JSON; empty if there is none. A file in a bucket may name one. */}}
{{- define "gabarito.judgeSettings" -}}
{{- if .Values.pipelineFrom.url }}{"isUnknown": true}
{{- else }}
{{- toJson ((.Values.pipeline.evaluate | default dict).judge | default dict) }}
{{- end }}
{{- end }}

{{/* The address of the judge, if there is one. */}}
{{- define "gabarito.judge" -}}
{{- with fromJson (include "gabarito.judgeSettings" .) }}
{{- .url | default (include "gabarito.teacherUrl" $) }}
{{- end }}
{{- end }}

{{/* Whether the cluster has Kueue, in any version of its API. */}}
{{- define "gabarito.hasKueue" -}}
{{- range .Capabilities.APIVersions }}{{ if hasPrefix "kueue.x-k8s.io/" . }}yes{{ break }}{{ end }}{{ end }}
{{- end }}
