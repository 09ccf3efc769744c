"""What differs between two runs: settings, documents, facts, figures, and answers that changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

from gabarito.core.records import Document, Example, Fact, Verdict
from gabarito.core.text import in_number, printable
from gabarito.pipeline.made_models import figures_of
from gabarito.pipeline.runs import Run
from gabarito.pipeline.show.made import Made
from gabarito.store.base import Store

MAX_TEXT_CHARS = 120
EXAMS = ("test", "sentences", "free", "unanswerable", "validation", "controls", "tasks")
"""The parts of the exam whose answers are compared, one by one."""

T = TypeVar("T")


@dataclass(frozen=True)
class ChangedAnswer:
    """A question that both models were asked, and what each answered; right: was it right."""

    question: str
    before: str
    after: str
    was_right: bool
    is_right: bool


@dataclass(frozen=True)
class Comparison:
    """What the second of two runs has otherwise than the first; lines for people by subject.

    A subject is None where one of the runs is not so far, or what it had made is gone.
    """

    settings: Sequence[str]
    documents: Sequence[str] | None
    facts: Sequence[str] | None
    figures: Sequence[str] | None
    answers: Sequence[ChangedAnswer] | None

    def lines(self, most: int) -> Iterator[str]:
        """Yield all of it for people, of each subject at most ``most`` lines; 0: all."""
        yield from _subject("settings", self.settings, most)
        yield from _subject("documents", self.documents, most)
        yield from _subject("facts", self.facts, most)
        yield from _subject("figures", self.figures, most)
        answers = None if self.answers is None else list(map(_answer_line, self.answers))
        yield from _subject(f"answers{_turned(self.answers or ())}", answers, most)


def compared(store: Store, before: Run, after: Run) -> Comparison:
    """Compare two runs, as far as both have come."""
    old, new = Made(store, before), Made(store, after)
    return Comparison(
        settings=list(_settings(before, after)),
        documents=_of_both(old, new, "ingest", _documents),
        facts=_facts(old, new),
        figures=_of_both(old, new, "evaluate", _figures),
        answers=_of_both(old, new, "evaluate", _answers)
        if _both_have(old, new, "curate")
        else None,
    )


def _of_both(old: Made, new: Made, stage: str, of: Callable[[Made, Made], T]) -> T | None:
    return of(old, new) if _both_have(old, new, stage) else None


def _both_have(old: Made, new: Made, stage: str) -> bool:
    return old.find(stage) is not None and new.find(stage) is not None


def _subject(name: str, lines: Sequence[str] | None, most: int) -> Iterator[str]:
    if lines is None:
        yield f"{name}: one of the runs is not so far, or it is gone"
        return
    yield f"{name}: {len(lines)} changed" if lines else f"{name}: the same"
    shown = lines[: most or None]
    yield from (f"  {line}" for line in shown)
    if len(shown) < len(lines):
        left = len(lines) - len(shown)
        yield f"  and {left} {in_number(left, 'more lines')}: --limit 0 shows all"


def _settings(before: Run, after: Run) -> Iterator[str]:
    old, new = (dict(_leaves(run.pipeline.model_dump(mode="json"))) for run in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name}: {_short(old.get(name))} → {_short(new.get(name))}"


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _leaves(below, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def _documents(old: Made, new: Made) -> list[str]:
    """Name documents that came, went, or say something else under the same address."""
    kept = old.documents.keys() & new.documents.keys()  # ids are of the text
    same = {id_ for id_ in kept if _place(old.documents[id_]) == _place(new.documents[id_])}
    before, after = (
        _grouped((one for id_, one in made.documents.items() if id_ not in same), _place)
        for made in (old, new)
    )
    return [
        _document_line(place, was, now)
        for place in sorted(before.keys() | after.keys())
        for was, now in _paired(before.get(place, []), after.get(place, []))
    ]


def _grouped(
    documents: Iterable[Document], by: Callable[[Document], str]
) -> dict[str, list[Document]]:
    groups: dict[str, list[Document]] = {}
    for document in documents:
        groups.setdefault(by(document), []).append(document)
    return groups


def _place(document: Document) -> str:
    return document.url or document.source


def _paired(
    before: Iterable[Document], after: Iterable[Document]
) -> Iterator[tuple[Document | None, Document | None]]:
    """Pair the documents of one place: those of the same title first, the others as they come."""
    others, left = _grouped(after, lambda one: one.title), []
    for document in before:
        if others.get(document.title):
            yield document, others[document.title].pop(0)
        else:
            left.append(document)
    yield from zip_longest(left, chain.from_iterable(others.values()))


def _document_line(place: str, was: Document | None, now: Document | None) -> str:
    if was and now:
        change = len(now.text) - len(was.text)
        return f"~ {_short(place)} {_short(now.title)} ({change:+,} characters)"
    found, mark = (now, "+") if now else (was, "-")
    return f"{mark} {_short(place)} {_short(found.title if found else '')}".rstrip()


def _facts(old: Made, new: Made) -> list[str] | None:
    """Name facts that came and went, in the last stage with facts that both have finished."""
    stages = [stage for stage in ("curate", "generate") if _both_have(old, new, stage)]
    if not stages:
        return None
    before, after = ({one.id: one for one in made.facts(*stages)} for made in (old, new))
    gone = [f"- {_fact_line(before[id_])}" for id_ in before.keys() - after.keys()]
    come = [f"+ {_fact_line(after[id_])}" for id_ in after.keys() - before.keys()]
    return sorted(gone + come, key=lambda line: (line[2:], line[0]))


def _fact_line(fact: Fact) -> str:
    return f"{_short(fact.about)}: {_short(fact.answer)}"


def _figures(old: Made, new: Made) -> list[str]:
    before, after = (figures_of(made.finished("evaluate")) for made in (old, new))
    return [
        f"{name}: {_percent(before.get(name))} → {_percent(after.get(name))}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _answers(old: Made, new: Made) -> list[ChangedAnswer]:
    """Return what both were asked and did not answer alike; those that were right come first.

    Also where both said the same, and only one was right: another answer is expected now.
    """
    before, after = (_verdicts(made) for made in (old, new))
    texts = _questions(new)
    changed = [
        ChangedAnswer(texts[id_], was.answer, now.answer, was.correct, now.correct)
        for id_, was in before.items()
        if id_ in texts
        and (now := after.get(id_))
        and (was.answer, was.correct) != (now.answer, now.correct)
    ]
    return sorted(changed, key=lambda one: (one.is_right - one.was_right, one.question))


def _verdicts(made: Made) -> dict[str, Verdict]:
    found = made.finished("evaluate").records("verdicts.jsonl", Verdict)
    return {one.question: one for one in found if one.system == "model"}


def _questions(made: Made) -> dict[str, str]:
    dataset = made.finished("curate")
    return {
        one.question: one.messages[-2].content
        for part in EXAMS
        if f"{part}.jsonl" in dataset.manifest.files
        for one in dataset.records(f"{part}.jsonl", Example)
    }


def _answer_line(answer: ChangedAnswer) -> str:
    turn = {
        (True, False): "right → wrong",
        (False, True): "wrong → right",
        (True, True): "right, otherwise",
        (False, False): "wrong, otherwise",
    }[answer.was_right, answer.is_right]
    before, after = _short(answer.before), _short(answer.after)
    said = f"{before} → {after}" if answer.before != answer.after else f"{after}, said by both"
    return f"{turn}: {_short(answer.question)} {said}"


def _turned(answers: Sequence[ChangedAnswer]) -> str:
    lost = sum(one.was_right and not one.is_right for one in answers)
    won = sum(one.is_right and not one.was_right for one in answers)
    return f" ({won} wrong ones are right now, {lost} right ones wrong)" if answers else ""


def _short(value: Any) -> str:  # noqa: ANN401  # a setting has any type
    return printable(value if isinstance(value, str) else repr(value), MAX_TEXT_CHARS)


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share:.1%}"
