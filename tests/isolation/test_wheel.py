"""What the wheel holds: all that the demo reads, and nothing of what made the sample."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "jobs"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The content of each file in the wheel, by its name there."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    with ZipFile(next(folder.glob("*.whl"))) as built:
        return {name: built.read(name) for name in built.namelist()}


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: dict[str, bytes]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gabarito"}


def test_nothing_that_made_the_sample_is_in_the_wheel(wheel: dict[str, bytes]) -> None:
    made_it = {path.read_bytes() for path in files_in(ROOT / "sample")}
    assert len(made_it) > 40
    assert made_it.isdisjoint(wheel.values())


def test_every_file_of_the_demo_is_in_the_wheel(wheel: dict[str, bytes]) -> None:
    read = {str(path.relative_to(JOBS)): path for path in files_in(JOBS / "gabarito/demo")}
    assert read
    assert {name for name, path in read.items() if wheel.get(name) != path.read_bytes()} == set()
