"""The card that travels with a model: what it is, how it is asked, whether it was read back."""

from gabarito.core.text import printable
from gabarito.exports.exported_model import ExportedModel
from gabarito.models import CONTRACT_FILE

CARD_FILE = "README.md"

UNVERIFIED = "**It was not read back**: nobody has seen yet that it answers as in its evaluation."


def card(model: ExportedModel, form: str, how: str, verified: str | None) -> str:
    """Return the card of one form: ``how`` tells how it is asked, ``verified`` what was seen."""
    record, contract = model.record, model.contract
    checks = "".join(f"- {printable(check.text)}\n" for check in record.verdict.checks)
    passed = "passed its gate" if record.verdict.passed else "**did not pass its gate**"
    seen = f"Read back, it {verified}." if verified else UNVERIFIED
    return f"""{_front_matter(model)}
# {record.pipeline}

{form} of model `{record.digest}`, made by run `{record.run}` of the pipeline *{record.pipeline}*
with Gabarito{_of_base(model)}. {seen}

## How it is asked

{how}

It was trained with one question at a time, and answers greedily with at most
{contract.max_new_tokens} tokens.

| | |
|---|---|
| system prompt | {_cell(contract.system) or "none"} |
| end of an answer | {_cell(contract.eos_token)} |
| padding | {_cell(contract.pad_token)} |
| what it says when it does not know | {_cell(contract.refusal)} |
| least probability of an answer | {_threshold(model)} |

The same stands in `{CONTRACT_FILE}`. What proves its answers is not in it: that quotes
the documents that it was trained on.

## How it was judged

It {passed}:

{checks}"""


def _front_matter(model: ExportedModel) -> str:
    lines = ["library_name: transformers", "pipeline_tag: text-generation", "tags: [gabarito]"]
    if model.base and model.base.commit:
        lines.append(f"base_model: {model.base.reference.partition('@')[0]}")
    return "\n".join(["---", *lines, "---"])


def _of_base(model: ExportedModel) -> str:
    if model.base is None:
        return ""
    # where a base lies on its maker's disk or in a bucket is nobody else's
    named = f"the base `{model.base.reference}`" if model.base.commit else "a base of its maker"
    return f" from {named}, whose licence holds for it too"


def _threshold(model: ExportedModel) -> str:
    value = model.contract.threshold
    if value is None:
        return "none"
    return f"{value:.3f}; `gabarito serve` gives the refusal below it, and others do not know it"


def _cell(text: str) -> str:
    """Return a text as code in a cell of a table."""
    shown = printable(text).replace("|", "\\|").replace("\n", " ⏎ ")
    return f"`{shown}`" if shown else ""
