"""The endpoint keeps to the document that it serves."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from gabarito.proof import FactTable
from gabarito.serve.fields import NEUTRAL, SAMPLING
from gabarito.serve.request import ChatRequest, CompletionRequest

from .conftest import RuleEngine
from .test_proof import ENTRY

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


def got(url: str, body: dict[str, object] | None = None) -> Any:  # noqa: ANN401  # any JSON
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as response:
        return json.load(response)


def test_the_document_names_all_that_is_said_of_an_answer_and_of_readiness(serving: Start) -> None:
    turns = [{"role": role, "content": "anna called dave"} for role in ("system", "user", "user")]
    facts = FactTable([ENTRY])
    with serving(facts=facts, threshold=0.0, proof_suffix="{title}", max_new_tokens=20) as server:
        asked = {"messages": turns, "temprature": 1}
        reply = got(f"{server.url}/v1/chat/completions", asked)
        ready = got(f"{server.url}/ready")
        schemas = got(f"{server.url}/openapi.json")["components"]["schemas"]
    about = reply["choices"][0]["gabarito"]
    assert about["proof"]
    assert set(schemas["About"]["properties"]) == set(about)
    assert set(schemas["Proof"]["properties"]) == set(about["proof"])
    assert set(schemas["About"]["properties"]["left_aside"]["properties"]) == {*about["left_aside"]}
    assert set(schemas["Ready"]["properties"]) == set(ready)


def test_the_document_names_the_base_where_it_answers(serving: Start) -> None:
    with serving() as alone, serving(base=RuleEngine()) as beside:
        paths = [got(f"{server.url}/openapi.json")["paths"] for server in (alone, beside)]
    assert paths[1].keys() - paths[0].keys() == {"/v1/base/chat/completions"}


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
