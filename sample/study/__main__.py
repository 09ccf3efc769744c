"""Run the arms of the study, each with several seeds, and compare them.

a sample's pipeline, changed as arms.yaml says  ->  a page, and a picture beside it

All runs lie in one store and share what they have in common; an interrupted study continues.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypedDict, Unpack

import click

from gabarito.chat.open_client import URL_NAME
from gabarito.commands.demo import SAMPLE
from gabarito.commands.options import say
from gabarito.commands.pipeline import run_pipeline
from gabarito.core.errors import GabaritoError, GateFailed
from gabarito.core.settings import local_path
from gabarito.demo.process import started
from gabarito.pipeline.runs import Run, new_run
from gabarito.store.base import Store
from gabarito.store.open import open_store
from gabarito.store.scratch import temporary_folder
from sample.study.arms import Arm, Arms, Sample, read_arms
from sample.study.chart import chart
from sample.study.page import Study, line, page
from sample.study.results import ArmResult, SeedResult, missed_facts, read_result

STORE = "gabarito-study-store"
NANO = "gabarito:demo/nano"
SEEDS = 3


class Given(TypedDict):
    """The options of the command."""

    names: str
    seeds: int
    steps: int | None
    base: str | None
    sample: str
    store_url: str
    to: Path | None


@click.command()
@click.option("--arms", "names", default="", help="Names of arms, with commas; default: all.")
@click.option("--seeds", type=click.IntRange(min=1), default=SEEDS, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Of arms that do not count epochs.")
@click.option("--base", help="Another base: nano, a folder, or an id of the model hub.")
@click.option(
    "--sample", default=SAMPLE, show_default=True, help="Has pipeline.yaml and replies.jsonl."
)
@click.option("--store", "store_url", default=STORE, show_default=True)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page, such as docs/study.md, with its picture beside it; default: print it.",
)
def main(**given: Unpack[Given]) -> None:
    """Run the arms of the study, each with several seeds, and compare them.

    Ctrl-C leaves a study that the same command continues.
    """
    try:
        _write(_run(given), given["to"])
    except GabaritoError as error:
        click.echo(f"study: {error}", err=True)
        raise SystemExit(error.exit_code) from error


def _run(given: Given) -> Study:
    """Run all arms with the first seed, then with the next: what is there early is a whole."""
    table, seeds = read_arms(), range(given["seeds"])
    sample = Sample(
        local_path(f"{given['sample']}/pipeline.yaml"), base_of(given["base"]), given["steps"]
    )
    names = [name for name in given["names"].split(",") if name]
    arms = table.chosen(names, sample.base_name)
    for arm in table.arms:
        if not arm.is_for(sample.base_name):
            say(f"left out: arm {arm.name}, which is for the base {', '.join(arm.on_base)}")
    first = sample.pipeline(table.common, arms[0], 0)
    with (
        started(
            "teacher", "--replies", f"{given['sample']}/replies.jsonl", "--port", "0"
        ) as server,
        temporary_folder("missed") as folder,
    ):
        os.environ[URL_NAME] = f"{server.address}/v1"
        runs = _Runs(open_store(given["store_url"]), sample, table, folder)
        turns = [(arm, seed) for seed in seeds for arm in arms]
        for number, (arm, seed) in enumerate(turns, start=1):
            runs.make(arm, seed, f"{number}/{len(turns)} arm {arm.name}, seed {seed}")
    return Study(
        sample=first.name,
        base=sample.base_name,
        command=command_of(given),
        seeds=len(seeds),
        results=[ArmResult(arm, [runs.results[arm.name, seed] for seed in seeds]) for arm in arms],
    )


class _Runs:
    """The runs of a study: what is missing of each is made, what it came to is kept."""

    def __init__(self, store: Store, sample: Sample, table: Arms, folder: Path) -> None:
        self.results: dict[tuple[str, int], SeedResult] = {}
        """By the name of an arm and a seed."""
        self._store, self._sample, self._table = store, sample, table
        self._folder = folder
        self._runs: dict[tuple[str, int], Run] = {}

    def make(self, arm: Arm, seed: int, place: str) -> None:
        """Run an arm with a seed; whether its model passes its gate is no matter here."""
        missed = self._missed(arm.after, seed) if arm.after else None
        run = new_run(self._sample.pipeline(self._table.common, arm, seed, missed))
        say(place)
        with suppress(GateFailed):
            run_pipeline(self._store, run)
        result = read_result(self._store, run)
        self._runs[arm.name, seed], self.results[arm.name, seed] = run, result
        say(f"{place}: {line(ArmResult(arm, [result]))}")

    def _missed(self, name: str, seed: int) -> Path:
        """Write what an arm missed to a file, and return its path."""
        path = self._folder / f"{name}-{seed}.jsonl"
        path.write_bytes(missed_facts(self._store, self._runs[name, seed]))
        return path


def _write(study: Study, to: Path | None) -> None:
    if to is None:
        click.echo(page(study, "study.svg"))
        return
    picture = to.with_suffix(".svg")
    picture.write_text(chart(study.results), encoding="utf-8")
    to.write_text(page(study, picture.name), encoding="utf-8")
    say(f"written: {to}, {picture}")


def base_of(given: str | None) -> str | None:
    """Return a base as ``train.base`` names it: paths there are taken from the pipeline's file."""
    if given == "nano":
        return NANO
    return str(Path(given).resolve()) if given and Path(given).is_dir() else given


def command_of(given: Given) -> str:
    """Return the command that repeats the study, without the places of one machine."""
    options = {
        "arms": given["names"],
        "seeds": given["seeds"] if given["seeds"] != SEEDS else None,
        "steps": given["steps"],
        "base": _shown(given["base"]),
        "sample": _shown(given["sample"]) if given["sample"] != SAMPLE else None,
    }
    shown = [f"--{name} {value}" for name, value in options.items() if value]
    return " ".join(["python -m sample.study", *shown])


def _shown(path: str | None) -> str | None:
    return Path(path).name if path and Path(path).is_absolute() else path


if __name__ == "__main__":
    main()
