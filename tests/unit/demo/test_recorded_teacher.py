import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from gabarito.core.errors import DataError, MissingError, SettingsError
from gabarito.demo.recorded_teacher import TeacherServer, open_server

RECORDINGS = [
    {"task": "facts", "key": "O Paris  venceu.", "replies": [{"text": '{"n": 1}'}]},
    {"task": "facts", "key": "A Inter perdeu.", "replies": [{"text": '{"n": 2}'}, {"text": "2b"}]},
    {
        "task": "facts",
        "key": "Corta aqui.",
        "replies": [{"text": '{"n": 3', "finish_reason": "length"}],
    },
    {"task": "missed", "key": "O Paris venceu.", "replies": [{"text": "missed"}]},
    {"task": "questions", "key": "O Paris venceu", "replies": [{"text": "short"}]},
    {"task": "questions", "key": "O Paris venceu a Inter.", "replies": [{"text": "long"}]},
    {"task": "names", "key": "kind: clube", "replies": [{"text": "clubes"}]},
]

Start = Callable[..., TeacherServer]


@pytest.fixture
def replies(tmp_path: Path) -> Path:
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(map(json.dumps, RECORDINGS)))
    return path


@pytest.fixture
def start(replies: Path) -> Iterator[Start]:
    servers: list[TeacherServer] = []

    def call(**settings: Any) -> TeacherServer:  # noqa: ANN401
        servers.append(open_server(str(replies), **settings))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,), daemon=True).start()
        return servers[-1]

    yield call
    for server in servers:
        server.shutdown()
        server.server_close()


def post(server: TeacherServer, body: object, key: str = "") -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{server.address}/v1/chat/completions"
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", url, json=body, headers=headers)


def chat(server: TeacherServer, message: str) -> urllib3.BaseHTTPResponse:
    return post(server, {"model": "recorded", "messages": [{"role": "user", "content": message}]})


def said(server: TeacherServer, message: str) -> tuple[str, str]:
    choice = chat(server, message).json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def test_recordings_answer_in_the_order_of_the_passage(start: Start) -> None:
    asked = "task: facts\npassage:\nA Inter\nperdeu.   O Paris venceu."
    assert said(start(), asked) == ('{"n": 2}\n{"n": 1}', "stop")


def test_a_later_request_gets_the_next_reply_and_then_the_last_again(start: Start) -> None:
    server = start()
    asked = "task: facts\nA Inter perdeu."
    assert [said(server, asked)[0] for _ in range(3)] == ['{"n": 2}', "2b", "2b"]


def test_a_request_that_numbers_itself_gets_that_reply(start: Start) -> None:
    server = start()
    assert said(server, "task: facts\nattempt: 2\nA Inter perdeu.")[0] == "2b"
    assert said(server, "task: facts\nattempt: 1\nA Inter perdeu.")[0] == '{"n": 2}'


def test_a_cut_recording_ends_the_reply(start: Start) -> None:
    asked = "task: facts\nO Paris venceu. Corta aqui. A Inter perdeu."
    assert said(start(), asked) == ('{"n": 1}\n{"n": 3', "length")


def test_tasks_have_recordings_of_their_own(start: Start) -> None:
    assert said(start(), "task: missed\nO Paris venceu.")[0] == "missed"


@pytest.mark.parametrize("asked", ["task: facts\nOutra coisa.", "O Paris venceu.", "task: dance"])
def test_what_is_not_recorded_is_an_empty_list(start: Start, asked: str) -> None:
    assert said(start(), asked) == ("[]", "stop")


def test_a_question_is_about_the_fact_with_the_longest_key(start: Start) -> None:
    assert said(start(), "task: questions\nfact: O Paris venceu a Inter.")[0] == "long"
    assert said(start(), "task: questions\nfact: O Paris venceu")[0] == "short"


def test_a_key_is_no_part_of_other_words(start: Start) -> None:
    assert said(start(), "task: names\nkind: clubes")[0] == "[]"
    assert said(start(), "task: names\nkind: clube\nnames:")[0] == "clubes"


def test_replies_have_the_shape_of_the_protocol(start: Start) -> None:
    body = chat(start(), "task: names\nkind: clube").json()
    assert (body["object"], body["model"]) == ("chat.completion", "recorded")
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


def test_models_are_listed(start: Start) -> None:
    with urllib3.PoolManager() as pool:
        body = pool.request("GET", f"{start().address}/v1/models").json()
    assert [model["id"] for model in body["data"]] == ["recorded"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (
            {"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]},
            404,
            "model_not_found",
        ),
        ({"model": "recorded", "messages": []}, 400, "invalid_request"),
        ({"model": "recorded"}, 400, "invalid_request"),
        ([], 400, "invalid_request"),
    ],
)
def test_bad_requests_are_refused_in_the_shape_of_the_protocol(
    start: Start, body: object, status: int, code: str
) -> None:
    response = post(start(), body)
    assert (response.status, response.json()["error"]["code"]) == (status, code)


def test_other_paths_do_not_exist(start: Start) -> None:
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{start().address}/v2").status == 404
        assert pool.request("POST", f"{start().address}/v1/embeddings", json={}).status == 404


def test_the_key_is_checked(start: Start) -> None:
    server = start(api_key="right")
    body = {"model": "recorded", "messages": [{"role": "user", "content": "x"}]}
    assert [post(server, body, key).status for key in ("", "wrong", "right")] == [401, 401, 200]


def test_latency_is_waited(start: Start) -> None:
    began = time.monotonic()
    chat(start(latency=0.2), "task: facts")
    assert time.monotonic() - began >= 0.2


def test_a_kept_connection_waits_for_no_acknowledgement(start: Start) -> None:
    url = f"{start().address}/v1/models"
    taken = []
    with urllib3.PoolManager() as pool:
        for _ in range(20):
            began = time.monotonic()
            pool.request("GET", url)
            taken.append(time.monotonic() - began)
    assert min(taken[1:]) < 0.02, "Nagle's algorithm with delayed acknowledgements: 0.04 s"


def test_mishaps_come_at_their_rates_and_alike_in_every_run(start: Start) -> None:
    runs = []
    for _ in range(2):
        server = start(rate_429=0.3, rate_500=0.2, seed=5)
        runs.append([server.mishap(f"{number}".encode()) for number in range(1000)])
    assert runs[0] == runs[1]
    assert abs(runs[0].count(429) - 300) < 60
    assert abs(runs[0].count(500) - 200) < 60
    other = start(rate_429=0.3, rate_500=0.2, seed=6)
    assert runs[0] != [other.mishap(f"{number}".encode()) for number in range(1000)]


def test_a_refused_request_is_told_when_to_return(start: Start) -> None:
    response = chat(start(rate_429=1.0), "task: facts")
    assert (response.status, response.headers["Retry-After"]) == (429, "1")
    assert response.headers["retry-after-ms"] == "200"


def test_a_bad_line_is_named(replies: Path) -> None:
    replies.write_text(replies.read_text() + '\n{"task": "facts", "key": "x", "replies": []}')
    with pytest.raises(DataError, match=r"replies\.jsonl:8: replies: must not be empty"):
        open_server(str(replies))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"none\.jsonl: no such file"):
        open_server(str(tmp_path / "none.jsonl"))


def test_a_port_in_use_is_named(start: Start, replies: Path) -> None:
    with pytest.raises(SettingsError, match="Address already in use; choose another --port"):
        open_server(str(replies), port=start().server_address[1])


def test_it_is_asked_by_our_client_at_an_address_of_ipv6(start: Start) -> None:
    server = start(host="::1")
    assert server.address == f"http://[::1]:{server.server_port}"
    assert chat(server, "O Paris venceu.").status == 200


def test_the_command_prints_the_address_when_it_answers_and_stops_quietly(replies: Path) -> None:
    command = [sys.executable, "-m", "gabarito", "teacher", "--replies", str(replies)]
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().split()[-1]
        with urllib3.PoolManager() as pool:
            assert pool.request("GET", f"{url}/v1/models").status == 200
        process.terminate()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
