import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gabarito.core.log import (
    TERMINATION_LOG,
    JsonFormatter,
    ProgressReporter,
    fields_of,
    write_termination_message,
)


def record(**extra: object) -> logging.LogRecord:
    logger = logging.getLogger("gabarito.test")
    return logger.makeRecord(
        "gabarito.test", logging.INFO, "f", 1, "page fetched", (), None, extra=extra
    )


def test_a_line_is_one_object_with_constant_event_and_fields() -> None:
    line = json.loads(JsonFormatter().format(record(url="a", bytes=3)))
    assert line["event"] == "page fetched"
    assert (line["url"], line["bytes"]) == ("a", 3)


def test_an_address_that_is_tried_again_is_not_shown() -> None:
    """Where a registry lets one upload to, what signs the address stands in it."""
    code = (
        "import contextlib, urllib3; from gabarito.core import log; log.setup('json')\n"
        "with contextlib.suppress(urllib3.exceptions.HTTPError):\n"
        "    urllib3.request('GET', 'http://127.0.0.1:1/?signature=s', retries=1)"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=True)
    assert done.stderr == b""


def test_requests_to_the_model_hub_are_not_logged() -> None:
    """Their addresses may hold what a person wrote into HF_ENDPOINT."""
    code = (
        "import httpx2; from gabarito.core import log; log.setup('json')\n"
        "answer = httpx2.MockTransport(lambda request: httpx2.Response(200))\n"
        "httpx2.Client(transport=answer).get('http://user:password@hub.example')"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=True)
    assert done.stderr == b""


def test_fields_are_only_what_the_call_gave() -> None:
    assert fields_of(record(bytes=3)) == {"bytes": 3}


def test_progress_is_reported_at_the_end_and_not_at_every_item() -> None:
    seen: list[dict[str, object]] = []
    progress = ProgressReporter("ingest", seen.append)
    list(progress.track(range(1000), 1000, "documents"))
    assert seen[-1]["done"] == 1000
    assert len(seen) < 5


def test_progress_towards_an_end_that_is_not_known_is_not_reported_at_every_item() -> None:
    seen: list[dict[str, object]] = []
    progress = ProgressReporter("ingest", seen.append)
    list(progress.track(range(1000), 0, "pages"))
    assert len(seen) < 5


def test_the_end_is_reported_once() -> None:
    seen: list[dict[str, object]] = []
    progress = ProgressReporter("ingest", seen.append)
    for _ in range(100):
        progress.report("documents", 3, 3)
    assert len(seen) == 1


def test_a_last_word_that_cannot_be_written_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TERMINATION_LOG, str(tmp_path / "word"))
    write_termination_message("é" * 4000)
    assert (tmp_path / "word").stat().st_size == 4096
    monkeypatch.setenv(TERMINATION_LOG, str(tmp_path / "no" / "folder"))
    write_termination_message("lost")


def test_a_last_word_may_hold_a_file_name_that_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TERMINATION_LOG, str(tmp_path / "word"))
    write_termination_message("\udcff.yaml: no such file")
    assert (tmp_path / "word").read_text() == "\\udcff.yaml: no such file"


def test_of_several_processes_the_first_one_to_end_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = tmp_path / "word"
    word.touch()  # as a kubelet does
    monkeypatch.setenv(TERMINATION_LOG, str(word))
    monkeypatch.setenv("WORLD_SIZE", "2")
    write_termination_message("lower learning_rate")
    write_termination_message("stopped by SIGTERM")
    assert word.read_text() == "lower learning_rate"
