"""A run of six facts, a desk with it, and a session that writes to a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reviewed import Reviewed, asked_twice, two_answers

from gabarito.pipeline.review.corrections_file import CorrectionsFile, open_corrections
from gabarito.pipeline.review.review_desk import Desk
from gabarito.pipeline.review.review_session import ReviewSession
from gabarito.pipeline.show.made import Made


@pytest.fixture
def reviewed(tmp_path: Path) -> Reviewed:
    made = Reviewed(tmp_path)
    made.publish([asked_twice(made.facts[1])])
    return made.curated(two_answers(made.questions[0]))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CorrectionsFile]:
    with open_corrections(tmp_path / "corrections.jsonl") as opened:
        yield opened


@pytest.fixture
def desk(reviewed: Reviewed, file: CorrectionsFile) -> Desk:
    return Desk(Made(reviewed.store, reviewed.run), file, "c.jsonl")


@pytest.fixture
def session(desk: Desk, file: CorrectionsFile) -> ReviewSession:
    return ReviewSession(desk, file, "ana")
