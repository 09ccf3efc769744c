{{/* Weights near the pod. Take root, component and values. */}}
{{- define "gabarito.usesModelCache" -}}
{{- $cache := .root.Values.modelCache }}
{{- if and $cache.existingClaim $cache.hostPath }}
{{- fail "modelCache: existingClaim and hostPath: weights are kept in one volume; give one of them" }}
{{- end }}
{{- if and (has .component (list "train" "merge" "evaluate" "serve")) (or $cache.existingClaim $cache.hostPath $cache.images) }}yes{{ end }}
{{- end }}

{{- define "gabarito.modelCacheEnv" -}}
{{- if include "gabarito.usesModelCache" . }}
{{- $folders := list }}
{{- range $number, $image := .root.Values.modelCache.images }}
{{- $folders = append $folders (printf "/var/cache/gabarito/image-%d" $number) }}
{{- end }}
{{- if include "gabarito.hasModelVolume" . }}
{{- $folders = append $folders "/var/cache/gabarito/volume" }}
{{- end }}
- {name: GABARITO_MODEL_CACHE, value: {{ join ":" $folders | quote }}}
- {name: GABARITO_MODEL_CACHE_KEEP, value: {{ int64 .root.Values.modelCache.keep | quote }}}
{{- end }}
{{- end }}

{{- define "gabarito.hasModelVolume" -}}
{{- with .root.Values.modelCache }}{{ if or .existingClaim .hostPath }}yes{{ end }}{{ end }}
{{- end }}

{{- define "gabarito.modelCacheMounts" -}}
{{- if include "gabarito.usesModelCache" . }}
{{- range $number, $image := .root.Values.modelCache.images }}
- {name: model-image-{{ $number }}, mountPath: /var/cache/gabarito/image-{{ $number }}, readOnly: true}
{{- end }}
{{- if include "gabarito.hasModelVolume" . }}
- {name: model-cache, mountPath: /var/cache/gabarito/volume}
{{- end }}
{{- end }}
{{- end }}

{{- define "gabarito.modelCacheVolumes" -}}
{{- if include "gabarito.usesModelCache" . }}
{{- range $number, $image := .root.Values.modelCache.images }}
- name: model-image-{{ $number }}
  image:
    {{- toYaml $image | nindent 4 }}
{{- end }}
{{- with .root.Values.modelCache }}
{{- if .existingClaim }}
- name: model-cache
  persistentVolumeClaim: {claimName: {{ .existingClaim | quote }}}
{{- else if .hostPath }}
- name: model-cache
  hostPath: {path: {{ .hostPath | quote }}, type: DirectoryOrCreate}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a stage writes to /tmp, in MB: bases and models that it fetches unless a volume has them, and
     what it makes. Each process of train fetches its own. Trained whole, weights are in float32, and a checkpoint holds them four times.
     Takes root, component and values, and method, if the pipeline is not in the values. */}}
{{- define "gabarito.ephemeralStorage" -}}
{{- $base := float64 .root.Values.modelCache.baseSizeGB }}
{{- $processes := 1 }}
{{- if eq .component "train" }}
{{- $processes = int (include "gabarito.processes" .) }}
{{- end }}
{{- $fetched := dict "train" $processes "merge" 1 "evaluate" 2 "serve" 1 }}
{{- $made := dict "train" (ternary 8 0 (eq (.method | default (dig "train" "method" "lora" .root.Values.pipeline)) "full")) "merge" 1 }}
{{- if and $base (hasKey $fetched .component) (not (dig "scratch" "claim" dict .values)) }}
{{- $times := get $made .component | default 0 }}
{{- if not (include "gabarito.hasModelVolume" .) }}
{{- $times = add $times (get $fetched .component) }}
{{- end }}
{{- if $times }}{{ mulf $base 1000 $times | ceil | int64 | add 1000 }}M{{ end }}
{{- end }}
{{- end }}

{{/* What train asks of that if the pipeline file in a bucket says that it trains whole weights; empty
     where the values say what it asks. */}}
{{- define "gabarito.fullTrainingDisk" -}}
{{- $values := fromJson (include "gabarito.stage" (dict "root" . "component" "train")) }}
{{- if not (dig "resources" "requests" "ephemeral-storage" "" $values) }}
{{- include "gabarito.ephemeralStorage" (dict "root" . "component" "train" "values" $values "method" "full") }}
{{- end }}
{{- end }}
