"""What people read after ``helm install``."""

import re

import pytest

from .helm import CHART, helm
from .release import SCENARIOS, scenario

OBJECT = re.compile(r"\b(deployment|service|configmap)[/ ](?:-n team )?(demo-\S+)")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_line_is_about_this_release(name: str) -> None:
    notes = _notes(name)
    commands = [line.strip() for line in notes.splitlines() if line.startswith("  kubectl")]
    assert len(commands) >= 7
    assert "gabarito status" in commands[0]
    assert not any("wait" in command or "watch" in command for command in commands[:6])
    assert all("-n team" in command for command in commands)
    for kind, thing in OBJECT.findall(notes):
        assert scenario(name).named(kind.capitalize(), thing)


def test_they_say_what_a_gpu_for_the_endpoint_means() -> None:
    alone = _notes("demo", "--set", "stages.serve.gpu.count=1")
    assert "no\nrequest is answered" in alone
    assert "needs another one" in alone
    assert "needs another one" not in _notes("demo")


def test_they_say_that_a_channel_of_another_name_may_bring_another_pipelines_model() -> None:
    said = "whatever channel live names, also a model of another pipeline"
    assert said in _notes("demo", "--set", "pipeline.channel=live")
    assert "another pipeline" not in _notes("demo")


def test_they_begin_with_what_to_do_when_something_is_wrong() -> None:
    """A first command that waits, such as for a rollout, hangs just when something is wrong."""
    first, *_ = _notes("demo").split("Watch it")
    for said in ("why something waits or failed", "does not run yet", "kubectl logs", "retry=true"):
        assert said in first


def test_they_say_that_a_queue_needs_kueue() -> None:
    assert "This cluster has no Kueue" in _notes("kueue")
    assert "no Kueue" not in _notes("demo")


def test_they_say_that_a_gateway_must_be_let_through() -> None:
    said = "Only pods of this namespace may ask"
    assert said in _notes("demo", "--set", "stages.serve.ingress.enabled=true")
    assert said in _notes("demo", "--set", "stages.serve.service.type=LoadBalancer")
    assert said not in _notes("platform")
    assert said not in _notes("demo")


def test_they_say_who_may_ask() -> None:
    assert "answers every client" in _notes("demo")
    assert "Bearer $TOKEN" in _notes("external-secret")


def _notes(name: str, *options: str) -> str:
    values = str(CHART / f"ci/{name}-values.yaml")
    where = ("--namespace", "team", "--values", values, "--dry-run=client")
    done = helm("install", "demo", str(CHART), *where, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("\nNOTES:\n")[2]
