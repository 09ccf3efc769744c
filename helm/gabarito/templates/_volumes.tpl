{{/* Volumes and mounts; only /tmp can be written to. Take root, component and values. */}}
{{- define "gabarito.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if ne .root.Values.store.addressing "auto" }}
- {name: aws, mountPath: /etc/aws, readOnly: true}
{{- end }}
{{- if (fromJson (include "gabarito.secrets" .)).all }}
- {name: gabarito-secrets, mountPath: /run/secrets/gabarito, readOnly: true}
{{- end }}
{{- if .values.sharedMemory }}
- {name: shm, mountPath: /dev/shm}
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "gabarito.volumes" -}}
{{- include "gabarito.scratch" (dict "name" "tmp" "scratch" .values.scratch) }}
{{- if ne .root.Values.store.addressing "auto" }}
- name: aws
  configMap: {name: {{ include "gabarito.fullname" .root }}-aws}
{{- end }}
{{- with (fromJson (include "gabarito.secrets" .)).all }}
- name: gabarito-secrets
  projected:
    sources:
      {{- /* A missing one is the container's error, which names it: without it a volume would wait. */}}
      {{- range . }}
      - secret: {name: {{ .secret | quote }}, optional: true, items: [{key: {{ .key | quote }}, path: {{ .name }}}]}
      {{- end }}
{{- end }}
{{- with .values.sharedMemory }}
- name: shm
  emptyDir: {medium: Memory, sizeLimit: {{ . | quote }}}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A volume that lives as long as its pod. Takes name and scratch. */}}
{{- define "gabarito.scratch" -}}
{{- $scratch := .scratch | default dict -}}
- name: {{ .name }}
{{- if $scratch.claim }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        {{- toYaml $scratch.claim | nindent 8 }}
{{- else if $scratch.sizeLimit }}
  emptyDir: {sizeLimit: {{ $scratch.sizeLimit | quote }}}
{{- else }}
  emptyDir: {}
{{- end }}
{{- end }}
