"""Serve a model until told to stop.

model folder, contract  ->  http://host:port/v1
"""

import gc
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from gabarito.artifacts.channel import ServedModel
from gabarito.artifacts.jsonl import read_lines
from gabarito.core.errors import ServiceError, SettingsError
from gabarito.core.listening import address_of, listen
from gabarito.core.model_records import PromptContract
from gabarito.core.proof_records import FACTS_FILE, FLOOR_FILE, FactEntry, ProofFloor
from gabarito.core.records import Message, with_system
from gabarito.models import CONTRACT_FILE, read_contract
from gabarito.proof import FactTable
from gabarito.serve.app import make_app
from gabarito.serve.config import ServeConfig
from gabarito.serve.engine import Engine, GenerationEnd, GenerationFailure, GenerationRequest
from gabarito.serve.model_names import ModelNames
from gabarito.serve.remote_engine import RemoteEngine
from gabarito.serve.server import make_server
from gabarito.serve.service import Model
from gabarito.serve.transformers_engine import TransformersEngine

log = logging.getLogger("gabarito.serve")

BACKLOG = 128


@dataclass(frozen=True)
class Binding:
    """Where to listen (port 0: any), and the bearer token that requests must carry.

    The token is asked for at each request: it may change. ``engine`` is the address of a server
    that answers in place of this process, if there is one; ``try_engine`` is given its address and
    what asks it a question, and raises if its answers are not the model's.
    """

    host: str
    port: int
    token: Callable[[], str | None] = lambda: None
    engine: str | None = None
    try_engine: Callable[[str, Callable[[str], str]], None] | None = None


@dataclass(frozen=True)
class ModelFolders:
    """Where a model lies, what proves its answers, and its base, if that answers beside it.

    Without its weights, if another server answers.
    """

    model: Path
    proofs: Path
    base: Path | None = None


def serve_promoted(
    folders: ModelFolders,
    promoted: ServedModel,
    channel: str,
    config: ServeConfig,
    binding: Binding,
) -> None:
    """Serve a promoted model, under the contract that evaluation completed.

    Raises:
        SettingsError: if what no fact bears out is to be refused, and the model has no refusal; if
            it cannot listen there; or if there is a threshold that the engine cannot keep.
        ServiceError: if another server is to answer, and does not.
        DataError: if another server is to answer, and serves another model.
    """
    names = ModelNames(promoted.pipeline, channel, promoted.digest)
    if config.unverified == "refuse" and not promoted.contract.refusal:
        raise SettingsError(
            f"serve.unverified: {names.id} has no refusal to give, got 'refuse'; choose 'allow' or "
            "'mark', or train with curate.refusals above 0"
        )
    if not (folders.proofs / FACTS_FILE).exists():
        click.echo(f"{names.id}: {_without_proofs(config)}")
    with listen(binding.host, binding.port, BACKLOG) as listener:
        model = _load(folders.model, names, promoted.contract, binding)
        if binding.engine and binding.try_engine:
            binding.try_engine(binding.engine, partial(_answer, model))
        model = replace(model, facts=facts_in(folders.proofs))
        base = TransformersEngine(folders.base, promoted.contract) if folders.base else None
        model = replace(model, verdict=promoted.verdict, base=base)
        _serve(listener, model, config, binding.token)


def _answer(model: Model, question: str) -> str:
    """Return what a model's engine answers, before anything else is asked of it."""
    messages = with_system(model.system, [Message(role="user", content=question)])
    batch, text = model.engine.batch(), ""
    batch.join([GenerationRequest(model.engine.encode_chat(messages), model.max_new_tokens)])
    while True:
        for _, event in batch.step():
            if isinstance(event, GenerationFailure):
                raise ServiceError(event.message)
            if isinstance(event, GenerationEnd):
                return text.strip()
            text += event.text


def _without_proofs(config: ServeConfig) -> str:
    said = "was evaluated before answers had proofs, and gives none"
    if config.unverified != "allow":
        said += f"; serve.unverified: {config.unverified} does nothing until it has"
    return f"{said}; gabarito run evaluates it anew"


def serve_folder(folder: Path, binding: Binding) -> None:
    """Serve a plain model folder: no threshold, and no refusal unless its contract has one."""
    path = folder / CONTRACT_FILE
    contract = read_contract(path.read_bytes(), str(path)) if path.exists() else None
    with listen(binding.host, binding.port, BACKLOG) as listener:
        model = _load(folder, ModelNames(folder.resolve().name), contract, binding)
        model = replace(model, facts=facts_in(folder))
        _serve(listener, model, ServeConfig(), binding.token)


def _load(
    folder: Path, names: ModelNames, contract: PromptContract | None, binding: Binding
) -> Model:
    engine: Engine
    if binding.engine is None:
        engine = TransformersEngine(folder, contract)
    else:
        engine = RemoteEngine(folder, contract, binding.engine)
    model = Model(names, engine)
    if contract is None:
        return model
    return replace(
        model,
        system=contract.system,
        refusal=contract.refusal,
        threshold=contract.threshold,
        max_new_tokens=contract.max_new_tokens,
    )


def _serve(
    listener: socket.socket,
    model: Model,
    config: ServeConfig,
    token: Callable[[], str | None],
) -> None:
    _check_threshold(model, config)
    # Without this each large request has the collector walk all objects of torch: a megabyte of
    # brackets held the interpreter, and so the probes, for 0.5 s instead of 0.03 s.
    gc.collect()
    gc.freeze()
    address = address_of(listener)
    click.echo(f"serving {model.names.id} at {address}")
    log.info("serving", extra={"model": model.names.id, "address": address})
    server = make_server(make_app(model, config, token), config.drain_s)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        log.info("drained", extra={"model": model.names.id})
    finally:
        gc.unfreeze()  # what is frozen at the end of the process, triton reports as leaked


def _check_threshold(model: Model, config: ServeConfig) -> None:
    """Refuse to serve without the threshold under which a model was evaluated."""
    if model.engine.gives_logprobs:
        return
    threshold = model.threshold if config.threshold is None else config.threshold
    what = "the engine does not tell which tokens it writes and how probable each is"
    if threshold:
        raise SettingsError(
            f"serve.threshold: {threshold:g} cannot be kept: {what}; use one that does, such as "
            "vLLM or llama.cpp's server, or set serve.threshold: 0 to serve without it"
        )
    click.echo(f"{model.names.id}: {what}: answers have no probability, and logprobs are refused")


def facts_in(folder: Path) -> FactTable | None:
    """Return the facts in the folder of a model, or None if it has none.

    Raises:
        DataError: if they are not what evaluate writes.
    """
    path = folder / FACTS_FILE
    if not path.exists():
        return None
    floor = read_lines(str(folder / FLOOR_FILE), ProofFloor)
    return FactTable(read_lines(str(path), FactEntry), floor[0].floor if floor else 0.0)
