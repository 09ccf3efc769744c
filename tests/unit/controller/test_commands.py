import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from kubernetes.config import kube_config

from gabarito.cli import cli
from gabarito.core.errors import GabaritoError, MissingError, SettingsError, UsageError

from .world import World

HEAVY = {"torch", "transformers", "peft", "datasets", "resiliparse", "lingua"}


def refused(*arguments: str) -> GabaritoError:
    error = CliRunner().invoke(cli, arguments).exception
    assert isinstance(error, GabaritoError), error
    return error


def test_the_controller_imports_nothing_heavy() -> None:
    script = (
        "import sys, gabarito.controller.main; print(*{name.split('.')[0] for name in sys.modules})"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    assert not HEAVY & set(out.split())


def test_what_is_decided_is_decided_without_the_api() -> None:
    script = "import sys, gabarito.controller.decide; print('kubernetes' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    assert out.strip() == "False"


def test_a_controller_without_settings_does_not_start(tmp_path: Path) -> None:
    error = refused("controller", "--config", str(tmp_path / "controller.yaml"))
    assert isinstance(error, SettingsError)
    assert "no such file" in str(error)


def test_a_controller_without_a_cluster_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(tmp_path)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    error = refused("controller", "--config", str(tmp_path / "controller.yaml"))
    assert "set KUBECONFIG" in str(error)


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["controller", "--config", str(tmp_path), "--port", "65536"])
    assert "is not in the range 0<=x<=65535" in result.output


def test_one_model_is_served_not_two(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model", "a", "--model-digest", "b")
    assert isinstance(error, UsageError)


def test_a_model_that_was_never_promoted_cannot_be_served(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model-digest", "0" * 64)
    assert isinstance(error, MissingError)
    assert "no record of model '000" in str(error)


def test_what_is_no_digest_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    error = refused("serve", "--store", str(tmp_path), "--model-digest", "../channels/main")
    assert isinstance(error, UsageError)
    assert "give at least 6 digits of a digest" in str(error)


def test_a_setting_under_its_earlier_name_is_refused_with_the_new_one(tmp_path: Path) -> None:
    settings = World(tmp_path).config.model_dump(mode="json")
    settings["anchor"] = settings.pop("owner")
    (tmp_path / "controller.yaml").write_text(yaml.safe_dump(settings))
    error = refused("controller", "--config", str(tmp_path / "controller.yaml"))
    assert "anchor: unknown setting; it is called owner now" in str(error)
