"""What `gabarito check` forecasts of a sample, beside what a run then makes of it.

    PYTHONPATH=jobs .venv/bin/python tests/bench/forecast.py                  # the demo
    PYTHONPATH=jobs .venv/bin/python tests/bench/forecast.py sample/handbook

The recorded teacher answers; nothing is trained. `python -m sample.handbook` fetches the pages of
the second.
"""

import os
from collections import Counter

import click

from gabarito.artifacts.artifact import open_artifact
from gabarito.chat.open_client import URL_NAME
from gabarito.commands.pipeline import run_pipeline
from gabarito.core.records import Example, Fact
from gabarito.core.settings import local_path
from gabarito.demo.process import started
from gabarito.generate.results import Call
from gabarito.pipeline.checks.check import all_findings
from gabarito.pipeline.runs import Run, new_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder

SAID = ("teacher", "forecast", "training")


def made(store: Store, run: Run) -> str:
    """Say what a run made, in the words of the forecast; names are not forecast."""
    generated, dataset = (
        open_artifact(store, run.address(name)) for name in ("generate", "curate")
    )
    assert generated
    assert dataset
    facts = sum(1 for _ in generated.records("facts.jsonl", Fact))
    calls = [one for one in generated.records("calls.jsonl", Call) if one.task != "names"]
    sent = sum(call.prompt_tokens for call in calls)
    received = sum(call.completion_tokens for call in calls)
    kinds = Counter(row.kind for row in dataset.records("train.jsonl", Example))
    return (
        f"{facts:,} facts, {len(calls):,} requests, {sent:,} tokens sent and {received:,} "
        f"received; {kinds.total():,} rows without replay ({dict(kinds)})"
    )


@click.command()
@click.argument("sample", default="gabarito:demo")
@click.option("--pipeline", help="Other settings than SAMPLE/pipeline.yaml.")
def main(sample: str, pipeline: str | None) -> None:
    """Print the forecast, and what was made."""
    path = local_path(pipeline or f"{sample}/pipeline.yaml")
    with temporary_folder("forecast") as folder:
        store = open_store(str(folder / "store"))
        with started("teacher", "--replies", f"{sample}/replies.jsonl", "--port", "0") as teacher:
            os.environ[URL_NAME] = f"{teacher.address}/v1"
            for found in all_findings(path, store.url):
                if found.what in SAID:
                    click.echo(f"{found.what}: {found.said}")
            run = new_run(read_pipeline(path))
            run_pipeline(store, run, last="curate")
        click.echo(f"made: {made(store, run)}")


if __name__ == "__main__":
    main()
