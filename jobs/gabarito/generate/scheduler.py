"""Many passages and facts at once, without barriers: each fact is worded as it is found."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from functools import partial
from typing import Any

from gabarito.core.pair_records import Pair
from gabarito.generate.passages import Passage
from gabarito.generate.results import FactResult, OpenResult, PassageResult, RewriteResult
from gabarito.generate.tasks import Tasks
from gabarito.generate.teachers.batches import NotYet
from gabarito.generate.teachers.teacher import Teacher

GRACE_S = 10.0
"""Replies that arrive within this time after a failure or a signal are still kept."""

WAKE_S = 1.0

Place = tuple[int, int]
"""A passage's place in the documents, and the place of a fact, or of a format, in it."""

Step = tuple[Callable[[], Any], Callable[[Any], None]]
"""What is to be asked next, and what takes the outcome."""


class Scheduler:
    """What is asked, what is answered, and what is next.

    A fact that is found twice is worded once: for its first place in the documents. A later
    place that is answered sooner may be worded too; that is dropped when the shards are joined.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        teacher: Teacher,
        tasks: Tasks,
        pairs: Sequence[Pair] = (),
    ) -> None:
        self._passages = passages
        self._teacher = teacher
        self._tasks = tasks
        self._next = 0
        self._pairs = deque(enumerate(pairs))
        self._pairs_in_all = len(pairs)
        self._of_pairs: dict[int, FactResult] = {}
        self._ready: deque[Step] = deque()
        self._running: dict[Future[Any], Callable[[Any], None]] = {}
        self._found: dict[int, PassageResult] = {}
        self._worded: dict[Place, FactResult] = {}
        self._first: dict[str, Place] = {}
        self._rewritten: dict[Place, RewriteResult] = {}
        self._open: dict[int, OpenResult] = {}
        self._missing: Counter[int] = Counter()
        self._questions = 0

    @property
    def pairs(self) -> list[FactResult]:
        """The facts of the pairs with their wordings, in order, once all is answered."""
        return [self._of_pairs[index] for index in sorted(self._of_pairs)]

    def run(self, report: Callable[..., None]) -> list[PassageResult]:
        """Ask until everything is answered and return what the passages yielded, in order.

        Of a passage whose reply comes with a batch there is nothing yet.

        Raises:
            GabaritoError: what the first call that failed raised.
        """
        try:
            while self._start_what_fits():
                finished, _ = wait(self._running, WAKE_S, FIRST_COMPLETED)
                for future in finished:
                    take = self._running.pop(future)
                    with suppress(NotYet):
                        take(future.result())
                done = len(self._found) - len(self._missing)
                report(
                    "passages" if self._passages else "pairs",
                    done if self._passages else len(self._of_pairs),
                    len(self._passages) or self._pairs_in_all,
                    facts=len(self._first) + len(self._of_pairs),
                    questions=self._questions,
                    in_flight=self._teacher.client.limit.now,
                )
        except BaseException:
            self._teacher.client.stop()
            wait(self._running, GRACE_S)
            raise
        return [self._whole(index) for index in sorted(self._found)]

    def _start_what_fits(self) -> bool:
        """Start what may run at once, facts before further passages; tell whether any runs."""
        teacher, pool = self._teacher, self._teacher.pool
        while len(self._running) < teacher.at_once:
            if self._ready:
                ask, take = self._ready.popleft()
                future: Future[Any] = pool.submit(ask)
                self._running[future] = take
            elif self._next < len(self._passages):
                future = pool.submit(self._tasks.extract_facts, self._passages[self._next])
                self._running[future] = partial(self._take_facts, self._next)
                self._next += 1
            elif self._pairs:
                index, pair = self._pairs.popleft()
                future = pool.submit(
                    self._tasks.write_questions, pair.fact, pair.language, pair.wordings
                )
                self._running[future] = partial(self._take_pair, index)
            else:
                break
        return bool(self._running)

    def _take_facts(self, index: int, found: PassageResult) -> None:
        self._found[index] = found
        passage = self._passages[index]
        for number, item in enumerate(found.facts):
            place = (index, number)
            if place < self._first.get(item.fact.id, (len(self._passages), 0)):
                self._first[item.fact.id] = place
                ask = partial(self._tasks.write_questions, item.fact, passage.document.language)
                self._ready.append((ask, partial(self._take_wordings, place)))
                self._missing[index] += 1
        for number, name in enumerate(self._tasks.formats if found.facts else ()):
            ask_anew = partial(self._tasks.rewrite, passage, name)
            self._ready.append((ask_anew, partial(self._take_rewrite, (index, number))))
            self._missing[index] += 1

        if found.facts and self._tasks.asks_open_questions:
            ask_open = partial(self._tasks.write_open_questions, passage)
            self._ready.append((ask_open, partial(self._take_open, index)))
            self._missing[index] += 1

    def _take_wordings(self, place: Place, worded: FactResult) -> None:
        self._worded[place] = worded
        self._questions += len(worded.questions)
        self._take_one(place[0])

    def _take_rewrite(self, place: Place, found: RewriteResult) -> None:
        self._rewritten[place] = found
        self._take_one(place[0])

    def _take_open(self, index: int, found: OpenResult) -> None:
        self._open[index] = found
        self._take_one(index)

    def _take_one(self, index: int) -> None:
        self._missing[index] -= 1
        if not self._missing[index]:
            del self._missing[index]

    def _take_pair(self, index: int, worded: FactResult) -> None:
        self._of_pairs[index] = worded
        self._questions += len(worded.questions)

    def _whole(self, index: int) -> PassageResult:
        found = self._found[index]
        facts = tuple(
            self._worded.get((index, number), item) for number, item in enumerate(found.facts)
        )
        rewrites = tuple(
            self._rewritten[index, number]
            for number in range(len(self._tasks.formats))
            if (index, number) in self._rewritten
        )
        more = {"rewrites": rewrites, "open": self._open.get(index)}
        return found.model_copy(update={"facts": facts, **more})
