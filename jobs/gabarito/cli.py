"""The command ``gabarito``: a command's module is imported only when it is called."""

import importlib
import logging
import sys
import traceback
from types import TracebackType

import click

from gabarito import __version__
from gabarito.core.errors import BugError, GabaritoError, Interrupted, UsageError
from gabarito.core.log import LogFormat, setup, write_termination_message
from gabarito.core.stop import is_stop_asked, stop_at_end
from gabarito.core.text import printable

log = logging.getLogger("gabarito")

MAX_TRACEBACK_CHARS = 100_000

COMMANDS = {
    "demo": ("demo:demo", "Run the whole pipeline on the sample, then ask five questions."),
    "init": ("init:init", "Write a pipeline file for the documents in a folder."),
    "run": ("pipeline:run", "Make all that a pipeline file asks for, on this machine."),
    "plan": ("pipeline:plan", "Show what is there already and what would run."),
    "status": ("pipeline:status", "Show how far the last run is, and what is served."),
    "controller": ("controller:controller", "Run a release on a cluster: Jobs, then the endpoint."),
    "show": ("show:show", "List the documents, facts, questions or drops of a run."),
    "review": ("review:review", "Look at the facts of a run in a browser, and correct them."),
    "export": ("export:export", "Write a model, or questions and answers, for other programs."),
    "runs": ("promotion:runs", "List the runs that were started, of which pipeline and how far."),
    "models": ("promotion:models", "List the models that runs made, and which of them are served."),
    "promote": ("promotion:promote", "Let a channel serve a model that a run made."),
    "rollback": ("promotion:rollback", "Let a channel serve the model before."),
    "diff": ("promotion:diff", "Show what differs between two runs, to the answers."),
    "report": ("model:report", "Show the evaluation of the promoted model."),
    "ask": ("model:ask", "Ask the endpoint a question."),
    "check": ("store:check", "Try the settings, the store and the services before a run."),
    "gc": ("store:gc", "Delete what unfinished attempts left in the store."),
    "schema": ("pipeline:schema", "Print the JSON schema of a pipeline file."),
    "fetch": ("init_containers:fetch", "Copy a model of a bucket or the hub into a folder."),
    "wait": ("init_containers:wait", "Wait until a model's server has loaded it and answers."),
    "teacher": ("demo:teacher", "Serve recorded replies as an OpenAI-compatible teacher."),
    "ingest": (
        "run_one_stage:ingest",
        "Show what is read of a folder; with --run, sources to documents (one stage of a run).",
    ),
    "generate": (
        "run_one_stage:generate",
        "Documents to facts and questions (one stage of a run).",
    ),
    "curate": ("run_one_stage:curate", "Facts and questions to a dataset (one stage of a run)."),
    "train": (
        "run_one_stage:train",
        "A dataset and a base model to an adapter (one stage of a run).",
    ),
    "merge": ("run_one_stage:merge", "An adapter into its base model (one stage of a run)."),
    "evaluate": (
        "run_one_stage:evaluate",
        "Base, adapter and model to a report (one stage of a run).",
    ),
    "serve": ("model:serve", "Serve the promoted model behind an OpenAI-compatible endpoint."),
}

RENAMED = {"conduct": "controller"}
"""Commands under an earlier name, and what they are called now."""


class LazyGroup(click.Group):
    """Knows every command's name and help without importing its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name in RENAMED:
            ctx.fail(f"No such command {cmd_name!r}; it is called {RENAMED[cmd_name]} now")
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        with stop_at_end():
            commands = importlib.import_module(f"gabarito.commands.{module}")
        command: click.Command = getattr(commands, name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; click itself would write an empty line when it is stopped."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            if sys.stderr.isatty():
                click.echo(err=True)  # after the ^C that the terminal shows
            raise Interrupted(str(stop) or "stopped") from stop

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _set_up_logs(_ctx: click.Context, _option: click.Parameter, log_format: LogFormat) -> None:
    """Let logs be set up before the command's module is imported, which may fail."""
    setup(log_format)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gabarito")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    default="auto",
    envvar="GABARITO_LOG_FORMAT",
    help="auto: text on a terminal, JSON lines elsewhere.",
    callback=_set_up_logs,
    expose_value=False,
)
def cli() -> None:
    """Turn documents into a small language model that knows what they say."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with the code of its outcome."""
    sys.excepthook = _report_bug
    try:
        cli.main(args=arguments, prog_name="gabarito", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        _fail(UsageError(error.format_message()))
    except (click.Abort, KeyboardInterrupt) as error:
        _fail(Interrupted(str(error.__cause__ or error) or "stopped"))
    except GabaritoError as error:
        _fail(error)


def _fail(error: GabaritoError) -> None:
    """Say in one place what went wrong: for people, or as an event of the log."""
    said = printable(str(error))
    if _logs_json():
        log.error("failed", extra={"error": said, "exit_code": error.exit_code})
    else:
        click.echo(f"gabarito: {said}", err=True)
    write_termination_message(said)
    sys.exit(error.exit_code)


def _logs_json() -> bool:
    handlers = logging.getLogger().handlers
    return bool(handlers) and isinstance(handlers[0], logging.StreamHandler)


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show the traceback of what we did not expect, and exit with the code for it."""
    if is_stop_asked():  # a library made this error of the request
        _fail(Interrupted(f"stopped ({kind.__name__}: {error}); start again"))
    message = printable(f"a bug: {kind.__name__}: {error}; please report it")
    if _logs_json():
        fields = {"error": message, "exit_code": BugError.exit_code}
        log.error("failed", extra=fields, exc_info=(kind, error, trace))
    else:
        shown = "".join(traceback.format_exception(kind, error, trace))
        click.echo(printable(shown, MAX_TRACEBACK_CHARS), err=True)
        click.echo(f"gabarito: {message}", err=True)
    write_termination_message(message)
    sys.stderr.flush()
    sys.stdout.flush()
    raise SystemExit(BugError.exit_code)
