"""The tokens that end an answer, as the settings of a model folder name them."""

from pathlib import Path

from transformers import GenerationConfig


def stop_ids(folder: Path) -> list[int]:
    """Return the tokens at which a model folder's settings end an answer."""
    found = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
    return found if isinstance(found, list) else [] if found is None else [found]
