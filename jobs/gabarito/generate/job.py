"""Let a teacher write facts with their quotes, and questions about them in many wordings.

documents.jsonl, pairs.jsonl  ->  passages.jsonl, worded_pairs.jsonl, for each shard
those of all shards           ->  facts.jsonl, questions.jsonl, passage_texts.jsonl,
                                  rewrites.jsonl, open_questions.jsonl, names.jsonl, pairs.json,
                                  coverage.json, yields.json, calls.jsonl, ledger.jsonl, and with
                                  a second opinion doubts.jsonl
"""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import as_completed
from typing import Any

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.coverage import Coverage, coverage_of
from gabarito.core.errors import DataError
from gabarito.core.language_names import UNDETERMINED, is_same_language
from gabarito.core.pair_records import GIVEN, Pair
from gabarito.core.records import Document, FamilySplits, MissedFact, PairsInfo, to_jsonl
from gabarito.core.shard import Shard
from gabarito.generate.config import GenerateConfig
from gabarito.generate.figures import figures_of
from gabarito.generate.names import Mentions, NameFilter, names_by_kind
from gabarito.generate.passages import Passage, cut_all
from gabarito.generate.results import (
    PAIRS_FILE,
    FactResult,
    PassageResult,
    Whole,
    add_pairs,
    merge_shards,
    once,
    read_parts,
)
from gabarito.generate.scheduler import Scheduler
from gabarito.generate.tasks import Tasks
from gabarito.generate.teachers.open_teacher import open_second, open_teacher
from gabarito.generate.teachers.teacher import Teacher
from gabarito.generate.yields import refuse_low_yield, yields_of


def run_shard(config: GenerateConfig, work: Attempt, shard: Shard) -> None:
    """Do the part of the passages and pairs that is a shard's."""
    documents, pairs = _documents(work), _pairs(work)
    _refuse_nothing(documents, pairs, work)
    passages, _ = once(cut_all(documents, config.max_chars))
    ours = [passage for passage in passages if shard.has(passage.id)]
    given = [pair for pair in pairs if shard.has(pair.fact.id)]
    yields: list[PassageResult] = []
    if config.teacher is None:
        worded = [FactResult(fact=one.fact, questions=one.wordings) for one in given]
    else:
        yields, worded = _asked(config, work, ours, given, shard.count)
    work.write("passages.jsonl", to_jsonl(yields))
    work.write(PAIRS_FILE, to_jsonl(worded))
    facts = sum(len(item.facts) for item in yields) + len(worded)
    work.counts |= {"passages": len(ours), "facts": facts}


def _asked(
    config: GenerateConfig,
    work: Attempt,
    passages: Sequence[Passage],
    pairs: Sequence[Pair],
    shards: int,
) -> tuple[list[PassageResult], list[FactResult]]:
    """Ask about passages and pairs, batch by batch where batches are asked for."""
    assert config.teacher is not None
    with (
        open_teacher(config.teacher, work.cache, shards=shards) as teacher,
        open_second(config, teacher, work.cache, shards=shards) as second,
    ):
        tasks = Tasks(teacher, config, second, _missed(config))
        asked = [one for one in dict.fromkeys((teacher, second)) if one]
        while True:
            scheduler = Scheduler(passages, teacher, tasks, pairs)
            yields = scheduler.run(work.progress.report)
            if not _send_batches(asked):
                break
        for one in asked:
            one.refuse_refusals()
    return yields, scheduler.pairs


def _send_batches(asked: Sequence[Teacher]) -> bool:
    """Send what each teacher is wanted for, and wait; tell whether there was anything.

    Side by side: a batch may take a day, and one teacher's is not to wait for the other's.
    """
    sent = [one.pool.submit(one.send_batches) for one in asked]
    return any([one.result() for one in as_completed(sent)])  # an error as soon as there is one


def join(config: GenerateConfig, parts: list[Artifact], work: Attempt) -> None:
    """Make the whole from the shards: duplicates, names, coverage and yield are judged here."""
    documents, pairs = _documents(work), _pairs(work)
    passages, repeated = once(cut_all(documents, config.max_chars))
    whole = merge_shards(passages, read_parts(parts, work.inputs["ingest"]))
    add_pairs(whole, pairs, parts)
    refuse_low_yield(whole, config)
    whole.rejections += repeated
    _refuse_unknown(_missed(config), whole, config)
    info = _info(config, documents, pairs)
    if config.teacher is not None:
        _add_names(config, work, whole, documents, info.language)
    coverage = coverage_of(
        documents, (item.fact for item in whole.facts), config.language, whole.passage_texts
    )
    yields = yields_of(whole, config)
    _write(work, whole, info, coverage, yields)
    if config.verify.on_doubt:
        work.write("doubts.jsonl", to_jsonl(whole.doubts))
    work.counts |= figures_of(whole, config, coverage, yields)


def _write(
    work: Attempt, whole: Whole, info: PairsInfo, coverage: Coverage, yields: dict[str, Any]
) -> None:
    work.write("facts.jsonl", to_jsonl(item.fact for item in whole.facts))
    work.write("questions.jsonl", to_jsonl(whole.questions))
    work.write("passage_texts.jsonl", to_jsonl(whole.passage_texts))
    work.write("rewrites.jsonl", to_jsonl(one.rewrite for one in whole.rewrites if one.rewrite))
    work.write("open_questions.jsonl", to_jsonl(whole.open_questions))
    work.write("names.jsonl", to_jsonl(whole.names))
    work.write_text("pairs.json", info.model_dump_json(indent=1) + "\n")
    work.write("calls.jsonl", to_jsonl(whole.calls))
    work.write_text("coverage.json", coverage.model_dump_json(indent=1) + "\n")
    work.write_text("yields.json", json.dumps(yields, ensure_ascii=False, indent=1) + "\n")
    for rejection in whole.rejections:
        work.ledger.add(rejection)


def _missed(config: GenerateConfig) -> set[str]:
    """Return the ids of the facts of which more wordings are wanted."""
    path = config.more.facts
    return {one.fact for one in read_lines(path, MissedFact)} if path else set()


def _refuse_unknown(missed: set[str], whole: Whole, config: GenerateConfig) -> None:
    if unknown := sorted(missed - {item.fact.id for item in whole.facts}):
        raise DataError(
            f"{config.more.facts}: {len(unknown)} of {len(missed)} facts are not in this run, the "
            f"first is {unknown[0]!r}; take the file of a run with the same documents and teacher"
        )


def _documents(work: Attempt) -> list[Document]:
    return list(work.inputs["ingest"].records("documents.jsonl", Document))


def _pairs(work: Attempt) -> list[Pair]:
    """Return the pairs that people have already; ingest may have found none."""
    source = work.inputs["ingest"]
    is_there = "pairs.jsonl" in source.manifest.files
    return list(source.records("pairs.jsonl", Pair)) if is_there else []


def _refuse_nothing(documents: list[Document], pairs: list[Pair], work: Attempt) -> None:
    if not documents and not pairs:
        prefix = work.inputs["ingest"].address.prefix
        raise DataError(f"{prefix}/documents.jsonl: no documents; check ingest.sources")


def _info(config: GenerateConfig, documents: list[Document], pairs: list[Pair]) -> PairsInfo:
    languages = [one.language for one in documents] or [one.language for one in pairs]
    spoken = Counter(languages).most_common(1)[0][0]
    families = {split: tuple(family.name for family in found) for split, found in config.families}
    if config.more.facts:
        families["train"] += tuple(family.name for family in config.more.families)
    families["train"] += (GIVEN,)
    return PairsInfo(
        language=config.language or spoken,
        is_asked_for=config.language is not None,
        families=FamilySplits.model_validate(families),
    )


def _add_names(
    config: GenerateConfig, work: Attempt, whole: Whole, documents: list[Document], language: str
) -> None:
    assert config.teacher is not None
    mentions = Mentions(documents)
    groups = names_by_kind(item.fact for item in whole.facts)
    spent = whole.spent_without("verify") if config.verify.teacher else whole.spent
    at_once = config.teacher.model_copy(update={"batch": False})  # a handful of requests
    with open_teacher(at_once, work.cache, spent=spent) as teacher:
        tasks = Tasks(teacher, config)
        others = _other_languages(config, documents)
        name_filters = [NameFilter(kind, names, mentions, others) for kind, names in groups.items()]
        asked = [
            teacher.pool.submit(tasks.expand_names, name_filter, language)
            for name_filter in name_filters
        ]
        for name_filter, future in zip(name_filters, asked, strict=True):
            calls, dropped = future.result()
            whole.calls += calls
            whole.rejections += dropped
            whole.names += name_filter.records()


def _other_languages(config: GenerateConfig, documents: list[Document]) -> list[str]:
    """Return the languages of documents that are not in the one that is asked for."""
    if config.language is None:
        return []
    spoken = {document.language for document in documents} - {UNDETERMINED, ""}
    return sorted(code for code in spoken if not is_same_language(code, config.language))
