"""What a command imports: images without torch must not need it."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "peft", "datasets", "bitsandbytes", "accelerate")


def imported_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    out = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    return set(out.split())


@pytest.mark.parametrize("stage", ["ingest", "generate", "curate"])
def test_cpu_stages_never_import_torch(stage: str) -> None:
    assert not imported_by(f"import gabarito.{stage}.job").intersection(HEAVY)


def test_the_endpoint_starts_without_what_only_training_needs() -> None:
    names = imported_by("import gabarito.serve.job")
    assert "torch" in names
    assert not names.intersection({"peft", "bitsandbytes", "datasets"})


def test_every_reader_is_there_without_the_library_for_pictures() -> None:
    names = imported_by(
        "sys.modules['PIL'] = None; from gabarito.ingest.formats import READERS, reader_of; "
        "[*map(reader_of, READERS)]"
    )
    assert "pypdfium2" in names


def test_planning_imports_nothing_heavy() -> None:
    names = imported_by(
        "import gabarito.pipeline.run_local, gabarito.commands.pipeline, gabarito.commands.store"
    )
    assert not names.intersection({*HEAVY, "resiliparse", "pypdf", "starlette", "jinja2", "lingua"})


def test_commands_of_every_image_need_no_stage_s_libraries() -> None:
    names = imported_by("import gabarito.commands.store, gabarito.commands.model")
    assert not names.intersection({*HEAVY, "lxml", "resiliparse", "text_to_num", "numpy"})


def test_the_command_imports_no_stage_before_it_is_called() -> None:
    assert not any(name == "boto3" for name in imported_by("import gabarito.cli"))


WITHOUT_GGUF = """
import sys
sys.modules["gguf"] = sys.modules["xllamacpp"] = None
from pathlib import Path
from gabarito.core.errors import SettingsError
from gabarito.exports import export_model

for write in (export_model.export_gguf, export_model.export_ollama):
    for verify in (True, False):
        try:
            write(None, Path("out"), "f16", verify=verify)
        except SettingsError as error:
            print(error)
"""


def test_only_gguf_files_need_the_extra_gguf_and_they_tell_the_cure() -> None:
    command = [sys.executable, "-c", WITHOUT_GGUF]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cure = "written; pip install 'gabarito[gguf]', or export the model as folder, oci or hub"
    assert [line.endswith(cure) for line in said.splitlines()] == [True] * 4


def test_libraries_of_a_training_have_nothing_to_say_when_they_load() -> None:
    code = "from gabarito.core import log; log.setup('json'); import gabarito.train.job, peft"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_importing_everything_writes_nothing(tmp_path: Path) -> None:
    code = "import gabarito.cli, gabarito.pipeline.plan, gabarito.pipeline.run_local"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert not list(tmp_path.iterdir())
