{{/* Generated from gabarito.core.errors. The first rule that fits decides; what none
     names counts against backoffLimit, what is ignored against activeDeadlineSeconds alone. A bad
     input fails one shard, or the stage. Takes isIndexed and containers, all ours. */}}
{{- define "gabarito.podFailurePolicy" -}}
rules:
  {{- range .containers }}
  - action: FailJob
    onExitCodes: {containerName: {{ . }}, operator: In, values: [64, 77, 78]}
  - action: {{ ternary "FailIndex" "FailJob" $.isIndexed }}
    onExitCodes: {containerName: {{ . }}, operator: In, values: [65]}
  {{- end }}
  - action: Ignore
    onPodConditions: [{type: DisruptionTarget, status: "True"}]
  {{- range .containers }}
  - action: Ignore
    onExitCodes: {containerName: {{ . }}, operator: In, values: [69, 75]}
  {{- end }}
{{- end }}
