"""Connections that do not send their request in time, with real sockets."""

import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
import uvicorn

from gabarito.core.settings import local_path
from gabarito.serve import app, server
from gabarito.serve.job import Binding, serve_folder

Start = Callable[..., AbstractContextManager[Any]]

LINE = b"POST /v1/chat/completions HTTP/1.1\r\n"
HEAD = LINE + b"Host: x\r\nContent-Length: 500\r\n\r\n"
BODY = json.dumps({"messages": [{"role": "user", "content": "s a a a a a a a"}]})


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_TIMEOUT_S", 0.3)
    monkeypatch.setattr(app, "BODY_TIMEOUT_S", 0.3)


@pytest.fixture
def port(serving: Start) -> Iterator[int]:
    with serving() as running:
        yield running.port


def until_closed(client: socket.socket) -> bytes:
    client.settimeout(5)
    said = b""
    while part := client.recv(1 << 16):
        said += part
    return said


@pytest.mark.parametrize("begun", [b"", b"PO", LINE, LINE + b"Host: x\r\n"])
def test_connections_without_whole_headers_are_closed(port: int, begun: bytes) -> None:
    with ExitStack() as stack:
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for client in clients:
            stack.enter_context(client).sendall(begun)
        assert {until_closed(client) for client in clients} == {b""}


def test_a_body_that_does_not_arrive_is_408_and_ends_the_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(HEAD + b"{")
        head, _, body = until_closed(client).partition(b"\r\n\r\n")
    assert b" 408 " in head.splitlines()[0]
    assert json.loads(body)["error"]["code"] == "request_timeout"


@pytest.mark.parametrize("begun", [LINE, HEAD, HEAD.replace(b"v1/chat/completions", b"nowhere")])
def test_a_byte_now_and_then_gains_no_time(port: int, begun: bytes) -> None:
    gone = threading.Event()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(begun)

        def drip() -> None:
            while not gone.wait(0.05):
                try:
                    client.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        try:
            until_closed(client)
        except ConnectionResetError:
            pass  # closed while a byte was under way
        finally:
            gone.set()
            thread.join()
    assert time.monotonic() - began < 3


def test_an_answer_may_take_longer_and_its_connection_serves_again(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(2):
        client.request("POST", "/v1/chat/completions", BODY)
        with client.getresponse() as response:
            assert response.status == 200
            assert response.read()
        time.sleep(0.5)
    client.close()


def test_garbage_collection_passes_over_what_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []

    def run(_server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        sockets[0].close()
        frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(uvicorn.Server, "run", run)
    serve_folder(local_path("gabarito:demo/nano"), Binding("127.0.0.1", 0))
    assert frozen[0] > 100_000, "torch and transformers alone are more objects"
    assert gc.get_freeze_count() == 0, "what is frozen when the process ends counts as leaked"
