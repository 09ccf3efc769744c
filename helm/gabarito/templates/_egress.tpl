{{/* Egress rules of the pods of a component. Takes root and component. */}}
{{- define "gabarito.egress" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $serve := fromYaml (include "gabarito.peer" (dict "root" .root "component" "serve")) }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $policy.dns.to "ports" $policy.dns.ports "protocols" (list "UDP" "TCP")) }}
{{- with .root.Values.store }}
{{- if hasPrefix "s3:" .url }}
{{- $port := include "gabarito.port" (.endpoint | default "https://") }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $policy.store.to "ports" ($policy.store.ports | default (list $port))) }}
{{- end }}
{{- end }}
{{- if eq (include "gabarito.needsNode" .) "yes" }}
{{- $node := list }}
{{- range $cidr := list "169.254.169.254/32" "169.254.170.23/32" "fd00:ec2::254/128" "fd00:ec2::23/128" }}
{{- $node = append $node (dict "ipBlock" (dict "cidr" $cidr)) }}
{{- end }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $node "ports" (list 80)) }}
{{- end }}
{{- $asked := list }}
{{- if has .component (list "generate" "test") }}
{{- $asked = list (include "gabarito.teacher" .root) (include "gabarito.secondTeacher" .root) }}
{{- end }}
{{- if has .component (list "evaluate" "test") }}
{{- $asked = append $asked (include "gabarito.judge" .root) }}
{{- end }}
{{- range $asked | compact | uniq }}
{{- include "gabarito.teacherRule" (dict "policy" $policy.teacher "url" .) }}
{{- end }}
{{- include "gabarito.peersRule" (dict "side" "to" "root" .root "component" .component) }}
{{- if eq (include "gabarito.isTraced" .) "yes" }}
{{- $ports := $policy.tracing.ports | default (list (include "gabarito.port" .root.Values.tracing.endpoint)) }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $policy.tracing.to "ports" $ports) }}
{{- end }}
{{- if has .component (list "controller" "test") }}
{{- include "gabarito.rule" (dict "side" "to" "peers" (list $serve) "ports" (list 8000)) }}
{{- end }}
{{- if eq .component "controller" }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $policy.apiServer.to "ports" $policy.apiServer.ports) }}
{{- end }}
{{- if include "gabarito.needsWeb" . }}
{{- $web := list (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" (list "169.254.0.0/16"))) (dict "ipBlock" (dict "cidr" "::/0" "except" (list "fd00:ec2::/32" "fe80::/10"))) }}
{{- include "gabarito.rule" (dict "side" "to" "peers" $web "ports" (list 80 443)) }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A teacher that runs in the same pod needs no rule. Takes policy and url. */}}
{{- define "gabarito.teacherRule" }}
{{- if not (has (get (urlParse .url) "hostname") (list "127.0.0.1" "::1" "localhost")) }}
{{- $ports := .policy.ports | default (list (include "gabarito.port" .url)) }}
{{- include "gabarito.rule" (dict "side" "to" "peers" .policy.to "ports" $ports) }}
{{- end }}
{{- end }}

{{/* Sources other than files and pairs are on the web; a base that is not a path is on the model hub,
     and so may be the teacher's model. A pipeline file in a bucket may name both. */}}
{{- define "gabarito.needsWeb" -}}
{{- if .root.Values.pipelineFrom.url }}
{{- if has .component (list "ingest" "train" "merge" "evaluate") }}yes{{ end }}
{{- else if eq .component "ingest" }}
{{- range .root.Values.pipeline.ingest.sources }}
{{- if not (has .type (list "files" "pairs")) }}yes{{ break }}{{ end }}
{{- end }}
{{- else if has .component (list "train" "merge" "evaluate") }}
{{- if not (regexMatch "^([./~]|gabarito:|s3://)" .root.Values.pipeline.train.base) }}yes{{ end }}
{{- end }}
{{- if and (eq (include "gabarito.hasTeacher" .) "yes") (include "gabarito.teacherFromHub" .root) }}yes{{ end }}
{{- end }}

{{/* Without a Secret and without a role in the account's annotations, the keys come from the node on
     AWS: from its metadata service, or from the agent of EKS Pod Identity. */}}
{{- define "gabarito.needsNode" -}}
{{- $account := get .root.Values.serviceAccount (ternary "controller" "stage" (eq .component "controller")) }}
{{- with .root.Values.store }}
{{- $role := get ($account.annotations | default dict) "eks.amazonaws.com/role-arn" }}
{{- if and (hasPrefix "s3:" .url) (not (or .endpoint .existingSecret $role)) }}yes{{ end }}
{{- end }}
{{- end }}
