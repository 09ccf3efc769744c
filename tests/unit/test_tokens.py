"""Every command that takes a secret from the environment refuses a blank one before it works."""

from pathlib import Path

import click
import pytest

from gabarito.artifacts.cache import Cache
from gabarito.commands.demo import teacher
from gabarito.commands.model import ask, serve
from gabarito.core.errors import SettingsError
from gabarito.core.teacher_config import TeacherSettings
from gabarito.generate.teachers.open_teacher import open_teacher
from gabarito.store.open import open_store


@pytest.mark.parametrize(
    ("command", "arguments", "variable"),
    [
        (serve, ["--model", "nowhere"], "GABARITO_SERVE_TOKEN"),
        (ask, ["Quem?"], "GABARITO_SERVE_TOKEN"),
        (teacher, ["--replies", "nowhere"], "GABARITO_TEACHER_KEY"),
    ],
)
def test_a_blank_secret_is_refused_by_the_command(
    command: click.Command, arguments: list[str], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, " \n")
    with pytest.raises(SettingsError, match=f"{variable}: set but blank"):
        command.main(arguments, standalone_mode=False)


def test_a_blank_key_is_refused_before_the_teacher_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GABARITO_TEACHER_KEY", "")
    settings = TeacherSettings(model="m", url="http://127.0.0.1:9/v1")
    cache = Cache(open_store(str(tmp_path)), "teacher")
    with pytest.raises(SettingsError, match="set but blank"), open_teacher(settings, cache):
        pass
