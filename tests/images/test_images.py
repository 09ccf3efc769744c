"""What `make images` built, looked at from inside; `make image-tests` builds them first."""

import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gabarito import __version__

from .image import Image, mounted, tag

VERBS = {
    "ingest": ("ingest",),
    "generate": ("generate", "curate", "controller"),
    "train": ("train", "merge", "evaluate"),
    "serve": ("serve",),
}
COMMANDS = [(image, verb) for image, verbs in VERBS.items() for verb in verbs]
LIGHT = ("ingest", "generate")
LIGHT_BYTES = 460_000_000
"""Of which 100 MB are lingua's models of 75 languages."""
HEAVY = {"torch", "transformers", "peft", "datasets", "bitsandbytes", "accelerate", "triton"}
LOCKS = Path(__file__).parent.parent.parent / "requirements"
PINNED = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
SPARSE = "opt/gabarito/lib/python3.*/site-packages/nvidia/*/lib/libcusparse.so.*"
"""Of 168 MB 139 are code for GPUs."""
PYTHON = ["/opt/gabarito/bin/python", "-c"]

pytestmark = [pytest.mark.images]


@pytest.fixture(scope="module")
def images() -> Iterator[dict[str, Image]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(mounted(name)) for name in VERBS}


@pytest.fixture(params=VERBS)
def image(images: dict[str, Image], request: pytest.FixtureRequest) -> Image:
    return images[request.param]


def test_the_entry_point_is_the_command_and_no_shell(image: Image) -> None:
    assert (image.config["Entrypoint"], image.config["Cmd"]) == (["gabarito"], ["--help"])


def test_the_user_is_a_number_that_has_a_name(image: Image) -> None:
    assert image.config["User"] == "65532:65532"
    assert "\ngabarito:x:65532:65532::/tmp:" in (image.root / "etc/passwd").read_text()


def test_the_labels_say_what_it_is(image: Image) -> None:
    prefix = "org.opencontainers.image."
    labels = {
        key.removeprefix(prefix): value
        for key, value in image.config["Labels"].items()
        if key.startswith(prefix)
    }
    assert labels["title"] == tag(image.name).removeprefix("localhost/").split(":")[0]
    assert labels["version"] == __version__
    assert {"description", "revision", "licenses", "vendor", "base.name"} <= set(labels)


def test_the_code_is_the_last_layer(image: Image) -> None:
    layers = [step for step in image.settings["history"] if not step.get("empty_layer")]
    assert "COPY" in layers[-1]["created_by"]
    assert image.packages["gabarito"] == __version__


def test_there_is_no_package_that_the_lock_does_not_name(image: Image) -> None:
    locked = set(PINNED.findall((LOCKS / f"{image.name}.txt").read_text(encoding="utf-8")))
    assert set(image.packages.items()) - locked == {("gabarito", __version__)}


@pytest.mark.parametrize("name", LIGHT)
def test_the_light_images_have_no_torch_and_stay_small(images: dict[str, Image], name: str) -> None:
    assert not HEAVY.intersection(images[name].packages)
    assert images[name].size() < LIGHT_BYTES


def test_train_and_serve_share_the_layers_of_torch(images: dict[str, Image]) -> None:
    train, serve = (images[name].settings["rootfs"]["diff_ids"] for name in ("train", "serve"))
    *packages, _ = train
    assert serve[: len(packages)] == packages


def test_nobody_in_particular_runs_the_command_and_writes_nothing(
    image: Image, tmp_path: Path
) -> None:
    assert image.run(tmp_path, "--version").strip() == f"gabarito, version {__version__}"


@pytest.mark.parametrize(("name", "verb"), COMMANDS)
def test_an_image_explains_its_verbs(
    images: dict[str, Image], tmp_path: Path, name: str, verb: str
) -> None:
    assert f"gabarito {verb}" in images[name].run(tmp_path, verb, "--help")


@pytest.mark.parametrize(("name", "verb"), COMMANDS)
def test_an_image_has_what_its_verbs_import(
    images: dict[str, Image], tmp_path: Path, name: str, verb: str
) -> None:
    module = f"gabarito.{verb}.kube.cluster" if verb == "controller" else f"gabarito.{verb}.job"
    images[name].run(tmp_path, f"import {module}", entry=PYTHON)


def test_the_ingest_image_has_a_reader_for_each_format(
    images: dict[str, Image], tmp_path: Path
) -> None:
    code = (
        "from gabarito.ingest.formats import READERS, reader_of; print([*map(reader_of, READERS)])"
    )
    assert "formats.pdf.pdf" in images["ingest"].run(tmp_path, code, entry=PYTHON)


def test_without_a_gpu_its_code_is_zeros(images: dict[str, Image]) -> None:
    (library,) = images["serve"].root.glob(SPARSE)
    content = library.read_bytes()
    assert len(zlib.compress(content, level=1)) < len(content) / 5


@pytest.mark.parametrize("name", ["train", "serve"])
def test_torch_computes_for_a_user_without_a_name(
    images: dict[str, Image], tmp_path: Path, name: str
) -> None:
    code = "import torch; print(int((torch.ones(8, 8) @ torch.ones(8, 8)).sum()))"
    assert images[name].run(tmp_path, code, entry=PYTHON).endswith("512\n")
