import pathlib
import re

import pytest

import gabarito
from gabarito.core.errors import SettingsError
from gabarito.core.secrets import RotatingSecret, secret_from, without_userinfo

NAME = "GABARITO_TEST_SECRET"


def test_a_variable_that_is_not_set_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert secret_from(NAME) is None


@pytest.mark.parametrize("value", ["sk-a.b/c=", "sk-a.b/c=\n", " \tsk-a.b/c=\r\n"])
def test_space_around_a_secret_is_taken_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    assert secret_from(NAME) == "sk-a.b/c="


@pytest.mark.parametrize("value", ["", " ", "\n", "\t\r\n"])
def test_a_blank_secret_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingsError, match=f"{NAME}: set but blank; .* unset it"):
        secret_from(NAME)


@pytest.mark.parametrize("value", ["a\nb", "chave secreta", "chávê", "a\x1bb"])
def test_what_cannot_be_a_secret_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingsError, match="holds characters that no key has") as caught:
        secret_from(NAME)
    assert value not in str(caught.value)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """A file that is named as the secret's, and is not there yet."""
    path = tmp_path / "secret"
    monkeypatch.setenv(f"{NAME}_FILE", str(path))
    monkeypatch.delenv(NAME, raising=False)
    return path


def test_a_file_counts_before_the_variable(
    monkeypatch: pytest.MonkeyPatch, file: pathlib.Path
) -> None:
    monkeypatch.setenv(NAME, "at-start")
    assert secret_from(NAME) == "at-start"
    file.write_text("newer\n")
    assert secret_from(NAME) == "newer"


def test_a_file_that_is_missing_or_blank_is_no_open_door(file: pathlib.Path) -> None:
    with pytest.raises(SettingsError, match=f"{NAME}_FILE: .*secret: no such file; write"):
        secret_from(NAME)
    file.write_text("\n")
    with pytest.raises(SettingsError, match="set but blank"):
        secret_from(NAME)
    file.write_text("sk-a", encoding="utf-16")
    with pytest.raises(SettingsError, match="secret: not a text in UTF-8; save it as one"):
        secret_from(NAME)
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError, match="cannot be read: is a directory; name a file that"):
        secret_from(NAME)


def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_a_secret(
    file: pathlib.Path,
) -> None:
    file.write_bytes(b"\xef\xbb\xbfsk-a\r\n")
    assert secret_from(NAME) == "sk-a"


def test_a_secret_is_read_anew_when_its_file_changes(file: pathlib.Path) -> None:
    file.write_text("first")
    secret = RotatingSecret(NAME)
    assert (secret.read(), secret.can_change) == ("first", True)
    file.write_text("second-one")
    assert secret.read() == "second-one"


def test_a_projected_file_is_read_anew_when_its_link_moves(file: pathlib.Path) -> None:
    for name, value in (("a", "first"), ("b", "other")):
        (file.parent / name).write_text(value)
    file.symlink_to("a")
    secret = RotatingSecret(NAME)
    file.unlink()
    file.symlink_to("b")
    assert secret.read() == "other"


@pytest.mark.parametrize("broken", ["", "chave secreta", None])
def test_what_cannot_be_read_leaves_the_secret_as_it_was(
    file: pathlib.Path, broken: str | None
) -> None:
    file.write_text("first")
    secret = RotatingSecret(NAME)
    if broken is None:
        file.unlink()
    else:
        file.write_text(broken)
    assert secret.read() == "first"


def test_a_file_that_is_gone_brings_no_earlier_secret_back(
    file: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod's variable has what the Secret held when the pod began."""
    monkeypatch.setenv(NAME, "first")
    file.write_text("first")
    secret = RotatingSecret(NAME)
    file.write_text("second-and-longer")
    assert secret.read() == "second-and-longer"
    file.unlink()
    assert secret.read() == "second-and-longer"


def test_a_secret_of_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "first")
    secret = RotatingSecret(NAME)
    monkeypatch.setenv(NAME, "second")
    assert (secret.read(), secret.can_change) == ("first", False)


def test_secrets_are_read_nowhere_else() -> None:
    """Who reads the environment by one of these names would forget to strip or to refuse."""
    root = pathlib.Path(gabarito.__file__).parent
    names = re.compile(r"KEY_NAME|TOKEN_VARIABLE|token_env|_(KEY|TOKEN|SECRET)\b")
    for path in root.rglob("*.py"):
        for line in path.read_text().splitlines():
            reads = "os.environ" in line or "getenv" in line
            assert not (reads and names.search(line)), f"{path}: {line}"


@pytest.mark.parametrize("password", ["pw", "p/w", "p#w", "p?w", "p@w"])
def test_what_is_shown_of_a_url_holds_no_password(password: str) -> None:
    shown = without_userinfo(f"cannot reach 'https://user:{password}@host/a' or http://x/y")
    assert shown == "cannot reach 'https://***@host/a' or http://x/y"
    assert without_userinfo(f"endpoint: user:{password}@host") == "endpoint: ***@host"
