"""The desk over HTTP: a real server on loopback, asked as a browser asks and as others try to."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.reviewed import Reviewed

from gabarito.core.errors import SettingsError
from gabarito.pipeline.review.corrections_file import CorrectionsFile
from gabarito.pipeline.review.review_app import make_review_app
from gabarito.pipeline.review.review_server import serve_review
from gabarito.pipeline.review.review_session import ReviewSession
from gabarito.serve.server import make_server

TOKEN = "secret-token"


@dataclass
class Desktop:
    """Asks a server on this machine."""

    port: int

    def ask(
        self, path: str, body: object = None, method: str = "", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        own = {"Host": f"127.0.0.1:{self.port}"}
        if body is not None:
            own |= {"Origin": f"http://127.0.0.1:{self.port}"}
        sent = {name: value for name, value in {**own, **headers}.items() if value}
        data = None if body is None else json.dumps(body)
        connection.request(method or ("GET" if body is None else "POST"), path, data, sent)
        reply = connection.getresponse()
        found = reply.status, reply.read().decode(), dict(reply.getheaders())
        connection.close()
        return found

    def say(self, **said: str) -> tuple[int, dict[str, Any]]:
        status, text, _ = self.ask(f"/{TOKEN}/say", said)
        return status, json.loads(text)


@pytest.fixture
def desktop(session: ReviewSession) -> Iterator[Desktop]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = make_server(make_review_app(session, TOKEN, port), drain_s=1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield Desktop(port)
        server.should_exit = True
        thread.join()


def test_the_page_is_there_with_the_first_fact_in_it(desktop: Desktop, reviewed: Reviewed) -> None:
    status, page, headers = desktop.ask(f"/{TOKEN}/")
    assert status == 200
    assert reviewed.facts[0].id in page
    assert "<img" not in page
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert headers["cache-control"] == "no-store"


def test_the_page_names_no_address_elsewhere(desktop: Desktop) -> None:
    _, page, _ = desktop.ask(f"/{TOKEN}/")
    assert re.findall(r"https?://[^\s\"'`)]+", page.replace("http://127.0.0.1", "")) == []


@pytest.mark.parametrize("path", ["/", "/facts", "/secret/", f"/{TOKEN[:-1]}/", f"/x/{TOKEN}/"])
def test_who_does_not_have_the_token_gets_nothing(desktop: Desktop, path: str) -> None:
    status, text, _ = desktop.ask(path)
    assert (status, "gabarito review printed" in text) == (403, True)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "0.0.0.0:1"])
def test_another_name_of_this_machine_is_refused(desktop: Desktop, host: str) -> None:
    assert desktop.ask(f"/{TOKEN}/", Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://127.0.0.1:1"])
def test_a_page_elsewhere_cannot_post(
    desktop: Desktop, reviewed: Reviewed, file: CorrectionsFile, origin: str
) -> None:
    said = {"fact": reviewed.facts[0].id, "action": "strike"}
    assert desktop.ask(f"/{TOKEN}/say", said, Origin=origin)[0] == 403
    assert Path(file.name).read_text() == ""


def test_a_decision_is_written_at_once_with_who_and_when(
    desktop: Desktop, reviewed: Reviewed, file: CorrectionsFile
) -> None:
    fact = reviewed.facts[0].id
    status, written = desktop.say(fact=fact, action="answer", value="  9\n euros ")
    assert (status, written["sheet"]["now"]["answer"]) == (200, "9 euros")
    assert written["states"]["corrected"] == 1
    line = json.loads(Path(file.name).read_text())
    assert (line["fact"], line["action"], line["value"], line["who"]) == (
        fact,
        "answer",
        "9 euros",
        "ana",
    )
    assert line["when"].endswith("Z")


def test_what_was_decided_can_be_undone_and_cleared(
    desktop: Desktop, reviewed: Reviewed, file: CorrectionsFile
) -> None:
    fact = reviewed.facts[0].id
    desktop.say(fact=fact, action="strike")
    undone = json.loads(desktop.ask(f"/{TOKEN}/undo", {})[1])
    assert undone["sheet"]["row"]["state"] == "open"
    assert json.loads(desktop.ask(f"/{TOKEN}/undo", {})[1])["sheet"] is None
    desktop.say(fact=fact, action="strike")
    desktop.ask(f"/{TOKEN}/clear", {"fact": fact})
    assert Path(file.name).read_text() == ""


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"action": "strike", "fact": "gone"}, 404, "no fact 'gone' in run"),
        ({"action": "answer", "value": " ? "}, 400, "answer needs a value"),
        ({"action": "answer", "value": "9" * 5000}, 400, "may have 4000 characters, got 5000"),
        ({"action": "burn"}, 400, "strike"),
        ({"action": "strike", "more": "x"}, 400, "not what the page sends"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    desktop: Desktop, reviewed: Reviewed, said: dict[str, str], status: int, why: str
) -> None:
    got, answer = desktop.say(**{"fact": reviewed.facts[0].id, **said})
    assert (got, why in answer["error"]) == (status, True), answer
    assert (reviewed.folder / "corrections.jsonl").read_text() == ""


def test_a_body_that_is_too_large_is_refused(desktop: Desktop) -> None:
    status, text, _ = desktop.ask(f"/{TOKEN}/say", {"value": "9" * 100_000})
    assert (status, "may have 65536 bytes" in text) == (400, True)


def test_lines_about_facts_that_are_gone_are_told_and_can_be_taken_out(
    desktop: Desktop, reviewed: Reviewed, file: CorrectionsFile
) -> None:
    desktop.say(fact=reviewed.facts[0].id, action="checked")
    with Path(file.name).open("a") as other:
        other.write('{"fact": "gone", "action": "strike"}\n')
    assert '"gone":[2]' in desktop.ask(f"/{TOKEN}/")[1]
    assert desktop.ask(f"/{TOKEN}/forget-gone", {})[0] == 200
    assert [
        line["action"] for line in map(json.loads, Path(file.name).read_text().splitlines())
    ] == ["checked"]
    assert json.loads(desktop.ask(f"/{TOKEN}/undo", {})[1])["sheet"] is None


def test_facts_and_rows_are_asked_for_a_few_at_a_time(desktop: Desktop, reviewed: Reviewed) -> None:
    found = json.loads(desktop.ask(f"/{TOKEN}/facts?text=bridge+7&document=&state=")[1])
    assert (found["ids"], found["total"]) == ([reviewed.facts[4].id], 6)
    rows = json.loads(desktop.ask(f"/{TOKEN}/rows?ids={found['ids'][0]},nobody")[1])
    assert [row["statement"] for row in rows] == [reviewed.facts[4].statement]


def test_a_port_in_use_is_named(session: ReviewSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f":{port}: .*in use; choose another --port"):
            serve_review(session, port)
