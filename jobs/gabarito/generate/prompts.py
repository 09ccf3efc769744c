"""What the teacher is told: constant instructions first, so that endpoints can cache them."""

from collections.abc import Sequence

from gabarito.core.records import Fact, Message, Rejection
from gabarito.generate.language import language_name
from gabarito.generate.passages import Passage
from gabarito.generate.questions import QuestionFilter

_FACTS = """\
You read a passage of a document and write down every fact in it that somebody may want to ask \
about later, without the passage at hand: names, numbers, dates, places, roles, results, causes, \
rules. One fact has one answer. Rows of a table are facts too. Leave out opinions, advertising, \
navigation, and what the passage only implies.

Write in {language}. Write one JSON object a line and nothing else:
{{"quote": "...", "statement": "...", "subject": "...", "relation": "...", "answer": "...", \
"aliases": ["..."], "qualifier": "...", "kind": "..."}}
- quote: the shortest words of the passage that prove the fact, the answer among them (of a \
table: the whole row), copied letter for letter
- statement: one sentence that can be understood alone: it names the subject in full, what \
limits the fact (period, date, version, place, edition) and the answer
- subject: whom or what the fact is about, by its full name
- relation: what is said of the subject, a short noun phrase such as "coach" or "capacity"
- answer: the shortest right answer, as it stands in the passage: no sentence
- aliases: other right ways to give the same answer; [] if there are none
- qualifier: what limits the fact, "" if nothing does
- kind: what sort of thing the subject is, one lower-case noun, the same for all of its sort
If there is no fact, write [].
"""

_MISSED = """\

Facts that were already found are listed. Write down only those that were missed; if none was \
missed, write [].
"""

_QUESTIONS = """\
You are given one fact, and write questions that it answers, each in a wording of its own. They \
are asked of people who have no text before them: every question names the subject and what \
limits the fact (period, date, version, place, edition), never speaks of a text, table or \
passage, never contains its answer, and has exactly the given answer.

Write in {language}. Write one JSON object a line and nothing else, in the order asked for:
{{"family": "<name>", "question": "..."}}
The families of wordings:
{families}
For "statements: n", write n sentences that state the fact in other words, each understandable \
alone and with the answer in it, at least one with the answer first:
{{"family": "statement", "text": "..."}}
For "reverse: yes", if the answer belongs to this subject alone, write one question from the \
answer back to the subject, which has the fact's answer in it; else leave it out:
{{"family": "reverse", "question": "...", "answer": "..."}}
"""

_NAMES = """\
You are given names of one kind that documents mention. For each of them that people also call \
otherwise (short forms, initials, other spellings), write one JSON object a line:
{{"name": "<the name as given>", "also": ["..."]}}
Then, for "near misses: n", write n real names of the same kind that are not among those given, \
one JSON object a line:
{{"instead": "..."}}
The language is {language}. Write nothing else.
"""

_REFUSED_SHOWN = 12


def facts_prompt(
    passage: Passage, language: str, attempt: int, found: Sequence[Fact] = (), *, missed: bool
) -> list[Message]:
    """Ask for the facts of a passage, or for those that were missed."""
    system = _FACTS.format(language=language_name(language)) + (_MISSED if missed else "")
    lines = [
        f"task: {'missed' if missed else 'facts'}",
        *([f"attempt: {attempt}"] if attempt > 1 else []),
        *(["already found:", *(f"- {fact.statement}" for fact in found)] if found else []),
        f"page: {passage.document.title}",
        *([f"section: {' > '.join(passage.headings)}"] if passage.headings else []),
        "passage:",
        passage.text,
    ]
    return _messages(system, lines)


def questions_prompt(wordings: QuestionFilter, attempt: int) -> list[Message]:
    """Ask for the wordings that a fact lacks, and say what was wrong with earlier ones."""
    fact, wanted = wordings.fact, wordings.wanted
    known = wordings.config.families.all
    families = "\n".join(f"- {item.name}: {item.instruction}" for item in known)
    system = _QUESTIONS.format(language=language_name(wordings.language), families=families)
    lines = [
        "task: questions",
        *([f"attempt: {attempt}"] if attempt > 1 else []),
        *([f"families: {', '.join(wanted.families)}"] if wanted.families else []),
        *([f"statements: {wanted.statements}"] if wanted.statements else []),
        *(["reverse: yes"] if wanted.reverse and attempt == 1 else []),
        *_lessons(wordings.rejections),
        f"subject: {fact.subject}",
        *([f"limited to: {fact.qualifier}"] if fact.qualifier else []),
        f"fact: {fact.statement}",
        f"answer: {fact.answer}",
    ]
    return _messages(system, lines)


def names_prompt(
    kind: str, names: Sequence[str], language: str, attempt: int, near_misses: int
) -> list[Message]:
    """Ask how names are spelled otherwise, and for names like them."""
    lines = [
        "task: names",
        *([f"attempt: {attempt}"] if attempt > 1 else []),
        *([f"near misses: {near_misses}"] if near_misses else []),
        f"kind: {kind}",
        "names:",
        *(f"- {name}" for name in names),
    ]
    return _messages(_NAMES.format(language=language_name(language)), lines)


def _lessons(refused: Sequence[Rejection]) -> list[str]:
    if not refused:
        return []
    shown = (f"- {item.reason}: {item.detail}" for item in refused[-_REFUSED_SHOWN:])
    return ["refused before:", *shown]


def _messages(system: str, lines: Sequence[str]) -> list[Message]:
    user = "\n".join(lines)
    return [Message(role="system", content=system), Message(role="user", content=user)]
