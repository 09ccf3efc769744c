"""A pipeline over two pages of the sample that learns enough for its gate in seconds."""

import copy

from .kubectl import Object

PAGES = ("tecnicos.md", "final.md")
SHORT, LONG, ENDLESS = 80, 300, 10**5
"""Training steps: to get through, to be interrupted in, and to be given up."""

YIELDING = "100m"
"""Cores of its long stages: the whole sample, which takes longest, has more of the machine."""

HALF = "500m"
"""A training that waits to be interrupted leaves the other core, and half of its own, to others."""


def quick(demo_values: Object, channel: str, **train: object) -> Object:
    """Return values for a quick run that promotes to a channel of its own."""
    values = copy.deepcopy(demo_values)
    for stage in ("train", "evaluate"):
        values["stages"][stage]["resources"]["requests"]["cpu"] = YIELDING
    values["pipeline"] = {
        "name": "quick",
        "channel": channel,
        "ingest": {
            "sources": [{"type": "files", "path": f"gabarito:demo/sources/{p}"} for p in PAGES]
        },
        "generate": {"language": "pt", "teacher": {"model": "recorded"}},
        "curate": {"refusals": 0.2, "unanswerable": 24},
        "train": {
            "base": "gabarito:demo/nano",
            "rank": 32,
            "alpha": 64,
            "learning_rate": 3e-3,
            "steps": SHORT,
            "batch_size": 16,
            "replay": 0.05,
            "choice": {"every": SHORT, "questions": 8},
            "limits": {"checkpoint_every_s": 1},
            **train,
        },
        "evaluate": {
            "floor": 0.2,
            "max_forgetting": 1.0,
            "max_merge_gap": 0.2,
            "retention_sample": 40,
            "trained_sample": 8,
            "compared_sample": 8,
            "resamples": 1000,
        },
    }
    return values


def fresh(demo_values: Object, channel: str) -> Object:
    """Return values for a quick run that finds nothing in its store: not even paid replies."""
    values = quick(demo_values, channel)
    values["store"]["url"] += f"/{channel}"
    return values
