"""A probe trains as the stage does, and leaves nothing behind."""

from pathlib import Path

import pytest

from gabarito.artifacts.cache import Cache
from gabarito.core.model_records import PromptSettings
from gabarito.models import load_base
from gabarito.store.base import Store
from gabarito.train.checkpoint import Checkpoints
from gabarito.train.config import TrainConfig
from gabarito.train.encode import contract_for, encode
from gabarito.train.probe import Sampled, measure

from .conftest import REFUSAL, rows_of


@pytest.mark.usefixtures("in_float32")
def test_a_probe_tells_a_pace(base: Path, store: Store) -> None:
    loaded = load_base(base)
    contract = contract_for(loaded.tokenizer, PromptSettings(system="", refusal=REFUSAL), [])
    rows = [encode(example, contract, loaded.tokenizer) for example in rows_of("train")]
    prompts = [row.ids[: row.learned_from] for row in rows if row.kind == "questions"]
    config = TrainConfig(base=str(base), batch_size=6, rank=4)
    checkpoints = Checkpoints(Cache(store, "train"), "probe")
    pace = measure(loaded, config, contract, Sampled(rows, prompts), checkpoints)
    assert 0 < pace.train_token_s < 1
    assert 0 < pace.prompt_token_s < 1
    assert 1 <= pace.own_tokens <= pace.own_limit == contract.max_new_tokens
    assert pace.adapter >= 1
    kept = [entry.key for entry in store.list("cache/")]
    assert not [key for key in kept if "/a" in key or "/b" in key]
