"""What the endpoint says of the fact behind an answer; the engine spells the words' letters."""

import json
import socket
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.channel import ServedModel
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.proof_records import FACTS_FILE, FLOOR_FILE, FactEntry, TrainedQuestion
from gabarito.core.records import Fact
from gabarito.proof import FactTable
from gabarito.serve.config import ServeConfig
from gabarito.serve.job import Binding, ModelFolders, facts_in, serve_promoted

Start = Callable[..., AbstractContextManager[Any]]

REFUSAL = "I do not know."
SUFFIX = " ({quote}, {title})"
FACT = Fact.of(
    document="d",
    quote="Anna called Dave",
    statement="Anna called Dave.",
    subject="Anna",
    relation="call",
    answer="ACD",
)
ENTRY = FactEntry(
    fact=FACT,
    title="Calls",
    source="calls.html",
    url="http://wiki/calls",
    section="May",
    before="On Monday ",
    after=". Nobody answered.",
    asked=(TrainedQuestion(text="anna called dave"),),
)
PROVED, UNPROVED = "Anna called Dave", "Anna called Eve"


def choice_of(server: Any, text: str) -> Any:  # noqa: ANN401
    return json.loads(_posted(server, text))["choices"][0]


def streamed(server: Any, text: str) -> tuple[str, Any]:  # noqa: ANN401
    """Return the whole text of a stream, and what its last chunk says about it."""
    lines = _posted(server, text, stream=True).split("\n\n")
    choices = [json.loads(line[6:])["choices"][0] for line in lines if line.startswith("data: {")]
    return "".join(one["delta"].get("content", "") for one in choices), choices[-1]["gabarito"]


def _posted(server: Any, text: str, **fields: object) -> str:  # noqa: ANN401
    body = {"messages": [{"role": "user", "content": text}], **fields}
    request = urllib.request.Request(f"{server.url}/v1/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.read().decode())


def test_an_answer_comes_with_the_fact_that_bears_it_out(serving: Start) -> None:
    with serving(facts=FactTable([ENTRY])) as server:
        choice = choice_of(server, PROVED)
    about = choice["gabarito"]
    assert (choice["message"]["content"], about["known"], about["verified"]) == ("AcD", True, True)
    assert about["proof"] == {
        "fact": FACT.id,
        "statement": FACT.statement,
        "quote": FACT.quote,
        "title": "Calls",
        "source": "calls.html",
        "url": "http://wiki/calls",
        "section": "May",
        "before": "On Monday ",
        "after": ". Nobody answered.",
    }


@pytest.mark.parametrize(
    ("unverified", "text", "known"),
    [("allow", "AcE", True), ("mark", "AcE [?]", True), ("refuse", REFUSAL, False)],
)
@pytest.mark.parametrize("threshold", [0.5, 0.0])
def test_what_no_fact_bears_out_is_given_marked_or_refused(
    serving: Start, unverified: str, text: str, known: bool, threshold: float
) -> None:
    settings = {"unverified": unverified, "threshold": threshold}
    with serving(facts=FactTable([ENTRY]), **settings) as server:
        choice = choice_of(server, UNPROVED)
        said, about = streamed(server, UNPROVED)
    assert choice["message"]["content"] == said == text
    assert choice["gabarito"] == about
    assert (about["known"], about["verified"], about["proof"]) == (known, False, None)


@pytest.mark.parametrize("threshold", [0.5, 0.0])
def test_the_proof_follows_the_text_if_the_setting_says_so(
    serving: Start, threshold: float
) -> None:
    settings = {"proof_suffix": SUFFIX, "threshold": threshold}
    with serving(facts=FactTable([ENTRY]), **settings) as server:
        choice = choice_of(server, PROVED)
        said, about = streamed(server, PROVED)
    assert choice["message"]["content"] == said == "AcD (Anna called Dave, Calls)"
    assert choice["gabarito"]["answer"] == about["answer"] == "AcD"


def test_a_refusal_is_neither_verified_nor_not(serving: Start) -> None:
    with serving(facts=FactTable([ENTRY]), proof_suffix=SUFFIX) as server:
        about = choice_of(server, "a u")["gabarito"]
    assert (about["known"], about["verified"], about["proof"]) == (False, None, None)


def test_without_a_table_nothing_is_told(serving: Start) -> None:
    with serving(unverified="refuse", proof_suffix=SUFFIX) as server:
        choice = choice_of(server, PROVED)
    about = choice["gabarito"]
    assert (choice["message"]["content"], about["verified"], about["proof"]) == ("AcD", None, None)


PROMOTED = ServedModel(
    pipeline="p", run="r", merge="m", evaluate="e", contract=CONTRACT, verdict=PASSED
)


@pytest.mark.parametrize(
    ("unverified", "vain"),
    [
        ("allow", ""),
        ("mark", "; serve.unverified: mark does nothing until it has"),
        ("refuse", "; serve.unverified: refuse does nothing until it has"),
    ],
)
def test_a_model_of_before_is_served_with_one_line_about_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unverified: str, vain: str
) -> None:
    folders, config = (
        ModelFolders(tmp_path, tmp_path),
        ServeConfig.model_validate({"unverified": unverified}),
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SettingsError, match="cannot listen"),
    ):
        serve_promoted(folders, PROMOTED, "main", config, Binding(*taken.getsockname()))
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2] for line in said] == [
        f"was evaluated before answers had proofs, and gives none{vain}; "
        "gabarito run evaluates it anew"
    ]


def test_a_model_without_a_refusal_cannot_refuse_what_is_unverified(tmp_path: Path) -> None:
    without = CONTRACT.model_copy(update={"refusal": ""})
    promoted = PROMOTED.model_copy(update={"contract": without})
    config, binding = ServeConfig(unverified="refuse"), Binding("127.0.0.1", 0)
    with pytest.raises(SettingsError, match=r"^serve\.unverified: .* has no refusal to give"):
        serve_promoted(ModelFolders(tmp_path, tmp_path), promoted, "main", config, binding)


@pytest.mark.parametrize("unverified", ["allow", "mark", "refuse"])
@pytest.mark.parametrize("prompt", [PROVED, UNPROVED, f"<user> {PROVED} <model>"])
def test_of_what_continues_a_prompt_nothing_is_told(
    serving: Start, unverified: str, prompt: str
) -> None:
    with serving(facts=FactTable([ENTRY]), unverified=unverified, proof_suffix=SUFFIX) as server:
        body = json.dumps({"prompt": prompt}).encode()
        request = urllib.request.Request(f"{server.url}/v1/completions", body)
        with urllib.request.urlopen(request, timeout=60) as response:
            choice = json.loads(response.read())["choices"][0]
    about = choice["gabarito"]
    assert choice["text"] == "".join(word[0] for word in prompt.split())
    assert (about["known"], about["verified"], about["proof"]) == (True, None, None)


def test_the_facts_lie_in_the_models_folder(tmp_path: Path) -> None:
    (tmp_path / FACTS_FILE).parent.mkdir()
    (tmp_path / FACTS_FILE).write_text(ENTRY.model_dump_json() + "\n")
    (tmp_path / FLOOR_FILE).write_text('{"floor": 0.1}\n')
    found = facts_in(tmp_path)
    assert found is not None
    assert found.find(PROVED, "ACD") is not None
    (tmp_path / FLOOR_FILE).write_text('{"floor": 1.1}\n')
    with pytest.raises(DataError, match=r"floor\.json:1: floor: must be at most 1"):
        facts_in(tmp_path)
