"""Everything of the chart that is generated: its schema, its README's table, its lists of stages,
the rules for exit codes, and k8s/rendered.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gabarito.core.errors import NEVER_COUNTED, NEVER_RETRIED, DataError
from gabarito.pipeline.stages import STAGES

from .helm import CHART, ROOT, template
from .schema import schema_text
from .values import Value, read_values

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
RENDERED = ("defaults", "demo")
SHOWN = 60
POLICY = """{{{{/* Generated from gabarito.core.errors. The first rule that fits decides; what none
     names counts against backoffLimit, what is ignored against activeDeadlineSeconds alone. A bad
     input fails one shard, or the stage. Takes isIndexed and containers, all ours. */}}}}
{{{{- define "gabarito.podFailurePolicy" -}}}}
rules:
  {{{{- range .containers }}}}
  - action: FailJob
    onExitCodes: {{containerName: {{{{ . }}}}, operator: In, values: {failing}}}
  - action: {{{{ ternary "FailIndex" "FailJob" $.isIndexed }}}}
    onExitCodes: {{containerName: {{{{ . }}}}, operator: In, values: [{bad}]}}
  {{{{- end }}}}
  - action: Ignore
    onPodConditions: [{{type: DisruptionTarget, status: "True"}}]
  {{{{- range .containers }}}}
  - action: Ignore
    onExitCodes: {{containerName: {{{{ . }}}}, operator: In, values: {uncounted}}}
  {{{{- end }}}}
{{{{- end }}}}
"""

LISTS = """{{{{/* From gabarito.pipeline.stages: those that are Jobs, in their order. */}}}}
{{{{- define "gabarito.stages" -}}}}
{stages}
{{{{- end }}}}

{{{{/* The image that holds each stage's command, as JSON. */}}}}
{{{{- define "gabarito.stageImages" -}}}}
{images}
{{{{- end }}}}
"""


def before_helm() -> Iterator[tuple[Path, str]]:
    """Yield each file that the chart itself needs, and its text."""
    values = read_values(CHART / "values.yaml")
    bad = DataError.exit_code
    failing = sorted(NEVER_RETRIED - {bad})
    policy = POLICY.format(failing=failing, bad=bad, uncounted=sorted(NEVER_COUNTED))
    yield CHART / "values.schema.json", schema_text(values)
    images = json.dumps({name: stage.image for name, stage in STAGES.items()})
    yield CHART / "templates/_podfailurepolicy.tpl", policy
    lists = LISTS.format(stages=" ".join(STAGES), images=images)
    yield CHART / "templates/_stages.tpl", lists
    text = (CHART / "README.md").read_text(encoding="utf-8")
    block = f"{BEGIN}\n{values_table(values)}\n{END}"
    yield CHART / "README.md", re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL)


def of_helm() -> Iterator[tuple[Path, str]]:
    """Yield each file that helm makes of the chart, and its text."""
    for name in RENDERED:
        text = template(CHART / f"ci/{name}-values.yaml", "--skip-tests")
        yield ROOT / f"k8s/rendered/{name}.yaml", text.lstrip("\n")


def values_table(values: Sequence[Value]) -> str:
    """Return a table with a row for each value."""
    rows = ["| value | default | meaning |", "|---|---|---|"]
    rows += [_row(value) for value in values if value.is_leaf and (value.sentence or value.default)]
    return "\n".join(rows)


def _row(value: Value) -> str:
    default = json.dumps(value.default, ensure_ascii=False)
    shown = "" if value.default in ("", None) else f"`{_shortened(default)}`"
    sentence = value.sentence.replace("|", "\\|") or f"as `stageDefaults.{value.path[2]}`"
    return f"| `{'.'.join(value.path)}` | {shown} | {sentence} |"


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
