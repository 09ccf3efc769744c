{{/* Several processes that train together, and several pods. Each takes root, component and values. */}}

{{/* How many processes of the stage's command a pod starts. */}}
{{- define "gabarito.processes" -}}
{{- $gpus := int (.values.gpu | default dict).count }}
{{- $processes := int .values.processes }}
{{- if and $processes $gpus (ne $processes $gpus) }}
{{- fail (printf "stages.%s.processes: must be 0 or gpu.count, %d: a GPU is for one process, got %d" .component $gpus $processes) }}
{{- end }}
{{- if ne .component "train" }}1{{ else }}{{ $processes | default $gpus | default 1 }}{{ end }}
{{- end }}

{{/* In how many pods. */}}
{{- define "gabarito.nodes" -}}
{{- int .values.nodes | default 1 }}
{{- end }}

{{/* How long torch's launcher waits for its processes to save: as long as the pod may. */}}
{{- define "gabarito.launcherEnv" }}
{{- if eq .component "train" }}
{{- if gt (mul (include "gabarito.processes" .) (include "gabarito.nodes" .)) 1 }}
- {name: TORCH_ELASTIC_SHUTDOWN_TIMEOUT, value: {{ int64 .values.terminationGracePeriodSeconds | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* How many processes train together, in all pods. Takes the root. */}}
{{- define "gabarito.allProcesses" -}}
{{- $of := dict "component" "train" "values" (fromJson (include "gabarito.stage" (dict "root" . "component" "train"))) }}
{{- mul (include "gabarito.processes" $of) (include "gabarito.nodes" $of) }}
{{- end }}

{{/* Fails where several GPUs are asked for and one would be used. */}}
{{- define "gabarito.refuseIdleGpus" -}}
{{- $gpus := int (.values.gpu | default dict).count }}
{{- $several := or (eq .component "train") (eq (.values.engine | default "") "container") }}
{{- if and (gt $gpus 1) (not $several) }}
{{- fail (printf "stages.%s.gpu.count: %s uses one GPU, got %d; set it to 1" .component .component $gpus) }}
{{- end }}
{{- end }}

{{/* Fails where JobSets cannot be made. */}}
{{- define "gabarito.refuseJobSets" -}}
{{- if ne (include "gabarito.hasJobSets" .root) "true" }}
{{- fail (printf "stages.%s.nodes: above 1 it needs JobSet (jobset.x-k8s.io/v1alpha2), which is not installed in this cluster; install it or set nodes to 1; for helm template: --api-versions jobset.x-k8s.io/v1alpha2" .component) }}
{{- end }}
{{- if and .root.Values.controller.enabled (not .root.Values.controller.jobSets) }}
{{- fail (printf "stages.%s.nodes: above 1 the controller makes a JobSet; set controller.jobSets to true, or nodes to 1" .component) }}
{{- end }}
{{- end }}

{{/* Whether the cluster knows JobSets. Takes the root. */}}
{{- define "gabarito.hasJobSets" -}}
{{- .Capabilities.APIVersions.Has "jobset.x-k8s.io/v1alpha2" }}
{{- end }}

{{/* Whether the controller knows JobSets: there are any, and it may. Takes the root. */}}
{{- define "gabarito.handlesJobSets" -}}
{{- and (eq (include "gabarito.hasJobSets" .) "true") .Values.controller.jobSets }}
{{- end }}

{{/* A rule for what the pods of a training that is on several nodes say to each other: at ports that
     they choose. Takes side (to or from), root and component. */}}
{{- define "gabarito.peersRule" }}
{{- if eq .component "train" }}
{{- $values := fromJson (include "gabarito.stage" .) }}
{{- if gt (int (include "gabarito.nodes" (dict "values" $values))) 1 }}
- {{ .side }}:
    {{- list (fromYaml (include "gabarito.peer" .)) | toYaml | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
