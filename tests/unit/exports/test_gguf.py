"""GGUF files of a taught model, read by llama.cpp itself."""

from pathlib import Path

import pytest

from gabarito.exports.export_model import export_gguf
from gabarito.exports.exported_model import ExportedModel


@pytest.mark.parametrize("precision", ["f16", "q8_0"])
def test_llama_cpp_answers_as_the_model_did(
    model: ExportedModel, tmp_path: Path, precision: str
) -> None:
    seen = export_gguf(model, tmp_path / "out", precision, verify=True)
    assert seen == "answers 8 of 8 known questions as in its evaluation"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"taught-{precision}.gguf", "README.md", "prompt.json", ".gabarito-export"}
