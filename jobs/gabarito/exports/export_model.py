"""Each form of a model: written beside, read back, and put in place only then.

model in the store  ->  a folder, a GGUF file, an Ollama folder, an OCI image, a hub's repository
"""

from pathlib import Path

from gabarito.core.errors import GabaritoError
from gabarito.exports.exported_model import ExportedModel
from gabarito.exports.hub_repository import (
    fetch_back,
    merge,
    open_repository,
    upload_folder,
    withdraw,
)
from gabarito.exports.llama_cpp import require_llama_cpp
from gabarito.exports.model_card import CARD_FILE, card
from gabarito.exports.modelfile import MODELFILE, read_asking
from gabarito.exports.oci_image import MANIFEST_KIND, build_image, pull_folder, push_image
from gabarito.exports.oci_registry import ImageName, OciRegistry
from gabarito.exports.read_back import check_folder, check_gguf, check_ollama
from gabarito.store.disk import disk_errors
from gabarito.store.scratch import temporary_folder
from gabarito.store.whole_folder import whole_folder, write_mark

SETTING = "--to"
GGUF_FILE = "model.gguf"

FOLDER_USE = """With `gabarito serve --model FOLDER`; or with anything that opens a model folder of
transformers, such as vLLM. A client there sends the system prompt below, if there is one, and
temperature 0."""

GGUF_USE = """With llama.cpp and what is built on it, such as `llama-server -m FILE`. Chat template,
system prompt, end and temperature 0 are in the file: a client sends the question."""

OLLAMA_USE = """With `ollama create NAME -f Modelfile` in this folder, then `ollama run NAME`. Chat
template, system prompt, end and settings are in the `Modelfile`: a client sends the question."""


def export_folder(model: ExportedModel, to: Path, *, verify: bool) -> str | None:
    """Write the plain folder, with card and contract; return what reading it back showed."""
    with whole_folder(to, SETTING) as folder:
        return write_folder(model, folder, to.name, verify=verify)


def write_folder(model: ExportedModel, folder: Path, name: str, *, verify: bool) -> str | None:
    """Write the model into a folder that is there, with its card, and read it back."""
    model.fetch(folder)
    seen = check_folder(model, folder, name) if verify else None
    write_card(model, folder, "The model folder", FOLDER_USE, seen)
    return seen


def export_gguf(
    model: ExportedModel, to: Path, precision: str, *, verify: bool, file_name: str | None = None
) -> str | None:
    """Write a GGUF file with card and contract; return what llama.cpp showed of it.

    It is named by pipeline and precision, unless ``file_name`` says how.
    """
    require_llama_cpp(verify=verify)
    from gabarito.exports.gguf_file import write_gguf

    with temporary_folder("export") as fetched, whole_folder(to, SETTING) as folder:
        model.fetch(fetched)
        file = folder / (file_name or f"{model.record.pipeline}-{precision}.gguf")
        with disk_errors(str(file)):
            write_gguf(fetched, model.contract, file, precision, model.record.pipeline)
        seen = check_gguf(model, fetched, file) if verify else None
        write_card(model, folder, f"A GGUF file in {precision}", GGUF_USE, seen)
    return seen


def export_ollama(model: ExportedModel, to: Path, precision: str, *, verify: bool) -> str | None:
    """Write a GGUF file with the Modelfile that asks it as it was trained.

    It is llama.cpp that reads it back, as Ollama does: with the prompts that the Modelfile will
    write, under its settings.
    """
    require_llama_cpp(verify=verify)
    from gabarito.exports.gguf_file import write_gguf

    with temporary_folder("export") as fetched, whole_folder(to, SETTING) as folder:
        model.fetch(fetched)
        asking = read_asking(fetched, model.contract)
        file = folder / GGUF_FILE
        with disk_errors(str(folder)):
            (folder / MODELFILE).write_text(asking.modelfile(GGUF_FILE), encoding="utf-8")
            write_gguf(fetched, model.contract, file, precision, model.record.pipeline)
        seen = check_ollama(model, fetched, asking, file) if verify else None
        write_card(model, folder, f"An Ollama folder in {precision}", OLLAMA_USE, seen)
    return seen


def export_oci(model: ExportedModel, name: ImageName, *, verify: bool) -> tuple[str, str | None]:
    """Push an image of the model folder; return its full name, and what pulling it back showed.

    It is tagged last: nobody who pulls the tag gets what was not read back.
    """
    registry = OciRegistry(name)
    registry.check_access()
    with temporary_folder("export") as work:
        folder, pulled = work / "model", work / "pulled"
        folder.mkdir()
        pulled.mkdir()
        model.fetch(folder)
        # the card stands in the image, so that what it says must be seen before it is pushed
        seen = check_folder(model, folder, model.record.pipeline) if verify else None
        write_card(model, folder, "An image of the model folder", FOLDER_USE, seen)
        image = build_image(folder, work, _labels(model))
        push_image(image, registry)
        if verify:
            pull_folder(registry, name, image.digest, pulled)
            seen = check_folder(model, pulled, f"{name.repository}@{image.digest}")
        registry.push_manifest(image.manifest, MANIFEST_KIND, name.tag)
    return f"{name.repository}:{name.tag}@{image.digest}", seen


def export_hub(
    model: ExportedModel, repository: str, *, is_public: bool, verify: bool
) -> tuple[str, str | None]:
    """Upload the model folder to the hub; return its place, and what fetching it back showed.

    It is uploaded to a pull request, which is merged once it was read back. What is fetched back
    otherwise stays there only where a hub takes no pull requests.
    """
    place = open_repository(repository, is_public=is_public)
    with temporary_folder("export") as work:
        folder, fetched = work / model.record.pipeline, work / "fetched-back"
        folder.mkdir()
        model.fetch(folder)
        seen = check_folder(model, folder, folder.name) if verify else None
        write_card(model, folder, "The model folder", FOLDER_USE, seen)
        write_mark(folder)
        uploaded = upload_folder(folder, place, is_public=is_public, is_aside=verify)
        if verify:
            try:
                fetch_back(uploaded, folder, fetched)
                seen = check_folder(model, fetched, f"hub:{repository}@{uploaded.commit}")
            except GabaritoError:
                withdraw(uploaded)
                raise
            uploaded = merge(uploaded)
    return f"hub:{repository}@{uploaded.commit}", seen


def _labels(model: ExportedModel) -> dict[str, str]:
    return {
        "org.opencontainers.image.title": model.record.pipeline,
        "org.opencontainers.image.version": model.record.digest,
    }


def write_card(
    model: ExportedModel, folder: Path, form: str, how: str, verified: str | None
) -> None:
    """Write what people and programs must know of a model beside it."""
    with disk_errors(str(folder)):
        text = card(model, form, how, verified)
        (folder / CARD_FILE).write_text(text, encoding="utf-8")
    model.write_contract(folder)
