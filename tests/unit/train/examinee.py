"""Train as one of several processes, each of which finds something else: ``python … BASE STORE``.

Prints the examinations that the process went by, and how many steps it made.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, cast

import torch

from gabarito.artifacts.cache import Cache
from gabarito.models import load_base
from gabarito.store.open import open_store
from gabarito.train.batch import Padded
from gabarito.train.checkpoint import Checkpoints
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row
from gabarito.train.loop import TrainPlan, fit
from gabarito.train.lora import attach
from gabarito.train.sampler import sampler_of
from gabarito.train.validation import Examined, Validation

RANK = int(os.environ["RANK"])
CHOICE = {"every": 1, "focus": 0.5, "patience": 1}
ROWS = [Row((1, 5 + i, 6, 2), 2, "questions", f"f{i}") for i in range(8)]


class Differing:
    """An examination that comes out otherwise in each process, and better only in the second."""

    examples = ROWS
    share = 0.1

    def examined(self) -> Examined:
        self.share += 0.1 * RANK
        return Examined(self.share, (f"f{RANK}",))


if __name__ == "__main__":
    config = TrainConfig.model_validate(
        {"base": "org/tiny", "steps": 8, "batch_size": 4, "rank": 4, "choice": CHOICE}
    )
    model = attach(load_base(Path(sys.argv[1]), dtype=torch.float32).model, config)
    validation = cast(Validation, cast(Any, Differing()))
    plan = TrainPlan(sampler_of(ROWS, config), 8, 1e-3, Padded(0), validation, lambda _: None)
    done = fit(model, config, plan, Checkpoints(Cache(open_store(sys.argv[2]), "train"), "t"))
    shares = [score.exact_match for score in done.candidates]
    found = {"steps": done.step, "shares": shares, "missed": done.missed}
    sys.stdout.write(json.dumps(found) + "\n")
