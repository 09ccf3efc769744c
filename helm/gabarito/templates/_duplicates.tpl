{{/* What Kubernetes refuses only when the controller makes the object: names that the chart and the
     values give twice. */}}

{{/* Fails where a pod has two containers or volumes of one name, or a container two mounts at one path.
     Takes component and body, an object that makes such pods. */}}
{{- define "gabarito.refuseDuplicates" -}}
{{- $spec := .body.spec }}
{{- with $spec.replicatedJobs }}
{{- $spec = (first .).template.spec }}
{{- end }}
{{- $spec = $spec.template.spec }}
{{- $containers := concat ($spec.initContainers | default list) $spec.containers }}
{{- with include "gabarito.givenTwice" (dict "of" $containers "key" "name") }}
{{- fail (printf "stages.%s.sidecars, initContainers: %s: the pod has a container of that name; give it another one" $.component .) }}
{{- end }}
{{- with include "gabarito.givenTwice" (dict "of" $spec.volumes "key" "name") }}
{{- fail (printf "stages.%s.extraVolumes: %s: the pod has a volume of that name; give it another one" $.component .) }}
{{- end }}
{{- range $container := $containers }}
{{- with include "gabarito.givenTwice" (dict "of" $container.volumeMounts "key" "mountPath") }}
{{- fail (printf "stages.%s.extraVolumeMounts: %s: container %s has a mount there; choose another path, or say in scratch or sharedMemory what the volume at /tmp or /dev/shm is" $.component . $container.name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The first value of a key that two maps of a list have; empty if none is. Takes of and key. */}}
{{- define "gabarito.givenTwice" -}}
{{- $seen := list }}
{{- range .of }}
{{- $value := get . $.key }}
{{- if has $value $seen }}{{ $value }}{{ break }}{{ end }}
{{- $seen = append $seen $value }}
{{- end }}
{{- end }}
