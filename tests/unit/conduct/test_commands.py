import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from kubernetes.config import kube_config

from gabarito.cli import cli
from gabarito.core.errors import GabaritoError, MissingError, SettingsError, UsageError

from .world import World

HEAVY = {"torch", "transformers", "peft", "datasets", "trafilatura", "lingua"}


def refused(*arguments: str) -> GabaritoError:
    error = CliRunner().invoke(cli, arguments).exception
    assert isinstance(error, GabaritoError), error
    return error


def test_the_conductor_imports_nothing_heavy() -> None:
    script = (
        "import sys, gabarito.conduct.job; print(*{name.split('.')[0] for name in sys.modules})"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    assert not HEAVY & set(out.split())


def test_what_is_decided_is_decided_without_the_api() -> None:
    script = "import sys, gabarito.conduct.reconcile; print('kubernetes' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    assert out.strip() == "False"


def test_a_conductor_without_settings_does_not_start(tmp_path: Path) -> None:
    error = refused("conduct", "--config", str(tmp_path / "conductor.yaml"))
    assert isinstance(error, SettingsError)
    assert "no such file" in str(error)


def test_a_conductor_without_a_cluster_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(tmp_path)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    error = refused("conduct", "--config", str(tmp_path / "conductor.yaml"))
    assert "set KUBECONFIG" in str(error)


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["conduct", "--config", str(tmp_path), "--port", "65536"])
    assert "is not in the range 0<=x<=65535" in result.output


def test_one_model_is_served_not_two(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model", "a", "--model-digest", "b")
    assert isinstance(error, UsageError)


def test_a_model_that_was_never_promoted_cannot_be_served(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model-digest", "0" * 64)
    assert isinstance(error, MissingError)
    assert "no model '000" in str(error)


def test_what_is_no_digest_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model-digest", "../channels/main")
    assert isinstance(error, UsageError)
    assert "64 hexadecimal digits" in str(error)
