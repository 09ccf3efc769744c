"""The command ``gabarito export``: a model or a run's rows, as files for other programs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gabarito.artifacts.channel import SHORT_DIGEST
from gabarito.commands.options import GivenPath, channel_option, name_option, say, store_option
from gabarito.core.errors import UsageError
from gabarito.core.text import in_number
from gabarito.pipeline.export_dataset import FORMATS, rows_of, write_rows
from gabarito.pipeline.holds import hold_model
from gabarito.pipeline.runs import last_run, read_run
from gabarito.store.open import open_store
from gabarito.store.whole_folder import refuse_other_content, whole_folder

if TYPE_CHECKING:
    from gabarito.exports.exported_model import ExportedModel

F = TypeVar("F", bound=Callable[..., object])

PRECISIONS = ("f16", "bf16", "q8_0", "f32")

folder_option = click.option("--to", type=GivenPath(), required=True, help="A new folder.")
unverified_option = click.option(
    "--unverified", is_flag=True, help="Do not read it back; its card says so."
)


class _FileNameType(click.ParamType[str]):
    name = "name"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read the name of a GGUF file: no folder, and the ending that programs look for."""
        name = str(value)
        if Path(name).name != name or not name.endswith(".gguf") or name.startswith("."):
            raise UsageError(
                f"--file-name: must be a name that ends with .gguf, got {name!r}; give the folder "
                "with --to"
            )
        return name


@dataclass(frozen=True)
class ModelChoice:
    """Which model is exported: of a channel, of a run, or by its digest."""

    store_url: str
    channel: str | None
    run_id: str | None
    digest: str | None

    def open(self) -> "ExportedModel":
        """Return the model."""
        from gabarito.exports.exported_model import chosen_record, open_model

        store = open_store(self.store_url)
        return open_model(store, chosen_record(store, self.channel, self.run_id, self.digest))

    def open_for(self, to: Path) -> "ExportedModel":
        """Return the model, if a folder of it can be put there."""
        refuse_other_content(to.absolute(), "--to")
        return self.open()


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose the model; the command gets them as ``choice``."""

    @wraps(command)
    def chosen(
        store_url: str,
        channel: str | None,
        run_id: str | None,
        digest: str | None,
        **others: object,
    ) -> None:
        command(choice=ModelChoice(store_url, channel, run_id, digest), **others)

    return _with_options(
        chosen,
        store_option,
        channel_option,
        name_option("--run", "run_id", help="The model of this run, promoted or not."),
        name_option("--digest", help="The model of this digest, or of its first digits."),
    )


def file_options(command: F) -> F:
    """Add the options of a GGUF file in a folder."""
    precision = click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        default="f16",
        show_default=True,
        help="Of the weights; q8_0 is half the size of f16.",
    )
    return _with_options(command, folder_option, precision, unverified_option)


def _with_options(command: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def export() -> None:
    """Write a model, or the questions and answers of a run, as files for other programs.

    A model is read back in its new form before it counts as written, and must answer known
    questions of its evaluation as before.
    """


@export.command()
@store_option
@name_option("--run", "run_id", help="Of this run; default: the one that was started last.")
@folder_option
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("csv", "jsonl"),
    show_default=True,
    help="May be given several times.",
)
def dataset(store_url: str, run_id: str | None, to: Path, formats: tuple[str, ...]) -> None:
    """Write the questions and answers of a run, in the columns of the pairs that came in.

    Each row has its fact, source, split, kind and wording family beside it.
    """
    refuse_other_content(to.absolute(), "--to")
    store = open_store(store_url)
    rows = rows_of(store, read_run(store, run_id) if run_id else last_run(store))
    with whole_folder(to, "--to") as folder:
        for name in dict.fromkeys(formats):
            write_rows(rows, folder / f"pairs.{name}")
    say(f"wrote {len(rows):,} {in_number(len(rows), 'rows')} to {to}")


@export.command()
@model_options
@folder_option
@unverified_option
def folder(choice: ModelChoice, to: Path, unverified: bool) -> None:
    """Write the model as a plain folder, which transformers and vLLM open."""
    model = choice.open_for(to)
    from gabarito.exports.export_model import export_folder

    _tell(model, str(to), export_folder(model, to, verify=not unverified))


@export.command()
@model_options
@file_options
@click.option(
    "--file-name",
    type=_FileNameType(),
    help="Of the file, such as model.gguf.  [default: the pipeline's and the precision]",
)
def gguf(
    choice: ModelChoice, to: Path, precision: str, unverified: bool, file_name: str | None
) -> None:
    """Write the model as a GGUF file, for llama.cpp and what is built on it."""
    model = choice.open_for(to)
    from gabarito.exports.export_model import export_gguf

    seen = export_gguf(model, to, precision, verify=not unverified, file_name=file_name)
    _tell(model, str(to), seen)


@export.command()
@model_options
@file_options
def ollama(choice: ModelChoice, to: Path, precision: str, unverified: bool) -> None:
    """Write the model for Ollama: a GGUF file, and a Modelfile that asks as it was trained."""
    model = choice.open_for(to)
    from gabarito.exports.export_model import export_ollama

    _tell(model, str(to), export_ollama(model, to, precision, verify=not unverified))


@export.command()
@model_options
@name_option("--to", required=True, help="registry/name, with a tag or without.")
@unverified_option
def oci(choice: ModelChoice, to: str, unverified: bool) -> None:
    """Push the model folder as an image, which Kubernetes mounts as a volume.

    It is tagged with the beginning of the model's digest unless TO has a tag.
    """
    from gabarito.exports.export_model import export_oci
    from gabarito.exports.oci_registry import ImageName

    ImageName.parse(to, tag="latest")  # a name that is none is told before anything is fetched
    model = choice.open()
    name = ImageName.parse(to, tag=model.record.digest[:SHORT_DIGEST])
    place, seen = export_oci(model, name, verify=not unverified)
    _tell(model, place, seen)


@export.command()
@model_options
@name_option("--to", required=True, help="org/name; HF_TOKEN must allow to write there.")
@click.option(
    "--public", is_flag=True, help="Anybody may read it: a new one, or one that is public."
)
@unverified_option
def hub(choice: ModelChoice, to: str, public: bool, unverified: bool) -> None:
    """Upload the model folder to the model hub, or to the one that HF_ENDPOINT names."""
    from gabarito.exports.export_model import export_hub
    from gabarito.exports.hub_repository import check_name

    repository = to.removeprefix("hub:")
    check_name(repository)
    model = choice.open()
    place, seen = export_hub(model, repository, is_public=public, verify=not unverified)
    _tell(model, place, seen)


def _tell(model: "ExportedModel", place: str, seen: str | None) -> None:
    """Say what was written; what was read back stands for its run, which is kept from then on."""
    if seen:
        hold_model(model.store, model.record, "export")
    say(f"wrote {place}: {f'read back, it {seen}' if seen else 'not read back'}")
