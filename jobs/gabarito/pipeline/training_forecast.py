"""What training and evaluating will take: rows, steps, tokens, time and memory, in words."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from gabarito.artifacts.cache import Cache
from gabarito.core.model_records import Method
from gabarito.core.records import Record
from gabarito.core.text import duration_text, in_number
from gabarito.pipeline.forecast import FORECAST, rounded
from gabarito.pipeline.runs import Run
from gabarito.store.base import Store

FASTER, SLOWER = 0.8, 1.4
"""What the time may be, as a share of what is forecast. Judged, and not measured: the two steps
that a probe counts say nothing of their own spread. More is left for slower than for faster, as
other programs, checkpoints and processors that grow warm come after the probe."""

_GIGABYTE = 1e9

_GPUS = (6, 8, 12, 16, 24, 32, 40, 48, 80, 96, 141, 192)
"""Gigabytes of memory that GPUs are sold with."""

_KINDS = {
    "questions": "questions",
    "statements": "statements",
    "documents": "rewritten passages",
    "refusals": "refusals",
    "replay": "rows of replay",
}


class Seconds(Record):
    """How long two stages will take on a device, which ``device`` names."""

    device: str
    train: float
    evaluate: float
    is_shared: bool = False
    """Whether other programs kept the processors busy while it was measured."""


class TrainingForecast(Record):
    """What a run's training will be; ``seconds`` is None where no pace was measured."""

    rows: Mapping[str, int]
    is_counted: bool
    steps: int
    batch_size: int
    tokens: float | None
    seconds: Seconds | None
    may_end_early: bool = False

    @property
    def said(self) -> str:
        """The forecast as a sentence."""
        total = sum(self.rows.values())
        about = "" if self.is_counted else "about "
        most = "at most " if self.may_end_early else ""
        kinds = ", ".join(
            f"{self._figure(count)} {in_number(count, _KINDS.get(kind, kind))}"
            for kind, count in self.rows.items()
            if count
        )
        parts = [
            f"{about}{self._figure(total)} {in_number(total, 'rows')} ({kinds})",
            f"{most}{self.steps:,} {in_number(self.steps, 'steps')} of {self.batch_size}",
        ]
        if self.tokens:
            parts.append(f"{most or 'about '}{rounded(self.tokens)} tokens")
        if self.seconds:
            parts.append(
                f"on {self.seconds.device} train takes {most}{_range(self.seconds.train)}, "
                f"evaluate {_range(self.seconds.evaluate)}"
            )
            if self.seconds.is_shared:
                parts.append("less when other programs leave the processors to it")
        return ", ".join(parts)

    def _figure(self, number: int) -> str:
        return f"{number:,}" if self.is_counted else rounded(number)


class MemoryForecast(Record):
    """Bytes that training takes where this runs, and on a GPU by each method."""

    needed: float
    free: float
    is_gpu: bool
    of_gpus: Mapping[Method, float]

    @property
    def fits(self) -> bool:
        """Whether there is as much free as is needed."""
        return self.needed <= self.free

    @property
    def said(self) -> str:
        """The forecast as a sentence."""
        place = "this GPU's memory" if self.is_gpu else "memory"
        here = f"train takes about {_gigabytes(self.needed)} of {place}, "
        here += f"of which {_gigabytes(self.free)} are free"
        others = "; ".join(
            f"{_gigabytes(size)} with {method}, which {_gpu_for(size)}"
            for method, size in self.of_gpus.items()
        )
        return f"{here}{'' if self.fits else self._cure}; on each GPU it takes {others}"

    @property
    def _cure(self) -> str:
        if self.is_gpu:
            return ": set train.method to qlora, lower train.max_tokens, or use a smaller base"
        return ": set train.limits.micro_batch or lower train.batch_size, or use a smaller base"


def _gigabytes(size: float) -> str:
    return f"{size / _GIGABYTE:.1f} GB"


def _gpu_for(size: float) -> str:
    fitting = next((of for of in _GPUS if size <= of * _GIGABYTE), None)
    return f"fits {fitting} GB" if fitting else f"fits no GPU of {_GPUS[-1]} GB"


def keep_forecast(store: Store, run: Run, forecast: TrainingForecast) -> None:
    """Write a forecast down for the plans of the same run."""
    Cache(store, FORECAST).put(_key(run), forecast.model_dump_json().encode())


def kept_forecast(store: Store, run: Run) -> TrainingForecast | None:
    """Return what was forecast last for the same settings, or None."""
    return Cache(store, FORECAST).get_json(_key(run), TypeAdapter(TrainingForecast))


def _key(run: Run) -> str:
    return f"training-{run.fingerprints.get('evaluate', '')}"


def _range(seconds: float) -> str:
    least, most = duration_text(FASTER * seconds), duration_text(SLOWER * seconds)
    return f"about {duration_text(seconds)} ({least} to {most})"
