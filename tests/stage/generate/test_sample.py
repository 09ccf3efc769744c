import json
from collections import Counter
from collections.abc import Callable

import pytest

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.reasons import GenerateReason
from gabarito.core.records import Rejection
from gabarito.core.settings import local_path
from gabarito.demo.recorded_teacher import TeacherServer
from gabarito.generate.config import GenerateConfig
from gabarito.ingest import job as ingest
from gabarito.ingest.config import IngestConfig

from .conftest import Place

REPLIES = local_path("gabarito:demo/replies.jsonl")


def documents_of_the_sample(place: Place) -> Artifact:
    settings = {"sources": [{"type": "files", "path": "gabarito:demo/sources"}]}
    address = Address("ingest", "f" * 64)
    with new_attempt(place.store, address, inputs={}, settings={}) as work:
        ingest.run(IngestConfig.model_validate(settings), work)
        return work.publish()


def test_the_mess_in_the_samples_replies_is_caught(
    teach: Callable[..., TeacherServer], place: Place, config_of: Callable[..., GenerateConfig]
) -> None:
    recorded = [json.loads(line) for line in REPLIES.read_text(encoding="utf-8").splitlines()]
    teach(recorded)
    source = documents_of_the_sample(place)
    whole = place.join(config_of(), source, [place.shard(config_of(), source)])
    counts = whole.manifest.counts
    assert counts["facts"] == sum(item["task"] == "questions" for item in recorded) >= 250
    assert counts["yield_wordings"] == pytest.approx(1.0, abs=0.005)
    caught = Counter(item.reason for item in whole.records("ledger.jsonl", Rejection))
    assert set(caught) >= {
        GenerateReason.NO_QUOTE,
        GenerateReason.OTHER_ANSWER,
        GenerateReason.OTHER_LANGUAGE,
        GenerateReason.REPEATED_QUESTION,
        GenerateReason.EMPTY_REPLY,
        GenerateReason.CUT_REPLY,
    }
