"""What is sent to the API, and what becomes of its answers; the server is real, its answers set."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config import kube_config
from tests.api_server import ApiServer, api_server
from tests.loopback import QuietHandler, served

from gabarito.controller.kube.api import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    LEASES,
    PODS,
    ExpiredError,
    Object,
)
from gabarito.controller.kube.cluster import KubeCluster, connect
from gabarito.core.errors import (
    AccessError,
    ConflictError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)

JOB = {"metadata": {"name": "train", "resourceVersion": "7"}}
IN = "/apis/batch/v1/namespaces/team-a/jobs"


@dataclass
class Api:
    """A server that gives one answer, and keeps what it was asked."""

    address: str = ""
    status: int = 200
    body: bytes = b"{}"
    chunks: tuple[bytes, ...] | None = None
    is_cut: bool = False
    asked: list[tuple[str, str, str, Object | None]] = field(default_factory=list)

    def says(self, status: int, **body: Any) -> None:  # noqa: ANN401
        """Let it answer with this from now on."""
        self.status, self.body = status, json.dumps(body).encode()


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            api.asked.append((self.command, self.path, self.headers["Content-Type"], body))
            self.send_response(api.status)
            if api.chunks is None:
                self.send_header("Content-Length", str(len(api.body)))
                self.end_headers()
                self.wfile.write(api.body[:-1] if api.is_cut else api.body)
            else:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in api.chunks:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.write(b"" if api.is_cut else b"0\r\n\r\n")
            self.close_connection = api.is_cut

    with served(Handler) as address:
        api.address = f"http://{address}"
        yield api


@pytest.fixture
def write_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes a kubeconfig with two contexts, which lead to an address."""

    def write(address: str) -> None:
        contexts = [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}},
            {"name": "two", "context": {"cluster": "c", "user": "u"}},
        ]
        path = tmp_path / "kubeconfig"
        settings = {
            "current-context": "one",
            "contexts": contexts,
            "clusters": [{"name": "c", "cluster": {"server": address}}],
            "users": [{"name": "u", "user": {"token": "secret"}}],
        }
        path.write_text(yaml.safe_dump(settings))
        monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))

    return write


@pytest.fixture
def cluster(api: Api, write_kubeconfig: Callable[[str], None]) -> KubeCluster:
    write_kubeconfig(api.address)
    return connect()


@pytest.mark.parametrize(("status", "is_there"), [(200, True), (404, False)])
def test_an_api_group_is_there_or_not(
    api: Api, cluster: KubeCluster, status: int, is_there: bool
) -> None:
    api.says(status, message="so it is")
    assert cluster.has_api("kueue.x-k8s.io") is is_there
    assert [path for _, path, *_ in api.asked] == ["/apis/kueue.x-k8s.io"]


def test_events_are_those_about_one_object(api: Api, cluster: KubeCluster) -> None:
    api.says(200, items=[{"reason": "FailedCreate"}])
    assert cluster.events_about("u-1") == [{"reason": "FailedCreate"}]
    ((_, path, *_),) = api.asked
    assert path == "/api/v1/namespaces/team-a/events?fieldSelector=involvedObject.uid%3Du-1"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SettingsError),
        (401, AccessError),
        (403, AccessError),
        (404, MissingError),
        (409, ConflictError),
        (413, SettingsError),
        (422, SettingsError),
        (429, ServiceError),
        (500, ServiceError),
        (503, ServiceError),
    ],
)
def test_each_refusal_is_an_error_of_ours(
    api: Api, cluster: KubeCluster, status: int, error: type[GabaritoError]
) -> None:
    api.says(status, message="because it is so")
    with pytest.raises(error, match=rf"{IN}: {status}: because it is so") as raised:
        cluster.create(JOBS, {})
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ('User "controller" cannot create resource "jobs"', "grant this account what the chart"),
        ("exceeded quota: q, requested: count/jobs.batch=1", "a rule of the cluster forbids it"),
        ('admission webhook "policy" denied the request', "a rule of the cluster forbids it"),
    ],
)
def test_what_is_forbidden_says_by_whom(
    api: Api, cluster: KubeCluster, said: str, cure: str
) -> None:
    api.says(403, message=f"jobs.batch is forbidden: {said}")
    with pytest.raises(AccessError, match=cure):
        cluster.create(JOBS, {})


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"message'])
def test_a_refusal_without_a_reason_is_one_too(api: Api, cluster: KubeCluster, body: bytes) -> None:
    api.status, api.body = 500, body
    with pytest.raises(ServiceError, match="500"):
        cluster.list(JOBS, "")


def test_an_api_that_is_down_does_not_answer(write_kubeconfig: Callable[[str], None]) -> None:
    write_kubeconfig("http://127.0.0.1:9")
    with pytest.raises(ServiceError, match="does not answer"):
        connect().list(JOBS, "")


def test_an_answer_that_is_cut_or_garbled_is_none(api: Api, cluster: KubeCluster) -> None:
    api.body, api.is_cut = b'{"items": []}', True
    with pytest.raises(ServiceError, match="does not answer"):
        cluster.list(JOBS, "")
    api.body, api.is_cut = b"<html>", False
    with pytest.raises(ServiceError, match="does not answer"):
        cluster.list(JOBS, "")


def test_what_is_not_there_reads_as_none_and_needs_no_deletion(
    api: Api, cluster: KubeCluster
) -> None:
    api.says(404, message="not found")
    assert cluster.read(JOBS, "train") is None
    cluster.delete(JOBS, "train", "uid")
    api.says(409, message="the uid is another")
    cluster.delete(JOBS, "train", "uid")
    api.says(403, message="forbidden")
    with pytest.raises(AccessError):
        cluster.delete(JOBS, "train", "uid")


def test_each_call_asks_as_the_api_wants_it(api: Api, cluster: KubeCluster) -> None:
    api.says(200, metadata={"resourceVersion": "9"}, items=[JOB])
    assert cluster.read(JOBS, "train") == {"metadata": {"resourceVersion": "9"}, "items": [JOB]}
    assert cluster.list(PODS, "a=b,c") == [JOB]
    cluster.create(EVENTS, JOB)
    cluster.replace(LEASES, JOB)
    cluster.patch(JOBS, "train", {"spec": {"suspend": False}})
    cluster.apply(DEPLOYMENTS, JOB)
    cluster.delete(JOBS, "train", "uid")
    ours = "fieldManager=gabarito-controller"
    deployments = "/apis/apps/v1/namespaces/team-a/deployments"
    leases = "/apis/coordination.k8s.io/v1/namespaces/team-a/leases"
    gone = {"propagationPolicy": "Background", "preconditions": {"uid": "uid"}}
    plain, merge = "application/json", "application/merge-patch+json"
    assert api.asked == [
        ("GET", f"{IN}/train", plain, None),
        ("GET", "/api/v1/namespaces/team-a/pods?labelSelector=a%3Db%2Cc&limit=200", plain, None),
        ("POST", f"/api/v1/namespaces/team-a/events?{ours}", plain, JOB),
        ("PUT", f"{leases}/train?{ours}", plain, JOB),
        ("PATCH", f"{IN}/train?{ours}", merge, {"spec": {"suspend": False}}),
        ("PATCH", f"{deployments}/train?{ours}&force=true", "application/apply-patch+yaml", JOB),
        ("DELETE", f"{IN}/train", plain, gone),
    ]


def test_a_patch_may_remove_an_entry(api: Api, cluster: KubeCluster) -> None:
    cluster.patch(JOBS, "train", {"metadata": {"annotations": {"a": None}}})
    assert api.asked[0][3] == {"metadata": {"annotations": {"a": None}}}


def test_a_list_is_no_other_answer(api: Api, cluster: KubeCluster) -> None:
    api.says(200, metadata={"resourceVersion": "x"}, items=[])
    with pytest.raises(ServiceError, match="must be a number"):
        cluster.list(JOBS, "")
    api.says(200)
    with pytest.raises(ServiceError, match="does not answer"):
        cluster.list(JOBS, "")


def line(type: str, **told: object) -> bytes:
    return json.dumps({"type": type, "object": told}).encode() + b"\n"


def test_a_watch_tells_of_every_change_until_it_ends(api: Api, cluster: KubeCluster) -> None:
    """However the lines are cut on their way."""
    whole = line("ADDED", a=1) + line("MODIFIED", a="é")
    api.chunks = tuple(whole[at : at + 7] for at in range(0, len(whole), 7))
    assert [change.type for change in cluster.watch(JOBS, "a=b", 7)] == ["ADDED", "MODIFIED"]
    expected = "resourceVersion=7&watch=true&allowWatchBookmarks=true&timeoutSeconds=300"
    assert expected in api.asked[0][1]


@pytest.mark.parametrize("told", [b"garbage\n", b"{}\n", b"[]\n"])
def test_a_watch_that_breaks_is_an_api_that_does_not_answer(
    api: Api, cluster: KubeCluster, told: bytes
) -> None:
    api.chunks = (line("ADDED"), told)
    watch = cluster.watch(JOBS, "a=b", 7)
    next(watch)
    with pytest.raises(ServiceError, match="does not answer"):
        next(watch)
    api.chunks, api.is_cut = (line("ADDED"),), True
    watch = cluster.watch(JOBS, "a=b", 7)
    next(watch)
    with pytest.raises(ServiceError, match="does not answer"):
        next(watch)


def test_a_watch_that_is_refused_says_so_before_it_tells_anything(
    api: Api, cluster: KubeCluster
) -> None:
    api.says(403, message="forbidden")
    with pytest.raises(AccessError):
        cluster.watch(JOBS, "a=b", 7)
    api.says(410, message="too old resource version: 7")
    with pytest.raises(ExpiredError, match="it will be listed anew"):
        cluster.watch(JOBS, "a=b", 7)


def test_a_watch_may_expire_while_it_lasts(api: Api, cluster: KubeCluster) -> None:
    api.chunks = (line("ERROR", code=410, reason="Expired", message="too old"),)
    with pytest.raises(ExpiredError, match="too old"):
        list(cluster.watch(JOBS, "a=b", 7))
    api.chunks = (line("ERROR", code=500, message="etcd is away"),)
    with pytest.raises(ServiceError, match="etcd is away"):
        list(cluster.watch(JOBS, "a=b", 7))


@pytest.fixture
def server(write_kubeconfig: Callable[[str], None]) -> Iterator[ApiServer]:
    with api_server() as server:
        for number in range(25):
            metadata = {"name": f"job-{number:02}", "labels": {"a": "b"}}
            server.put("jobs", {"metadata": metadata, "spec": {}})
        write_kubeconfig(server.address)
        yield server


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gabarito.controller.kube.cluster.PAGE", 10)


@pytest.mark.usefixtures("_small_pages")
def test_a_list_comes_page_by_page_and_is_of_one_version(server: ApiServer) -> None:
    pages = connect().pages(JOBS, "a=b")
    first = next(pages)
    server.delete("jobs", "job-24")
    found = [first, *pages]
    assert [len(page.objects) for page in found] == [10, 10, 5]
    assert {page.version for page in found} == {first.version}
    assert len(connect().list(JOBS, "a=b")) == 24


@pytest.mark.usefixtures("_small_pages")
def test_a_list_whose_pages_are_forgotten_is_begun_anew(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, left = server.page, iter([True])

    def forgetful(plural: str, query: Mapping[str, str]) -> bytes:
        if "continue" in query and next(left, False):
            server.forget()
        return page(plural, query)

    monkeypatch.setattr(server, "page", forgetful)
    assert len(connect().list(JOBS, "a=b")) == 25
    monkeypatch.setattr(server, "page", page)
    pages = connect().pages(JOBS, "a=b")
    next(pages)
    server.forget()
    with pytest.raises(ExpiredError, match="too old"):
        next(pages)


def test_a_watch_goes_on_where_the_list_ended(server: ApiServer) -> None:
    cluster = connect()
    (page,) = cluster.pages(JOBS, "a=b")
    server.put("jobs", {"metadata": {"name": "other", "labels": {"a": "c"}}, "spec": {}})
    server.delete("jobs", "job-03")
    watch = cluster.watch(JOBS, "a=b", page.version)
    change = next(watch)
    assert (change.type, change.object["metadata"]["name"]) == ("DELETED", "job-03")
    server.bookmark_s = 0.0
    server.put("jobs", {"metadata": {"name": "new", "labels": {"a": "b"}}, "spec": {}})
    assert next(watch).type == "ADDED"
    server.forget()
    with pytest.raises(ExpiredError):
        cluster.watch(JOBS, "a=b", page.version).__next__()


@pytest.mark.parametrize(
    ("asked", "namespace"),
    [
        ({}, "team-a"),
        ({"context": "two"}, "default"),
        ({"namespace": "team-b"}, "team-b"),
        ({"namespace": "team-b", "context": "two"}, "team-b"),
    ],
)
def test_the_namespace_is_the_one_that_was_asked_for(
    api: Api,
    write_kubeconfig: Callable[[str], None],
    asked: dict[str, str],
    namespace: str,
) -> None:
    write_kubeconfig(api.address)
    cluster = connect(**asked)
    assert cluster.namespace == namespace
    cluster.read(JOBS, "train")
    assert f"/namespaces/{namespace}/" in api.asked[0][1]


@pytest.mark.parametrize("context", [None, "three"])
def test_without_a_cluster_it_says_what_to_do(
    write_kubeconfig: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    context: str | None,
) -> None:
    write_kubeconfig("http://127.0.0.1:9")
    if context is None:
        monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="set KUBECONFIG"):
        connect(context=context)
