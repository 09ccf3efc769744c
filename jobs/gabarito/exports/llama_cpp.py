"""A GGUF file asked as its users ask it: through llama.cpp's own server, which comes with a wheel.

model.gguf  ->  prompts, tokens and answers of llama.cpp
"""

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import urllib3

from gabarito.core.errors import DataError, SettingsError
from gabarito.models import cpu_quota

CONTEXT = 2048
"""Tokens of a question with its answer; the whole context of a model would take its memory."""

LOAD_S = 3600.0
"""After which a file is not read: one of 40 GB takes minutes from a slow disk."""

TIMEOUT_S = 600.0
_OK = 200
_FIRST_ERROR = re.compile(r"^[\d.]+ E (.+)$", re.MULTILINE)
"""In llama.cpp's log: the others follow from it."""


class LlamaCpp:
    """What a running server says."""

    def __init__(self, address: str, name: str) -> None:
        self.address = address
        self.name = name
        # no proxy: it is on this machine
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_S)

    def prompt(self, question: str) -> str:
        """Return a question as the file's own chat template writes it."""
        body = {"messages": [{"role": "user", "content": question}]}
        return str(self._post("/apply-template", body)["prompt"])

    def token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text, special tokens written out recognised."""
        return [int(one) for one in self._post("/tokenize", {"content": text})["tokens"]]

    def chat(self, question: str, max_tokens: int) -> str:
        """Return the answer to a client that sends a question and no settings."""
        body = {"messages": [{"role": "user", "content": question}], "max_tokens": max_tokens}
        reply = self._post("/v1/chat/completions", body)
        return str(reply["choices"][0]["message"]["content"] or "").strip()

    def complete(self, prompt: str, options: Mapping[str, object]) -> str:
        """Return what follows a text, under settings of one's own."""
        return str(self._post("/completion", {"prompt": prompt, **options})["content"]).strip()

    def _post(self, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401  # JSON
        try:
            reply = self._pool.request("POST", self.address + path, json=dict(body))
        except urllib3.exceptions.HTTPError as error:
            raise DataError(
                f"{self.name}: llama.cpp stopped while it was asked; export the plain folder, and "
                "convert it with llama.cpp's convert_hf_to_gguf.py"
            ) from error
        if reply.status != _OK:
            said = reply.data.decode(errors="replace")[:300]
            raise DataError(f"{self.name}: llama.cpp refuses a question: {said}")
        return json.loads(reply.data)


def require_llama_cpp(*, verify: bool) -> None:
    """Do nothing if what writes a GGUF file is installed and, to ``verify``, what reads it back.

    Raises:
        SettingsError: if it is not.
    """
    if importlib.util.find_spec("gguf") is None:
        raise SettingsError(
            "the package gguf is not installed, with which a GGUF file is written; "
            "pip install 'gabarito[gguf]', or export the model as folder, oci or hub"
        )
    if verify and importlib.util.find_spec("xllamacpp") is None:
        raise SettingsError(
            "llama.cpp is not installed, with which a GGUF file is read back; "
            "pip install 'gabarito[gguf]', or export it with --unverified"
        )


@contextmanager
def running(path: Path) -> Iterator[LlamaCpp]:
    """Let llama.cpp serve a file until the block ends.

    Raises:
        DataError: if it does not read it; names its reason.
    """
    arguments = [str(path), str(CONTEXT), str(cpu_quota())]
    command = [sys.executable, "-m", "gabarito.exports.llama_cpp_server", *arguments]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as server,
    ):
        try:
            address = _address(server)
            if not address:
                raise DataError(f"{path.name}: llama.cpp does not read it: {_reason(log)}")
            yield LlamaCpp(address, path.name)
        finally:
            server.kill()  # it has nothing to put in order


def _address(server: subprocess.Popen[bytes]) -> str:
    """Return where a server is once it is ready; nothing if it ends, or is not in time."""
    assert server.stdout
    limit = threading.Timer(LOAD_S, server.kill)
    limit.start()
    try:
        return server.stdout.readline().decode().strip()
    finally:
        limit.cancel()


def _reason(log: IO[bytes]) -> str:
    log.seek(0)
    text = log.read().decode(errors="replace")
    found = _FIRST_ERROR.search(text)
    return found[1] if found else " ".join(text.split())[-300:] or "it says nothing"
