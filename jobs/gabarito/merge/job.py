"""Merge an adapter into its base, in float32, and write a model that opens anywhere.

adapter/, base.json, prompt.json, probes.json, base model  ->  model/
"""

from pathlib import Path

import torch
from pydantic import NonNegativeInt, TypeAdapter
from transformers import GenerationConfig

from gabarito.artifacts.artifact import Artifact
from gabarito.artifacts.attempt import Attempt
from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract, TrainedBase
from gabarito.merge.config import MergeConfig
from gabarito.merge.merging import check_distance, merged, next_token_probabilities
from gabarito.models import (
    CONTRACT_FILE,
    Base,
    CausalModel,
    check_base,
    check_contract,
    load_base,
    open_base,
    stop_tokens,
    use_cpu_quota,
)
from gabarito.models.adapter import load_adapter
from gabarito.store.disk import disk_errors
from gabarito.store.scratch import temporary_folder

CPU = torch.device("cpu")
_PROBES = TypeAdapter(list[list[NonNegativeInt]])


def run(config: MergeConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here."""
    use_cpu_quota()
    trained = work.inputs["train"]
    folder = work.folder / "model"
    contract = trained.record(CONTRACT_FILE, PromptContract)
    origin = trained.record("base.json", TrainedBase)
    with open_base(origin.reference, work.store) as place:
        check_base(place, origin)
        base = load_base(place, dtype=torch.float32, device=CPU)
        check_contract(contract, base.tokenizer, str(place))
        model = _with_adapter(base, trained)
        probes = _probes(trained, base)
        expected = next_token_probabilities(model, probes)
        whole = merged(model).to(getattr(torch, config.dtype))
        with disk_errors(str(folder)):
            _save(Base(whole, base.tokenizer), folder)
            (folder / CONTRACT_FILE).write_text(contract.model_dump_json(indent=1) + "\n")
        work.counts["parameters"] = whole.num_parameters()
    del base, model, whole
    work.counts["distance"] = _check(folder, contract, probes, expected, config)


def _probes(trained: Artifact, base: Base) -> list[list[int]]:
    """Return the tokens on which predictions are compared.

    Raises:
        DataError: if one of them is no token of this base.
    """
    probes = trained.read_json("probes.json", _PROBES)
    vocabulary = range(base.model.config.vocab_size)
    if not probes or any(not ids or max(ids) not in vocabulary for ids in probes):
        raise DataError(
            f"{trained.address.prefix}/probes.json: rows that are none of this base, whose tokens "
            f"are under {len(vocabulary)}; raise train.rerun to train anew"
        )
    return probes


def _with_adapter(base: Base, trained: Artifact) -> CausalModel:
    with temporary_folder("adapter") as folder:
        return load_adapter(base.model, trained.fetch(folder, "adapter/"))


def _save(base: Base, folder: Path) -> None:
    """Write model, tokenizer with its chat template, and how to generate: greedily."""
    model, tokenizer = base.model, base.tokenizer
    model.config.use_cache = True
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=sorted(stop_tokens(model, tokenizer)),
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(folder)


def _check(
    folder: Path,
    contract: PromptContract,
    probes: list[list[int]],
    expected: list[torch.Tensor],
    config: MergeConfig,
) -> float:
    """Open what was written, and return how far its predictions are from the adapter's."""
    saved = load_base(folder, dtype=torch.float32, device=CPU)
    check_contract(contract, saved.tokenizer, str(folder))
    return check_distance(next_token_probabilities(saved.model, probes), expected, config)
