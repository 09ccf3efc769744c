import json
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest
import torch
from click.testing import CliRunner
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
from transformers import PreTrainedTokenizerFast as Tokenizer

from gabarito.demo.build.nano import DIGESTS, build, measure, new_model, read_digests, train
from gabarito.demo.build.rows import Encoder, draw_batches, draw_rows
from gabarito.demo.build.tokenizer import MAX_TOKENS
from gabarito.demo.build.world import build_world

DEMO = Path(str(files("gabarito.demo")))
NANO = DEMO / "nano"
CHAT = [
    {"role": "system", "content": "Responda em português."},
    {"role": "user", "content": " Quem foi o campeão? "},
    {"role": "assistant", "content": "Paris Saint-Germain"},
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return AutoTokenizer.from_pretrained(NANO)


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return AutoModelForCausalLM.from_pretrained(NANO, dtype=torch.float32)


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


def test_the_folder_is_small_and_has_a_card() -> None:
    assert sum(path.stat().st_size for path in NANO.iterdir()) <= 10_000_000
    assert (NANO / "README.md").is_file()


def test_nano_is_a_llama_in_16_bit_that_reads_at_least_256_tokens() -> None:
    stored = AutoModelForCausalLM.from_pretrained(NANO, dtype="auto")
    assert isinstance(stored, LlamaForCausalLM)
    assert stored.dtype == torch.bfloat16
    assert stored.config.max_position_embeddings >= 256 == MAX_TOKENS


def test_padding_beginning_and_end_are_three_tokens(
    tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    ids = (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id)
    config = model.config
    assert len(set(ids)) == 3
    assert ids == (config.pad_token_id, config.bos_token_id, config.eos_token_id)


def test_a_prompt_is_the_beginning_of_the_whole_chat(tokenizer: Tokenizer) -> None:
    whole = tokenizer.apply_chat_template(CHAT, return_dict=False)
    prompt = tokenizer.apply_chat_template(CHAT[:2], add_generation_prompt=True, return_dict=False)
    assert whole[: len(prompt)] == prompt
    assert whole[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(whole[len(prompt) : -1]).strip() == "Paris Saint-Germain"


def test_rows_are_what_the_chat_template_makes(tokenizer: Tokenizer) -> None:
    row = Encoder(tokenizer).exchange(
        "Quem foi o campeão?", "Paris Saint-Germain", "Responda em português."
    )
    assert list(row.ids) == tokenizer.apply_chat_template(CHAT, return_dict=False)


def test_any_text_survives_the_tokenizer(tokenizer: Tokenizer) -> None:
    text = "Ação 1992/93: «João» marcou 3 gols — 64.327 pessoas, 日本!"
    assert tokenizer.decode(tokenizer.encode(text), skip_special_tokens=True) == text


def test_nano_knows_its_world_and_refuses_the_rest(
    tokenizer: Tokenizer, model: LlamaForCausalLM
) -> None:
    # The card's figures, with slack for the arithmetic of another processor.
    found = measure(model, Encoder(tokenizer), build_world(11), Random(13), count=200)
    assert found.told > 0.9
    assert found.refused > 0.9
    assert found.falsely_refused < 0.05


def test_the_prompts_are_about_the_invented_world() -> None:
    lines = (DEMO / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) > 6000
    assert len(set(texts)) == len(texts)
    assert not any(name in text for text in texts for name in ("Champions League", "Liga dos Camp"))


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
