{{/* From gabarito.pipeline.stages: those that are Jobs, in their order. */}}
{{- define "gabarito.stages" -}}
ingest generate curate train merge evaluate
{{- end }}

{{/* The image that holds each stage's command, as JSON. */}}
{{- define "gabarito.stageImages" -}}
{"ingest": "ingest", "generate": "generate", "curate": "generate", "train": "train", "merge": "train", "evaluate": "train"}
{{- end }}
