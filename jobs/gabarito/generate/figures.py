"""The figures of generate's manifest, which people read in a line."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gabarito.core.coverage import Coverage
from gabarito.core.records import QuestionKind
from gabarito.generate.config import GenerateConfig
from gabarito.generate.results import Whole
from gabarito.generate.yields import Share, share_of_open, share_of_rewrites, shares


def figures_of(
    whole: Whole, config: GenerateConfig, coverage: Coverage, yields: Mapping[str, Any]
) -> dict[str, float]:
    """Return what is counted; of what nobody asked for there is no figure."""
    figures: dict[str, float] = {"facts": len(whole.facts)}
    if given := len(whole.facts) - len(whole.of_documents):
        figures["facts_given_by_people"] = given
    if config.verify.on_doubt:
        figures["doubted"] = len({doubt.item for doubt in whole.doubts})
    if coverage.documents.total:
        figures |= _figures_of_coverage(coverage)
    if empty := len(yields["passages_without_facts"]):
        figures["passages_without_facts"] = empty
    kinds = Counter(question.kind for question in whole.questions)
    figures["questions"] = kinds["question"]
    if config.teacher is not None:
        figures |= _figures_of_teacher(whole, config, kinds)
    return figures


def _figures_of_coverage(coverage: Coverage) -> dict[str, float]:
    """Return the share of the sentences that support a fact, and how much is in none, if any."""
    lacking = {
        "documents_without_facts": coverage.documents,
        "figures_in_no_fact": coverage.figures,
        "names_in_no_fact": coverage.names,
    }
    return {"percent_of_sentences": round(100 * coverage.sentences.share, 1)} | {
        name: part.total - part.count for name, part in lacking.items() if part.count < part.total
    }


def _figures_of_teacher(
    whole: Whole, config: GenerateConfig, kinds: Counter[QuestionKind]
) -> dict[str, float]:
    passages, facts, wordings = shares(whole, config)
    return {
        **({"cost": round(whole.spent, 6)} if whole.spent else {}),
        "statements": kinds["statement"],
        "reverse": kinds["reverse"],
        "passages": len(whole.passages),
        "names": len(whole.names),
        "requests": len(whole.calls),
        "from_cache": sum(call.source == "cache" for call in whole.calls),
        "prompt_tokens": sum(call.prompt_tokens for call in whole.calls),
        "completion_tokens": sum(call.completion_tokens for call in whole.calls),
        "yield_passages": round(passages.value, 4),
        "yield_facts": round(facts.value, 4),
        "yield_wordings": round(wordings.value, 4),
        **_figures_of("rewrites", share_of_rewrites(whole)),
        **_figures_of("open_questions", share_of_open(whole)),
    }


def _figures_of(name: str, found: tuple[Share, ...]) -> dict[str, float]:
    """Return how many there are and how much of what was asked for that is, if any was."""
    return {
        key: value
        for share in found
        for key, value in ((name, share.kept), (f"yield_{name}", round(share.value, 4)))
    }
