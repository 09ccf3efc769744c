{{/* Generated from gabarito.core.errors. The first rule that fits decides; what none
     names counts against backoffLimit, what is ignored against activeDeadlineSeconds alone. A bad
     input fails one shard, or the stage. */}}
{{- define "gabarito.podFailurePolicy" -}}
rules:
  - action: FailJob
    onExitCodes: {containerName: stage, operator: In, values: [64, 77, 78]}
  - action: {{ ternary "FailIndex" "FailJob" .isIndexed }}
    onExitCodes: {containerName: stage, operator: In, values: [65]}
  - action: Ignore
    onPodConditions: [{type: DisruptionTarget, status: "True"}]
  - action: Ignore
    onExitCodes: {containerName: stage, operator: In, values: [69, 75]}
{{- end }}
