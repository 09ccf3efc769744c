"""Run shard 0 of 1 of the stage as a process of its own: ``worker.py STORE SETTINGS``."""

import sys

from gabarito.artifacts import claims
from gabarito.artifacts.artifact import Address, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.core.errors import Interrupted
from gabarito.core.shard import Shard
from gabarito.core.stop import raise_on_stop
from gabarito.generate import job
from gabarito.generate.config import GenerateConfig
from gabarito.store.open import open_store

if __name__ == "__main__":
    raise_on_stop()
    claims.RENEW_S = 0.2  # the tests wait for the lease of a killed worker, with a shorter LEASE_S
    store = open_store(sys.argv[1])
    source = open_artifact(store, Address("ingest", "f" * 64))
    assert source
    config = GenerateConfig.model_validate_json(sys.argv[2])
    address = Address("generate", "a" * 64, "0-of-1")
    try:
        with new_attempt(store, address, inputs={"ingest": source}, settings={}) as work:
            job.run_shard(config, work, Shard())
            work.publish()
    except KeyboardInterrupt:
        sys.exit(Interrupted.exit_code)
