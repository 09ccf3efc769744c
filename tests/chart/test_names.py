"""Names and labels."""

from pathlib import Path

import pytest
import yaml

from .helm import CHART, Object, helm
from .release import SCENARIOS, changed, scenario

VALUES = CHART / "ci/demo-values.yaml"
OURS = {"cost-centre": "7", "app.kubernetes.io/managed-by": "somebody"}


def test_names_fit_however_long_the_release_is(tmp_path: Path) -> None:
    release = changed(tmp_path, "demo", {"fullnameOverride": "f" * 48})
    assert max(len(each["metadata"]["name"]) for each in release.objects) <= 63
    assert all(len(_service("r" * length)) <= 48 for length in (47, 48, 53))


def test_the_name_of_a_release_may_have_dots() -> None:
    assert _service("handbook-1.2") == "handbook-1-2-gabarito"
    assert _service("gabarito.main") == "gabarito-main"


def test_two_releases_in_a_namespace_share_nothing() -> None:
    one, other = _rendered("one"), _rendered("other")
    assert not {_name(each) for each in one} & {_name(each) for each in other}
    selectors = [each["spec"]["selector"] for each in one if each["kind"] == "Service"]
    assert selectors[0]["app.kubernetes.io/instance"] == "one"


@pytest.mark.parametrize("name", SCENARIOS)
def test_labels_of_all_are_everywhere_but_on_what_never_changes(name: str, tmp_path: Path) -> None:
    release = changed(tmp_path, name, {"commonLabels": OURS})
    made = [*release.jobs.values(), release.endpoint]
    labels = {each["metadata"].get("name", ""): each["metadata"].get("labels", {})
              for each in (*release.objects, *made)}  # fmt: skip
    lacking = {name for name, given in labels.items() if "cost-centre" not in given}
    assert lacking - {"gabarito-bucket"} == {"demo-gabarito-owner"}  # a further object has its own
    for given in (*labels.values(), *(pod.labels for pod in release.pods())):
        assert given.get("app.kubernetes.io/managed-by") != "somebody"
    assert all(pod.labels["cost-centre"] == "7" for pod in release.pods())


def test_a_stage_labels_its_job_and_its_pods_apart(tmp_path: Path) -> None:
    values = {
        "labels": {"kueue.x-k8s.io/priority-class": "low", "gabarito.dev/stage": "else"},
        "annotations": {"example.com/owner": "search"},
        "podLabels": {"example.com/pod": "yes"},
    }
    release = changed(tmp_path, "demo", {"stages": {"train": values, "serve": values}})
    train = release.jobs["train"]["metadata"]
    assert train["labels"]["kueue.x-k8s.io/priority-class"] == "low"
    assert train["labels"]["gabarito.dev/stage"] == "train"
    for owner in (release.jobs["train"], release.endpoint):
        assert owner["metadata"]["annotations"] == {"example.com/owner": "search"}
        inner = owner["spec"]["template"]["metadata"]["labels"]
        assert "example.com/pod" in inner
        assert "kueue.x-k8s.io/priority-class" not in inner


def test_the_hook_is_a_pod_like_those_of_generate(tmp_path: Path) -> None:
    values = {"podLabels": {"team": "search"}, "podAnnotations": {"example.com/mesh": "off"}}
    (pod,) = changed(tmp_path, "demo", {"stages": {"generate": values}}).of_kind("Pod")
    assert pod["metadata"]["labels"]["team"] == "search"
    assert pod["metadata"]["annotations"]["example.com/mesh"] == "off"
    assert (pod["metadata"]["annotations"]["helm.sh/hook"]) == "test"
    assert "team" not in scenario("demo").of_kind("Pod")[0]["metadata"]["labels"]


def _service(release: str) -> str:
    names = [_name(each)[1] for each in _rendered(release) if each["kind"] == "Service"]
    return names[0]


def _rendered(release: str) -> list[Object]:
    done = helm("template", release, str(CHART), "--values", str(VALUES))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def _name(each: Object) -> tuple[str, str]:
    return each["kind"], each["metadata"]["name"]
