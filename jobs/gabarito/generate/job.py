"""Let a teacher write facts with their quotes, and questions about them in many wordings.

documents.jsonl  ->  passages.jsonl, one for each shard
passages.jsonl of all shards  ->  facts.jsonl, questions.jsonl, names.jsonl, calls.jsonl,
                                  coverage.json, ledger.jsonl
"""

import json
from collections import Counter

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.errors import DataError
from gabarito.core.records import Document, to_jsonl
from gabarito.generate.config import GenerateConfig
from gabarito.generate.coverage import coverage_of, refuse_low_yield, shares
from gabarito.generate.names import Mentions, NameFilter, names_by_kind
from gabarito.generate.passages import cut_all
from gabarito.generate.results import Whole, merge_shards, once, read_parts
from gabarito.generate.scheduler import Scheduler
from gabarito.generate.tasks import Tasks
from gabarito.generate.teacher import open_teacher


def run(config: GenerateConfig, work: Attempt, index: int = 0, count: int = 1) -> None:
    """Do the part of the passages that belongs to shard ``index`` of ``count``."""
    passages, _ = once(cut_all(_documents(work), config.max_chars))
    ours = [passage for passage in passages if passage.belongs_to(index, count)]
    with open_teacher(config.teacher, work.cache, shards=count) as teacher:
        yields = Scheduler(ours, teacher, Tasks(teacher, config)).run(work.progress.report)
    work.write("passages.jsonl", to_jsonl(yields))
    work.counts |= {"passages": len(ours), "facts": sum(len(item.facts) for item in yields)}


def join(config: GenerateConfig, parts: list[Artifact], work: Attempt) -> None:
    """Make the whole from the shards: duplicates, yield, names and coverage are judged here."""
    documents = _documents(work)
    passages, repeated = once(cut_all(documents, config.max_chars))
    whole = merge_shards(passages, read_parts(parts, work.inputs["ingest"]))
    refuse_low_yield(whole, config)
    whole.rejections += repeated
    _add_names(config, work, whole, documents)
    work.write("facts.jsonl", to_jsonl(item.fact for item in whole.facts))
    work.write("questions.jsonl", to_jsonl(whole.questions))
    work.write("names.jsonl", to_jsonl(whole.names))
    work.write("calls.jsonl", to_jsonl(whole.calls))
    coverage = coverage_of(whole, config)
    work.write_text("coverage.json", json.dumps(coverage, ensure_ascii=False, indent=1))
    for rejection in whole.rejections:
        work.ledger.add(rejection)
    work.counts |= _figures(whole, config)


def _documents(work: Attempt) -> list[Document]:
    """Return the documents.

    Raises:
        DataError: if there are none.
    """
    source = work.inputs["ingest"]
    documents = list(source.records("documents.jsonl", Document))
    if not documents:
        raise DataError(
            f"{source.address.prefix}/documents.jsonl: no documents; check ingest.sources"
        )
    return documents


def _add_names(
    config: GenerateConfig, work: Attempt, whole: Whole, documents: list[Document]
) -> None:
    mentions = Mentions(documents)
    spoken = Counter(document.language for document in documents).most_common(1)[0][0]
    groups = names_by_kind(item.fact for item in whole.facts)
    with open_teacher(config.teacher, work.cache, spent=whole.spent) as teacher:
        tasks = Tasks(teacher, config)
        name_filters = [NameFilter(kind, names, mentions) for kind, names in groups.items()]
        language = config.language or spoken
        asked = [
            teacher.pool.submit(tasks.expand_names, name_filter, language)
            for name_filter in name_filters
        ]
        for name_filter, future in zip(name_filters, asked, strict=True):
            calls, dropped = future.result()
            whole.calls += calls
            whole.rejections += dropped
            whole.names += name_filter.records()


def _figures(whole: Whole, config: GenerateConfig) -> dict[str, float]:
    kinds = Counter(question.kind for question in whole.questions)
    passages, facts, wordings = shares(whole, config)
    return {
        "facts": len(whole.facts),
        "questions": kinds["question"],
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
    }
