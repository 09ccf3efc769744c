"""Real stores to test against, all on loopback, and a proxy that makes them fail."""

import functools
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import boto3
import botocore.session
import pytest

from gabarito.store.base import Store
from gabarito.store.open import open_store

from .proxy import Handler, Proxy

BIN = Path(sys.executable).parent
BUCKET = "bucket"
START_S = 120
AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
}
LOOPBACK_ONLY = {
    "SERVICES": "s3",
    "IOT_MTLS_ENABLED": "0",  # both would listen on every address
    "SFTP_ENABLED": "0",
    "DOCKER_HOST": "unix:///dev/null",  # it removes containers that it finds
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def models() -> Iterator[None]:
    """Lets botocore parse its models once rather than for each store."""
    loader = functools.cache(botocore.session.create_loader)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", loader)
        yield


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "hypercorn", "-w", "0", "ministack.app:app"]
    command += ["--bind", f"127.0.0.1:{port}"]
    with _running(command, port, tmp_path_factory.mktemp("ministack")) as endpoint:
        _make_bucket(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = _free_port()
    command = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port, tmp_path_factory.mktemp("moto")) as endpoint:
        _make_bucket(endpoint)
        yield endpoint


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("rclone")
    (folder / "data" / BUCKET).mkdir(parents=True)
    port = _free_port()
    command = [str(BIN / "rclone"), "--config", os.devnull, "serve", "s3", str(folder / "data")]
    command += ["--addr", f"127.0.0.1:{port}", "--auth-key", "test,test"]
    with _running(command, port, folder) as endpoint:
        yield endpoint


class KeyedServer:
    """A real S3 server that checks signatures, and accepts one key at a time."""

    def __init__(self, folder: Path) -> None:
        (folder / "data" / BUCKET).mkdir(parents=True)
        self._folder, self._port = folder, _free_port()
        self._running = ExitStack()
        self.endpoint = f"http://127.0.0.1:{self._port}"

    def accept(self, key: str, secret: str) -> None:
        """Accept this key from now on, and no other."""
        self.stop()
        command = [str(BIN / "rclone"), "--config", os.devnull, "serve", "s3"]
        command += [str(self._folder / "data"), "--addr", f"127.0.0.1:{self._port}"]
        command += ["--auth-key", f"{key},{secret}"]
        self._running.enter_context(_running(command, self._port, self._folder))

    def stop(self) -> None:
        """Answer nothing."""
        self._running.close()


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyedServer]:
    server = KeyedServer(tmp_path / "keyed")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["directory", "ministack", "moto"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh place in each kind of store; the environment leads processes there too."""
    if request.param == "directory":
        return f"file://{tmp_path}/store"
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue(request.param))
    return f"s3://{BUCKET}/{uuid.uuid4()}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


@pytest.fixture
def proxy(ministack: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    proxy = Proxy(ministack)
    handler = type("BoundHandler", (Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        proxy.endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield proxy
        server.shutdown()
        thread.join()


@pytest.fixture
def far(proxy: Proxy) -> Store:
    """A store behind the proxy."""
    return open_store(f"s3://{BUCKET}/{uuid.uuid4()}")


@contextmanager
def _running(command: list[str], port: int, folder: Path) -> Iterator[str]:
    environment = os.environ | AWS | LOOPBACK_ONLY
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(lambda: _answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + START_S
    while not is_done():
        assert time.monotonic() < end
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _make_bucket(endpoint: str) -> None:
    with closing(
        boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
    ) as client:
        client.create_bucket(Bucket=BUCKET)
