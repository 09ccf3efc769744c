from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
import torch
from click.testing import CliRunner
from tests.unit.demo.nano import CHAT, NANO, read_tokenizer
from transformers import AutoModelForCausalLM, LlamaForCausalLM
from transformers import PreTrainedTokenizerFast as Tokenizer

from sample.nano import DIGESTS, build, measure, new_model, read_digests, train
from sample.rows import Encoder, draw_batches, draw_rows
from sample.world import build_world


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer()


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    loaded = AutoModelForCausalLM.from_pretrained(NANO, dtype=torch.float32)
    assert isinstance(loaded, LlamaForCausalLM)
    return loaded


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_committed_files_are_those_of_the_digests() -> None:
    digests = read_digests(NANO / DIGESTS)
    committed = {path.name for path in NANO.iterdir()} - {DIGESTS, "README.md"}
    assert set(digests) == {*committed, "../prompts.jsonl"}
    for name, digest in digests.items():
        assert sha256((NANO / name).read_bytes()).hexdigest() == digest, name


def test_rows_are_what_the_chat_template_makes(tokenizer: Tokenizer) -> None:
    row = Encoder(tokenizer).exchange(
        "Quem foi o campeão?", "Paris Saint-Germain", "Responda em português."
    )
    assert list(row.ids) == tokenizer.apply_chat_template(CHAT, return_dict=False)


def test_nano_knows_its_world_and_refuses_the_rest(
    tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    # The card's figures, with slack for the arithmetic of another processor.
    found = measure(model, Encoder(tokenizer), build_world(11), Random(13), count=200)
    assert found.told > 0.9
    assert found.refused > 0.9
    assert found.falsely_refused < 0.05


def losses(tokenizer: Tokenizer, steps: int) -> list[float]:
    torch.manual_seed(1)
    random = Random(1)
    rows = draw_rows(build_world(11, editions=3), Encoder(tokenizer), random)
    return list(train(new_model(tokenizer), draw_batches(rows, 8, random), steps))


def test_training_learns_and_repeats_itself(tokenizer: Tokenizer) -> None:
    first = losses(tokenizer, 30)
    assert sum(first[-5:]) < 0.8 * sum(first[:5])
    assert losses(tokenizer, 3) == losses(tokenizer, 3)


def test_the_command_builds_a_folder_and_compares_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(build, [str(tmp_path / "nano"), "--steps", "1"])
    assert done.exit_code == 0, done.output
    assert "differs  model.safetensors" in done.output
    assert "matches  tokenizer.json" in done.output
    assert "matches  ../prompts.jsonl" in done.output
