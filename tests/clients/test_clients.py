"""What people ask the endpoint with: each gets the answer that the model gives."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

QUESTION = "Quem foi o campeão da Champions League 2024/25?"
SCRIPTS = Path(__file__).parent / "scripts"

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NO_PROXY": "127.0.0.1",
}
"""What keeps them from asking anybody else."""


def post(url: str, body: object, path: str = "chat/completions") -> tuple[int, Any]:
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/v1/{path}", data)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            raw = response.read().decode()
            return response.status, json.loads(raw) if raw.startswith("{") else raw
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def said(reply: dict[str, Any]) -> str:
    text: str = reply["choices"][0]["message"]["content"]
    return text


@pytest.fixture(scope="module")
def answer(endpoint: str) -> str:
    text = said(post(endpoint, {"messages": [{"role": "user", "content": QUESTION}]})[1])
    assert text
    return text


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("by_*.py")))
def test_a_client_of_python_gets_the_answer_by_every_way(
    endpoint: str, answer: str, name: str
) -> None:
    ran = subprocess.run(
        [sys.executable, SCRIPTS / f"{name}.py", endpoint, QUESTION],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | QUIET,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stdout.splitlines()[-1])) == {answer}


def test_curl_gets_the_answer(endpoint: str, answer: str) -> None:
    body = json.dumps({"model": "nano", "messages": [{"role": "user", "content": QUESTION}]})
    command = ["curl", "--silent", "--fail", f"{endpoint}/v1/chat/completions", "--json", body]
    ran = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert said(json.loads(ran.stdout)) == answer


def test_open_webui_gets_answers_and_titles(endpoint: str, answer: str) -> None:
    """Its requests, by backend/open_webui/routers/openai.py: it is too large to be installed."""
    with urllib.request.urlopen(f"{endpoint}/v1/models", timeout=10) as response:
        assert [card["id"] for card in json.load(response)["data"]] == ["nano"]
    text = {"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}
    talk = {
        "model": "nano",
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning": {"effort": "low"},
        "messages": [
            {"role": "system", "content": "Today is Monday."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "How can I help?"},
            {"role": "user", "content": [text]},
        ],
    }
    status, events = post(endpoint, talk)
    assert status == 200
    chunks = [json.loads(line[6:]) for line in events.split("\n\n") if line.startswith("data: {")]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == answer
    title = {
        "model": "nano",
        "messages": [{"role": "user", "content": "### Task: a title for this chat"}],
        "stream": False,
        "max_tokens": 1000,
    }
    assert post(endpoint, title)[0] == 200


LM_EVAL = {"model": "nano", "max_tokens": 16, "temperature": 0, "seed": 1234}


def test_lm_eval_gets_what_it_generates(endpoint: str, answer: str) -> None:
    """Its requests, by lm_eval/models/openai_completions.py: installed it is 180 MB."""
    talk = LM_EVAL | {"messages": [{"role": "user", "content": QUESTION}], "stop": ["\n\n", "Q:"]}
    status, reply = post(endpoint, talk | {"max_tokens": 256, "type": "text"})
    assert (status, said(reply)) == (200, answer)
    status, reply = post(endpoint, LM_EVAL | {"prompt": [QUESTION], "stop": []}, "completions")
    assert (status, len(reply["choices"])) == (200, 1)


def test_lm_eval_is_told_that_likelihoods_of_prompts_are_not_served(endpoint: str) -> None:
    asked = LM_EVAL | {"prompt": [QUESTION], "max_tokens": 1, "logprobs": 1, "echo": True}
    status, reply = post(endpoint, asked, "completions")
    assert (status, reply["error"]["param"]) == (400, "echo")
    assert reply["error"]["message"] == "echo: only false is served; leave it out"
