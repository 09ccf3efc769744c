"""One stage of one run, as a Job runs it: read the frozen settings, work, publish."""

import importlib
import json
import logging
from types import ModuleType

from gabarito.artifacts.artifact import Address, Artifact, open_artifact
from gabarito.artifacts.attempt import Attempt, new_attempt
from gabarito.artifacts.fingerprint import input_digests
from gabarito.core.errors import DataError
from gabarito.core.log import write_termination_message
from gabarito.core.rank import is_first_process
from gabarito.core.shard import Shard
from gabarito.core.stop import stop_at_end
from gabarito.pipeline.runs import Run
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store

log = logging.getLogger("gabarito.pipeline.run_stage")


def perform(store: Store, run: Run, stage: str, shard: Shard | None = None) -> Artifact | None:
    """Make a stage's artifact, unless it is there.

    None while other shards are missing, or where another process writes what was made together.

    Raises:
        DataError: if an upstream artifact is missing, or a file changed since the run was
            planned.
    """
    address = run.address(stage)
    done = open_artifact(store, address)
    if done is not None:
        log.info("already done", extra={"stage": stage, "fingerprint": address.fingerprint})
        return done
    inputs = {above: _upstream(store, run, stage, above) for above in STAGES[stage].reads}
    _refuse_changed_files(run, stage)
    if shard or STAGES[stage].is_joined:
        return _perform_shard(store, run, address, inputs, shard or Shard())
    return _attempt(store, run, address, inputs)


def conclude(stage: str, artifact: Artifact | None) -> None:
    """Write a pod's termination message: what the stage made, in under 4 KiB."""
    if not is_first_process():
        return
    manifest = artifact.manifest if artifact else None
    write_termination_message(
        json.dumps({"stage": stage, "counts": manifest.counts if manifest else {}})
    )


def _attempt(
    store: Store, run: Run, address: Address, inputs: dict[str, Artifact]
) -> Artifact | None:
    job = _job(address.stage)
    section = run.pipeline.section(address.stage)
    settings = section.model_dump(mode="json")
    with new_attempt(store, address, inputs=inputs, settings=settings) as work:
        job.run(section, work)
        return _publish(run, work) if is_first_process() else None


def _job(stage: str) -> ModuleType:
    with stop_at_end():
        return importlib.import_module(f"gabarito.{stage}.job")


def _perform_shard(
    store: Store, run: Run, address: Address, inputs: dict[str, Artifact], shard: Shard
) -> Artifact | None:
    """Make one shard; whichever finishes last joins all of them."""
    job = _job(address.stage)
    section = run.pipeline.section(address.stage)
    settings = section.model_dump(mode="json")
    ours = Address(address.stage, address.fingerprint, shard.name)
    if open_artifact(store, ours) is None:
        with new_attempt(store, ours, inputs=inputs, settings=settings) as work:
            job.run_shard(section, work, shard)
            _publish(run, work)
    places = [Shard(index, shard.count).name for index in range(shard.count)]
    parts = [
        open_artifact(store, Address(address.stage, address.fingerprint, place)) for place in places
    ]
    whole = [part for part in parts if part is not None]
    if len(whole) < shard.count:
        log.info("shards missing", extra={"done": len(whole), "total": shard.count})
        return None
    with new_attempt(store, address, inputs=inputs, settings=settings) as work:
        job.join(section, whole, work)
        return _publish(run, work)


def _publish(run: Run, work: Attempt) -> Artifact:
    """Publish what was made, unless a file changed while it was read: its address says which."""
    _refuse_changed_files(run, work.address.stage)
    artifact = work.publish()
    manifest = artifact.manifest
    fields = {"artifact": artifact.address.prefix, "attempt": manifest.attempt}
    log.info("published", extra={**fields, "counts": manifest.counts})
    return artifact


def _upstream(store: Store, run: Run, stage: str, above: str) -> Artifact:
    artifact = open_artifact(store, run.address(above))
    if artifact is None:
        place = f"{store.url}/{run.address(above).manifest}"
        raise DataError(f"{stage}: {above} is not finished, no {place}; run gabarito {above} first")
    return artifact


def _refuse_changed_files(run: Run, stage: str) -> None:
    for path, digest in input_digests(run.pipeline.section(stage), stage).items():
        if run.digests.get(path) != digest:
            raise DataError(f"{path}: changed since run {run.run} was planned; plan the run anew")
