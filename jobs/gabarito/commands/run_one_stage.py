"""The stages as commands: what a Job runs."""

import click

from gabarito.commands.options import store_option
from gabarito.core.errors import UsageError
from gabarito.pipeline.run_stage import Shard, conclude, perform
from gabarito.pipeline.runs import read_run
from gabarito.pipeline.stages import STAGES
from gabarito.store.open import open_store


class _ShardType(click.ParamType[Shard]):
    name = "i/n"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shard:
        """Read ``i/n`` with 0 <= i < n."""
        if isinstance(value, Shard):
            return value
        index, slash, count = str(value).partition("/")
        if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise UsageError(f"--shard: must be i/n with 0 <= i < n, got {value!r}")
        return Shard(int(index), int(count))


def _command(stage: str) -> click.Command:
    @click.command(stage, help=f"Run the stage {stage} of a run, as a Job does.")
    @store_option
    @click.option("--run", "run_id", required=True, help="The run's id; gabarito plan shows it.")
    def command(store_url: str, run_id: str, shard: Shard | None = None) -> None:
        store = open_store(store_url)
        conclude(stage, perform(store, read_run(store, run_id), stage, shard))

    if stage == "generate":
        shard = click.option("--shard", type=_ShardType(), help="Only this part of the passages.")
        command = shard(command)
    return command


ingest, generate, curate, train, merge, evaluate = (_command(stage) for stage in STAGES)
