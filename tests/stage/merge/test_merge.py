"""The stage as a whole: a folder that opens anywhere, and says what the adapter says."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file
from tests.model_classes import with_lora
from tests.unit.models.tiny import save_tiny
from tests.unit.store.full import full_beyond
from transformers import AutoModelForCausalLM, AutoTokenizer

from gabarito.artifacts.artifact import Address, Artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.errors import DataError, ServiceError, SettingsError
from gabarito.core.model_records import PromptSettings, TrainedBase
from gabarito.evaluate import predict
from gabarito.evaluate.predict import Predictor, predictors
from gabarito.merge import job
from gabarito.merge.config import MergeConfig
from gabarito.models import contract_of, load_base, load_tokenizer, read_contract
from gabarito.models.adapter import load_adapter
from gabarito.store.base import Store
from gabarito.store.open import open_store

PROBES = [[1, 4, 30, 31, 5, 40, 2], [1, 60, 61, 62, 63, 64, 2]]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "base")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def trained(store: Store, base: Path) -> Callable[..., Artifact]:
    """Publish an adapter; ``changes`` are made to its contract."""

    def publish(known: str | None = None, probes: object = PROBES, **changes: object) -> Artifact:
        origin = TrainedBase(
            reference=str(base), sha256=known or digest_of_path(str(base)), method="lora"
        )
        with new_attempt(store, Address("train", "t" * 64), inputs={}, settings={}) as work:
            lora = LoraConfig(r=4, target_modules="all-linear")
            model = with_lora(load_base(base).model, lora)
            generator = torch.Generator().manual_seed(1)
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
            model.save_pretrained(str(work.folder / "adapter"))
            prompt = PromptSettings(system="", refusal="Não sei.")
            contract = contract_of(load_tokenizer(base), prompt, max_new_tokens=48)
            work.write_text("prompt.json", contract.model_copy(update=changes).model_dump_json())
            work.write_text("probes.json", json.dumps(probes))
            work.write_text("base.json", origin.model_dump_json())
            return work.publish()

    return publish


@pytest.fixture
def merge(store: Store) -> Callable[..., Artifact]:
    def merged(trained: Artifact, **settings: object) -> Artifact:
        config = MergeConfig.model_validate(settings)
        address = Address("merge", "m" * 64)
        with new_attempt(store, address, inputs={"train": trained}, settings={}) as work:
            job.run(config, work)
            return work.publish()

    return merged


def test_the_model_opens_with_plain_transformers_and_says_what_the_adapter_says(
    merge: Callable[..., Artifact],
    trained: Callable[..., Artifact],
    base: Path,
    tmp_path: Path,
) -> None:
    given = trained()
    folder = merge(given, dtype="float32").fetch(tmp_path / "model", "model/")
    adapter = given.fetch(tmp_path / "adapter", "adapter/")
    adapted = load_adapter(load_base(base, dtype=torch.float32).model, adapter)
    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([PROBES[0]])
    torch.testing.assert_close(
        model(ids).logits, adapted(input_ids=ids).logits, rtol=1e-4, atol=1e-4
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "Quem?"}], tokenize=False)
    assert asked == "<bos><|user|> Quem?"
    assert model.config.use_cache
    assert (model.generation_config.do_sample, model.generation_config.eos_token_id) == (False, [2])


def test_the_weights_are_in_16_bit_and_tied_ones_are_stored_once(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact], tmp_path: Path
) -> None:
    made = merge(trained())
    folder = made.fetch(tmp_path / "model", "model/")
    tensors = load_file(folder / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert "lm_head.weight" not in tensors
    assert 0 < made.manifest.counts["distance"] < 0.05
    assert load_base(folder).model.config.tie_word_embeddings


def test_the_prompt_contract_travels_with_the_model_and_no_path_does(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact], tmp_path: Path
) -> None:
    folder = merge(trained()).fetch(tmp_path / "model", "model/")
    assert read_contract((folder / "prompt.json").read_bytes(), "").refusal == "Não sei."
    assert not [p.name for p in folder.glob("*.json") if "/tmp" in p.read_text()]


def test_a_base_that_does_not_match_the_contract_is_refused(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact]
) -> None:
    with pytest.raises(DataError, match="template_sha256 is not the prompt contract's"):
        merge(trained(template_sha256="0" * 64))


def test_another_base_than_the_one_trained_on_is_refused(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact]
) -> None:
    with pytest.raises(DataError, match=r"not the one that the adapter was trained on, .* again"):
        merge(trained(known="0" * 64))


@contextmanager
def asked_by_evaluate(store: Store, **inputs: Artifact) -> Iterator[list[Predictor]]:
    contract = read_contract(inputs["train"].read("prompt.json"), "")
    address = Address("evaluate", "e" * 64)
    with (
        new_attempt(store, address, inputs=inputs, settings={}) as work,
        predictors(work, contract, work.folder) as found,
    ):
        yield found


def test_evaluate_refuses_another_base_too(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact], store: Store, base: Path
) -> None:
    merged, given = merge(trained()), trained()
    save_tiny(base, seed=1)
    with (
        pytest.raises(DataError, match="not the one that the adapter was trained on"),
        asked_by_evaluate(store, train=given, merge=merged),
    ):
        pytest.fail("another base was accepted")


def test_answers_are_kept_for_each_precision(
    merge: Callable[..., Artifact],
    trained: Callable[..., Artifact],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, kept = {"train": trained(), "merge": merge(trained())}, set()
    for dtype in (torch.float32, torch.float16):
        monkeypatch.setattr(predict, "default_dtype", lambda _device, dtype=dtype: dtype)
        with asked_by_evaluate(store, **given) as found:
            kept |= {one.identity for one in found}
    assert len(kept) == 2 * 3


def test_a_model_that_lost_the_adapter_is_not_published(
    merge: Callable[..., Artifact],
    trained: Callable[..., Artifact],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job, "merged", lambda model: model.unload())
    with pytest.raises(SettingsError, match="away from the adapter's"):
        merge(trained())
    assert not list(store.list("artifacts/merge/"))


def test_a_full_disk_is_no_bug(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact], store: Store
) -> None:
    given, said = trained(), r"/model: disk is full .*; free space"
    with full_beyond(10**5), pytest.raises(ServiceError, match=said):
        merge(given)
    assert not list(store.list("artifacts/merge/"))


@pytest.mark.parametrize("probes", [[], [[]], [[1], [10**6]], [[-1]], ["1"], {"a": 1}])
def test_probes_that_are_no_rows_of_the_base_are_refused(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact], probes: object
) -> None:
    given = trained(probes=probes)
    with pytest.raises(DataError, match=r"probes\.json: .*raise train\.rerun"):
        merge(given)


def test_an_adapter_whose_base_is_not_named_is_refused(
    merge: Callable[..., Artifact], trained: Callable[..., Artifact]
) -> None:
    given = trained()
    del given.manifest.files["base.json"]
    with pytest.raises(DataError, match=r"lists no file 'base\.json'; .*; raise train\.rerun"):
        merge(given)
