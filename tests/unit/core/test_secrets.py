import pathlib
import re

import pytest

import gabarito
from gabarito.core.errors import SettingsError
from gabarito.core.secrets import secret_from, without_userinfo

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
