"""Numbers stay whole, however large: helm writes a million as 1e+06, which no Job takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .helm import CHART, Object
from .release import changed
from .values import Value, read_values

MONTH_S = 30 * 24 * 3600
LIMITED = ("count", "processes", "parallelism")


def test_large_numbers_are_whole_wherever_they_arrive(tmp_path: Path) -> None:
    values: Object = {
        "retention": {"enabled": True},
        "tracing": {"endpoint": "http://collector:4318"},
        "modelCache": {"existingClaim": "weights"},
        "teacher": {"deploy": {"enabled": True, "image": "example/server:1"}},
        "pipeline": {"generate": {"teacher": {"url": None}}},
    }
    numbers = list(_integers())
    assert len(numbers) > 10
    for value in numbers:
        section = values
        for key in value.path[:-1]:
            section = section.setdefault(key, {})
        section[value.path[-1]] = MONTH_S
    release = changed(tmp_path, "retention", values)
    config, _ = release.written(tmp_path)
    assert (config.keep_runs, config.serve.questions) == (MONTH_S, MONTH_S)
    made = [*release.objects, *release.jobs.values(), release.endpoint]
    assert [each for each in _leaves(made) if _is_no_integer(each)] == []
    assert release.jobs["train"]["spec"]["activeDeadlineSeconds"] == MONTH_S


def _integers() -> Iterator[Value]:
    """Yield the whole numbers that nothing limits: those of GPUs, processes and shards are."""
    for value in read_values(CHART / "values.yaml"):
        is_limited = "maximum" in (value.schema or {}) or value.path[-1] in LIMITED
        if type(value.default) is int and not is_limited:
            yield value


def _leaves(node: Any) -> Iterator[Any]:  # noqa: ANN401  # any YAML value
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in below:
        yield from _leaves(each)
    if not isinstance(node, dict | list):
        yield node


def _is_no_integer(leaf: Any) -> bool:  # noqa: ANN401  # any YAML value
    if isinstance(leaf, str) and "\n" not in leaf:
        return "e+0" in leaf
    return isinstance(leaf, float)
