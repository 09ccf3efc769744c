"""The endpoint keeps to the document that it serves."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from gabarito.serve.fields import NEUTRAL, SAMPLING
from gabarito.serve.request import ChatRequest, CompletionRequest

Start = Callable[..., AbstractContextManager[Any]]


def test_the_document_names_every_field_that_is_read_or_refused(serving: Start) -> None:
    with (
        serving(token="right") as server,
        urllib.request.urlopen(f"{server.url}/openapi.json", timeout=10) as response,
    ):
        schemas = json.load(response)["components"]["schemas"]
    for kind in (ChatRequest, CompletionRequest):
        named = set(schemas[kind.__name__]["properties"])
        assert named == {*kind.model_fields, *NEUTRAL, *SAMPLING}


def test_schemathesis_finds_nothing(serving: Start, tmp_path: Path) -> None:
    with serving() as server:
        command = [
            *(sys.executable, "-W", "ignore", "-m", "schemathesis.cli"),
            *("run", f"{server.url}/openapi.json", "--checks", "all"),
            # no schema can say that a text has tokens, or that a conversation ends with a question
            *("--exclude-checks", "positive_data_acceptance"),
            *("--phases", "coverage,fuzzing", "--max-examples", "10", "--seed", "1"),
            *("--no-shrink", "--continue-on-failure"),
        ]
        ran = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False
        )
    assert ran.returncode == 0, ran.stdout
