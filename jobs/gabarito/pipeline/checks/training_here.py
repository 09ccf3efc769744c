"""A training that is to come, reckoned on this machine with the libraries of train."""

import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import torch

from gabarito.artifacts.cache import Cache
from gabarito.core.model_records import Method
from gabarito.core.text import in_number
from gabarito.generate.config import GenerateConfig
from gabarito.models import (
    Base,
    conversation,
    default_device,
    default_dtype,
    empty_model,
    load_base,
    load_tokenizer,
    open_base,
    positions_of,
    prompt_ids,
    token_ids,
    use_cpu_quota,
)
from gabarito.pipeline.checks.base_files import is_at_hand
from gabarito.pipeline.checks.check_result import CheckResult
from gabarito.pipeline.checks.expected_rows import ExpectedRows
from gabarito.pipeline.checks.row_lengths import RowLengths
from gabarito.pipeline.evaluation_time import Examination
from gabarito.pipeline.runs import Run
from gabarito.pipeline.training_forecast import (
    MemoryForecast,
    Seconds,
    TrainingForecast,
    keep_forecast,
)
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder
from gabarito.train.checkpoint import Checkpoints
from gabarito.train.config import TrainConfig
from gabarito.train.encode import ROW_KINDS, Row, RowKind, contract_for, encode
from gabarito.train.fitness import has_tokenizer
from gabarito.train.memory import free_bytes, shape_of
from gabarito.train.outlook import Outlook
from gabarito.train.probe import Pace, Sampled, measure

ROW_TOKENS = 64
"""Tokens of a row where none is known."""

PASSAGE_SHARE = 0.7
"""How long a passage is on average, as a share of the longest."""

SHARED = 0.7
"""With less of the processors than this a probe was disturbed; alone it gets .9 and more."""

LOADS = {"train": 1, "evaluate": 4}
"""How often a stage opens a model."""


@dataclass(frozen=True)
class TrainingHere:
    """A run's training, on the device that it would use where this runs.

    ``folder`` holds the files of the base but its weights, or its ``config.json`` alone.
    """

    run: Run
    config: TrainConfig
    store: Store
    folder: Path
    expected: ExpectedRows | None

    def findings(self, *, probes: bool) -> Iterator[CheckResult]:
        """Yield what training takes of memory, and its rows, steps, tokens and time."""
        too_long = list(self._lengths.findings())
        yield from too_long
        if any(finding.error for finding in too_long):
            return
        yield self._memory()
        yield from self._experts()
        if self.expected is None:
            said = "how many rows there will be is known when the teacher was tried"
            yield CheckResult("training", said)
            return
        is_here = is_at_hand(self.config.base, self.store)
        seconds = self._seconds(self.expected) if probes and is_here else None
        forecast = TrainingForecast(
            rows=self._outlook.counts,
            is_counted=self.expected.is_counted and not too_long,
            steps=self._outlook.steps,
            batch_size=self.config.batch_size,
            tokens=self._outlook.tokens if self._outlook.rows else None,
            seconds=seconds,
            may_end_early=self.config.choice.patience is not None,
        )
        keep_forecast(self.store, self.run, forecast)
        why = "" if is_here else "; the time is not measured, for the base is not at hand"
        yield CheckResult("training", f"{forecast.said}{why}")

    @cached_property
    def _outlook(self) -> Outlook:
        expected = self.expected
        counts: Counter[RowKind] = Counter()
        for kind, count in (expected.trained if expected else {}).items():
            counts["replay" if kind == "replay" else ROW_KINDS[kind]] += count
        trained: dict[str, int] = {
            kind: round(count * self._lengths.share(kind)) for kind, count in counts.items()
        }
        return Outlook(self.config, trained, self._rows)

    @property
    def _rows(self) -> list[Row]:
        return self._lengths.rows

    @cached_property
    def _lengths(self) -> RowLengths:
        """Some of the rows to train, none where no tokenizer is at hand."""
        expected = self.expected
        if expected is None or not has_tokenizer(self.folder):
            return RowLengths(self.config, None, [], [])
        tokenizer = load_tokenizer(self.folder)
        contract = contract_for(tokenizer, expected.prompt, [])
        return RowLengths(
            self.config,
            positions_of(empty_model(self.folder)),
            [encode(example, contract, tokenizer) for example in expected.examples],
            [
                prompt_ids(contract, tokenizer, conversation(contract, text))
                for text in expected.prompts
            ],
        )

    def _memory(self) -> CheckResult:
        config, device = self.config, default_device()
        on_gpu = torch.device("cuda")
        at_once = config.max_tokens
        if device.type == "cpu":
            mean = self._outlook.row_tokens if self._rows else ROW_TOKENS
            rows = min(config.limits.micro_batch or sys.maxsize, config.batch_size)
            at_once = math.ceil(rows * mean)
        forecast = MemoryForecast(
            needed=self._need(config.method, device, default_dtype(device), at_once),
            free=free_bytes(device),
            is_gpu=device.type == "cuda",
            of_gpus={
                method: self._need(method, on_gpu, torch.bfloat16, config.max_tokens)
                for method in get_args(Method)
            },
        )
        return CheckResult("memory", forecast.said, is_warning=not forecast.fits)

    def _experts(self) -> Iterator[CheckResult]:
        config = self.config
        share = shape_of(self.folder, config).untrained_share
        if share:
            said = (
                f"{config.base}: {share:.0%} of the weights are a mixture's experts, and stay as "
                f"they are with train.method {config.method}, train.targets {config.targets}; "
                "take other targets or, if it stays so, a base without experts"
            )
            yield CheckResult("base", said, is_warning=True)

    def _need(self, method: Method, device: torch.device, dtype: torch.dtype, tokens: int) -> float:
        config = self.config.model_copy(update={"method": method})
        return shape_of(self.folder, config).need(device, dtype, tokens).total

    def _seconds(self, expected: ExpectedRows) -> Seconds:
        """Try the base for some seconds, and return what train and evaluate will take."""
        threads = use_cpu_quota()
        began = time.monotonic()
        with open_base(self.config.base, self.store) as folder:
            base = load_base(folder, is_quantised=self.config.method == "qlora")
        load_s = time.monotonic() - began
        positions = positions_of(base.model) or math.inf
        device = base.model.device
        pace = self._pace(base, expected)
        asked = expected.asked
        examination = Examination(
            self.run.pipeline.evaluate, asked, self._passage_tokens(base), positions
        )
        train_s = self._outlook.train_s(pace, asked["validation"])
        return Seconds(
            device=device_name(device, threads),
            train=LOADS["train"] * load_s + train_s,
            evaluate=LOADS["evaluate"] * load_s + examination.seconds(self._outlook, pace),
            is_shared=pace.cpu_share < SHARED,
        )

    def _pace(self, base: Base, expected: ExpectedRows) -> Pace:
        contract = contract_for(base.tokenizer, expected.prompt, self._rows)
        prompts = [
            list(row.ids[: row.learned_from]) for row in self._rows if row.kind == "questions"
        ]
        with temporary_folder("probe") as folder:
            checkpoints = Checkpoints(Cache(open_store(str(folder)), "train"), "probe")
            return measure(base, self.config, contract, Sampled(self._rows, prompts), checkpoints)

    def _passage_tokens(self, base: Base) -> float:
        """Return how long a passage is on average, by what the tokenizer makes of the questions."""
        generate = GenerateConfig.model_validate(self.run.pipeline.section("generate"))
        texts = (
            [one.messages[-1].content for one in self.expected.examples] if self.expected else []
        )
        tokens = sum(len(token_ids(base.tokenizer, text)) for text in texts)
        return PASSAGE_SHARE * generate.max_chars * tokens / max(1, sum(map(len, texts)))


def device_name(device: torch.device, threads: int) -> str:
    """Return what people call a device."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"this CPU with {threads} {in_number(threads, 'threads')}"
