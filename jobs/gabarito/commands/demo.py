"""Commands about samples: the recorded teacher, and the demonstration."""

import os
from typing import Unpack

import click

from gabarito.chat.open_client import KEY_NAME, URL_NAME
from gabarito.commands.options import (
    FiniteRange,
    host_option,
    name_option,
    port_type,
    store_option,
)
from gabarito.core.secrets import secret_from
from gabarito.core.settings import local_path
from gabarito.demo.recorded_teacher import Manners, serve_replies
from gabarito.store.open import open_store

SAMPLE = "gabarito:demo"
SECONDS = FiniteRange(min=0)
SHARE = FiniteRange(0, 1)


@click.command()
@click.argument("sample", default=SAMPLE)
@name_option("--pipeline", help="Other settings than SAMPLE/pipeline.yaml.")
@store_option
@click.option(
    "--port", type=port_type, default=8000, show_default=True, help="The endpoint's port; 0: any."
)
@click.option("--stay/--no-stay", default=None, help="Keep serving at the end (on a terminal).")
def demo(sample: str, pipeline: str | None, store_url: str, port: int, stay: bool | None) -> None:
    """Run the whole pipeline on a sample, then ask five questions.

    Documents about the Champions League 2024/25 are read, a recorded teacher writes questions,
    a small model learns, and is asked before and after. Ctrl-C leaves a run that continues.

    SAMPLE is another folder with pipeline.yaml, replies.jsonl and five.jsonl.
    """
    from gabarito.commands.pipeline import run_pipeline
    from gabarito.demo.interview import interview
    from gabarito.demo.process import started
    from gabarito.pipeline.runs import new_run
    from gabarito.pipeline.schema import read_pipeline

    store = open_store(store_url)
    planned = new_run(read_pipeline(local_path(pipeline or f"{sample}/pipeline.yaml")))
    with started("teacher", "--replies", f"{sample}/replies.jsonl", "--port", "0") as teacher:
        os.environ[URL_NAME] = f"{teacher.address}/v1"
        run_pipeline(store, planned)
    interview(store, planned, f"{sample}/five.jsonl", port=port, stay=stay)


@click.command()
@click.option("--replies", required=True, help="A file of recorded replies, one object a line.")
@host_option
@click.option("--port", type=port_type, default=8100, show_default=True, help="0: any free port.")
@click.option("--latency", type=SECONDS, default=0.0, help="Seconds before each reply.")
@click.option("--rate-400", type=SHARE, default=0.0, help="Share refused for good.")
@click.option("--rate-429", type=SHARE, default=0.0, help="Share answered 429.")
@click.option("--rate-500", type=SHARE, default=0.0, help="Share answered 500.")
@click.option("--seed", default=0, show_default=True, help="Which requests those shares hit.")
def teacher(replies: str, host: str, port: int, **manners: Unpack[Manners]) -> None:
    """Serve recorded replies as an OpenAI-compatible teacher.

    With GABARITO_TEACHER_KEY set, requests must carry it as bearer token.
    """
    serve_replies(replies, host, port, secret_from(KEY_NAME), **manners)
