"""Run the stage in a process of its own: ``python trainee.py STORE SETTINGS``."""

import json
import sys

from gabarito.artifacts.artifact import Address, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.stop import raise_on_stop
from gabarito.store.open import open_store
from gabarito.train.config import TrainConfig
from gabarito.train.job import run

if __name__ == "__main__":
    raise_on_stop()
    store = open_store(sys.argv[1])
    dataset = open_artifact(store, Address("curate", "d" * 64))
    inputs = {"curate": dataset} if dataset else {}
    config = TrainConfig.model_validate(json.loads(sys.argv[2]))
    with new_attempt(store, Address("train", "t" * 64), inputs=inputs, settings={}) as work:
        run(config, work)
        work.publish()
