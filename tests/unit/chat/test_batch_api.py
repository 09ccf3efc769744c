"""A key that is replaced while a batch is waited for, which takes hours."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gabarito.chat import ChatEndpoint
from gabarito.chat.batch_api import BatchApi
from gabarito.core.errors import AccessError
from gabarito.core.secrets import FILE_CHECK_S, RotatingSecret

from .script import Handler, Scripted, fails, gives

BATCH = b'{"id": "b", "status": "in_progress"}'


def accepts(key: str) -> Callable[[Handler], None]:
    """Answer whoever has this key."""

    def answer(handler: Handler) -> None:
        is_known = handler.headers["Authorization"] == f"Bearer {key}"
        (gives(BATCH) if is_known else fails(401))(handler)

    return answer


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a key."""
    path = tmp_path / "key"
    path.write_text("before")
    monkeypatch.setenv("GABARITO_TEACHER_KEY_FILE", str(path))
    return path


def test_a_key_that_is_replaced_is_waited_for(serve: Callable[..., Scripted], path: Path) -> None:
    server, waited = serve(accepts("before")), []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        path.write_text("today")

    endpoint = ChatEndpoint(server.url, key=RotatingSecret("GABARITO_TEACHER_KEY"))
    api = BatchApi(endpoint, pause)
    assert api.state("b").id == "b"
    server.script = [accepts("today")]
    assert api.state("b").id == "b"
    assert len(waited) == 1
    assert waited[0] >= FILE_CHECK_S


def test_a_key_that_was_never_right_is_not_waited_for(
    serve: Callable[..., Scripted], path: Path
) -> None:
    path.write_text("wrong")
    endpoint = ChatEndpoint(
        serve(accepts("another")).url, key=RotatingSecret("GABARITO_TEACHER_KEY")
    )
    with pytest.raises(AccessError, match="set GABARITO_TEACHER_KEY to a valid key"):
        BatchApi(endpoint, lambda _seconds: pytest.fail("it waits")).state("b")
