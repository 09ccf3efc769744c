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
{{- fail (printf "%s.sidecars, initContainers: %s: the pod has a container of that name; give it another one" (include "gabarito.placeOfPod" $.component) .) }}
{{- end }}
{{- with include "gabarito.givenTwice" (dict "of" $spec.volumes "key" "name") }}
{{- fail (printf "%s.extraVolumes: %s: the pod has a volume of that name; give it another one" (include "gabarito.placeOfPod" $.component) .) }}
{{- end }}
{{- range $container := $containers }}
{{- with include "gabarito.givenTwice" (dict "of" $container.volumeMounts "key" "mountPath") }}
{{- fail (printf "%s.extraVolumeMounts: %s: container %s has a mount there; choose another path, or say in scratch or sharedMemory what the volume at /tmp or /dev/shm is" (include "gabarito.placeOfPod" $.component) . $container.name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The same of a pod that the chart itself makes, with its settings at /etc/gabarito. Takes root,
     component and values. */}}
{{- define "gabarito.refuseBesideConfig" -}}
{{- $pod := dict "volumes" (prepend (fromYamlArray (include "gabarito.volumes" .)) (dict "name" "config")) }}
{{- $mounts := prepend (fromYamlArray (include "gabarito.volumeMounts" .)) (dict "mountPath" "/etc/gabarito") }}
{{- $_ := set $pod "containers" (list (dict "name" .component "volumeMounts" $mounts)) }}
{{- include "gabarito.refuseDuplicates" (dict "component" .component "body" (dict "spec" (dict "template" (dict "spec" $pod)))) }}
{{- end }}

{{/* Fails where the values call a container as the chart calls one of its own, in whatever pod: the
     controller tells by the name whose a container is. Takes component and values. */}}
{{- define "gabarito.refuseOwnNames" -}}
{{- $own := list "stage" "serve" "model" "engine" "teacher-model" "teacher" "teacher-ready" "controller" "gc" "refresh" "test" }}
{{- range concat (.values.sidecars | default list) (.values.initContainers | default list) }}
{{- if has .name $own }}
{{- fail (printf "%s.sidecars, initContainers: %s: the chart calls a container of its own so; give it another name" (include "gabarito.placeOfPod" $.component) .name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the values say what a component's pod has beside its own. */}}
{{- define "gabarito.placeOfPod" -}}
{{- if eq . "controller" }}controller
{{- else }}stages.{{ get (dict "gc" "curate" "refresh" "curate" "test" "generate") . | default . }}
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
