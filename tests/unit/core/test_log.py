import json
import logging

from gabarito.core.log import JsonFormatter, Progress, fields_of


def record(**extra: object) -> logging.LogRecord:
    logger = logging.getLogger("gabarito.test")
    return logger.makeRecord(
        "gabarito.test", logging.INFO, "f", 1, "page fetched", (), None, extra=extra
    )


def test_a_line_is_one_object_with_constant_event_and_fields() -> None:
    line = json.loads(JsonFormatter(stage="ingest").format(record(url="a", bytes=3)))
    assert line["event"] == "page fetched"
    assert (line["stage"], line["url"], line["bytes"]) == ("ingest", "a", 3)


def test_fields_are_only_what_the_call_gave() -> None:
    assert fields_of(record(bytes=3)) == {"bytes": 3}


def test_progress_is_reported_at_the_end_and_not_at_every_item() -> None:
    seen: list[dict[str, object]] = []
    progress = Progress("ingest", seen.append)
    list(progress.track(range(1000), 1000, "documents"))
    assert seen[-1]["done"] == 1000
    assert len(seen) < 5
