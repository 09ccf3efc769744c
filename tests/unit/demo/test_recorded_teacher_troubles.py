import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gabarito.demo.recorded_teacher import TeacherServer, open_server

RECORDING = {"task": "facts", "key": "O Paris venceu.", "replies": [{"text": "[]"}]}
BODY = json.dumps({"model": "recorded", "messages": [{"role": "user", "content": "task: facts"}]})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TeacherServer]:
    path = tmp_path / "replies.jsonl"
    path.write_text(json.dumps(RECORDING))
    with open_server(str(path)) as teacher:
        threading.Thread(target=teacher.serve_forever, args=(0.02,), daemon=True).start()
        yield teacher
        teacher.shutdown()


def request(length: str, body: str) -> bytes:
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: h", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", body]).encode()


CHAT = request(str(len(BODY)), BODY)


def connected(server: TeacherServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5)


def everything(server: TeacherServer, length: str) -> str:
    """Return what is answered until the server closes the connection."""
    with connected(server) as client, client.makefile("rb") as answer:
        client.sendall(request(length, ""))
        return answer.read().decode()


@pytest.mark.parametrize("length", ["abc", "-1", "1_0", "+5", "9" * 30])
def test_a_bad_length_is_refused_and_the_connection_closed(
    server: TeacherServer, length: str
) -> None:
    received = everything(server, length)
    assert received.startswith("HTTP/1.1 400 ")
    assert '"code": "invalid_request"' in received


def test_json_that_is_nested_too_deep_is_refused(server: TeacherServer) -> None:
    body = "[" * 100_000
    with connected(server) as client:
        client.sendall(request(str(len(body)), body))
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_leaves_is_nothing_to_report(
    server: TeacherServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.manners["latency"] = 0.2
    with connected(server) as client:
        client.sendall(CHAT)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    while not server.seen:
        time.sleep(0.01)
    time.sleep(0.2)
    assert capfd.readouterr().err == ""


def test_an_error_of_ours_is_reported(
    server: TeacherServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "recordings", None)
    with connected(server) as client:
        client.sendall(CHAT)
        assert client.recv(100) == b""
    assert "AttributeError" in capfd.readouterr().err
