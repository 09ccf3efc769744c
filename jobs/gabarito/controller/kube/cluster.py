"""Requests to the Kubernetes API and its errors: the only module that imports the client.

Of the official client only connection and authentication are used: its typed methods would parse
every object into models, and import them, which is slow.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.client.rest import RESTResponse
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
from kubernetes.config.kube_config import list_kube_config_contexts
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from gabarito.controller.kube.api import (
    EVENTS,
    Change,
    ExpiredError,
    Kind,
    Object,
    Page,
    version_of,
)
from gabarito.controller.kube.metadata import FIELD_MANAGER
from gabarito.core.errors import (
    AccessError,
    ConflictError,
    GabaritoError,
    MissingError,
    ServiceError,
    SettingsError,
)

TIMEOUT_S = (3.0, 10.0)
"""Seconds to connect and to wait for an answer; after that the request is made again."""

WATCH_S = 300
"""How long one watch lasts; the next one goes on where it ended."""

SILENCE_S = 90.0
"""A watch that says nothing for so long is begun anew: bookmarks come every minute."""

PAGE = 200
"""Objects of one page of a list: a Job or a pod has about 10 KB, in memory ten times as much."""

LISTINGS = 3
"""How often a list is begun whose pages are forgotten before it has come to its end."""

POOL = 8
"""Connections: four watches, the Lease, the loop, and some to spare."""

_JSON = "application/json"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
_MANAGED = {"fieldManager": FIELD_MANAGER}


@dataclass(frozen=True)
class _ApiRequest:
    """A request; ``name`` is empty where it is about all objects of a kind."""

    method: str
    kind: Kind
    name: str = ""
    body: Object | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    content: str = _JSON
    timeout: tuple[float, float] = TIMEOUT_S


class KubeCluster:
    """The namespace of a real cluster."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self.namespace = namespace
        self._api = api

    def read(self, kind: Kind, name: str) -> Object | None:
        """Return an object, or None if there is none."""
        try:
            return self._call(_ApiRequest("GET", kind, name))
        except MissingError:
            return None

    def list(self, kind: Kind, selector: str) -> list[Object]:
        """Return the objects that a label selector matches."""
        for _ in range(LISTINGS - 1):
            try:
                return [each for page in self.pages(kind, selector) for each in page.objects]
            except ExpiredError:
                continue
        return [each for page in self.pages(kind, selector) for each in page.objects]

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        """Yield them page by page, all of one version."""
        query = {"labelSelector": selector, "limit": str(PAGE)}
        token: str | None = ""
        while token is not None:
            whole = {**query, "continue": token} if token else query
            found = self._call(_ApiRequest("GET", kind, query=whole))
            try:
                token = found["metadata"].get("continue") or None
                page = Page(found["items"], version_of(found))
            except KeyError as error:
                raise _no_answer(self._address(kind), error) from error
            yield page

    def has_api(self, group: str) -> bool:
        """Tell whether the API server has an API group; every account may ask for that."""
        try:
            self._call(_ApiRequest("GET", Kind(group, "APIGroup", "")))
        except MissingError:
            return False
        return True

    def events_about(self, uid: str) -> Sequence[Object]:
        """Return the Events about the object with a uid."""
        query = {"fieldSelector": f"involvedObject.uid={uid}"}
        found: Sequence[Object] = self._call(_ApiRequest("GET", EVENTS, query=query))["items"]
        return found

    def create(self, kind: Kind, body: Object) -> Object:
        """Create an object."""
        return self._call(_ApiRequest("POST", kind, body=body, query=_MANAGED))

    def replace(self, kind: Kind, body: Object) -> Object:
        """Replace an object."""
        name = body["metadata"]["name"]
        return self._call(_ApiRequest("PUT", kind, name, body=body, query=_MANAGED))

    def patch(self, kind: Kind, name: str, changes: Object) -> Object:
        """Merge changes into an object."""
        request = _ApiRequest("PATCH", kind, name, body=changes, query=_MANAGED, content=_MERGE)
        return self._call(request)

    def apply(self, kind: Kind, body: Object) -> Object:
        """Create or update an object by server-side apply, taking over conflicting fields."""
        name, query = body["metadata"]["name"], {**_MANAGED, "force": "true"}
        return self._call(_ApiRequest("PATCH", kind, name, body=body, query=query, content=_APPLY))

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        """Delete an object, unless it is gone or its name belongs to one with another uid."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            self._call(_ApiRequest("DELETE", kind, name, body=options))
        except (MissingError, ConflictError):
            return

    def watch(self, kind: Kind, selector: str, version: int) -> Iterator[Change]:
        """Begin to watch; yield what changed since a version."""
        query = {
            "labelSelector": selector,
            "resourceVersion": str(version),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_S),
        }
        timeout = (TIMEOUT_S[0], SILENCE_S)
        stream = self._send(_ApiRequest("GET", kind, query=query, timeout=timeout)).response
        return self._changes(kind, stream)

    def _changes(self, kind: Kind, stream: BaseHTTPResponse) -> Iterator[Change]:
        rest = b""
        try:
            for chunk in stream.stream(amt=None):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield self._change(kind, line)
        except HTTPError as error:
            raise _no_answer(self._address(kind), error) from error
        finally:
            stream.close()

    def _change(self, kind: Kind, line: bytes) -> Change:
        try:
            told: Object = json.loads(line)
            if told["type"] == "ERROR":
                status = told["object"]
                raise _refusal(
                    self._address(kind), int(status["code"]), json.dumps(status).encode()
                )
            return Change(told["type"], told["object"])
        except (ValueError, KeyError, TypeError) as error:
            raise _no_answer(self._address(kind), error) from error

    def _call(self, request: _ApiRequest) -> Object:
        try:
            answer: Object = json.loads(self._send(request).read())
        except (HTTPError, ValueError) as error:
            raise _no_answer(self._address(request.kind, request.name), error) from error
        return answer

    def _send(self, request: _ApiRequest) -> RESTResponse:
        address = self._address(request.kind, request.name)
        try:
            ready = self._api.param_serialize(
                request.method,
                address,
                query_params=list(request.query.items()),
                header_params={"Accept": _JSON, "Content-Type": request.content},
                body=request.body,
                auth_settings=["BearerToken"],
            )
            response = self._api.call_api(*ready, _request_timeout=request.timeout)
            if response.status >= 400:
                raise _refusal(address, response.status, response.read())
        except (HTTPError, ApiException) as error:
            raise _no_answer(address, error) from error
        return response

    def _address(self, kind: Kind, name: str = "") -> str:
        if not kind.plural:  # an API group itself
            return f"/apis/{quote(kind.api)}"
        path = f"{kind.root}/namespaces/{quote(self.namespace)}/{kind.plural}"
        return f"{path}/{quote(name)}" if name else path


def connect(namespace: str | None = None, context: str | None = None) -> KubeCluster:
    """Return a namespace of the cluster this pod runs in, or else of the kubeconfig's.

    Raises:
        SettingsError: if there is neither.
    """
    settings = Configuration()
    settings.retries = False  # the loop retries, and says so
    settings.connection_pool_maxsize = POOL
    default = "default"
    try:
        load_incluster_config(settings)
    except ConfigException:
        try:
            load_kube_config(context=context, client_configuration=settings)
            contexts, active = list_kube_config_contexts()
        except (ConfigException, OSError) as error:
            raise SettingsError(
                f"no cluster: {error}; set KUBECONFIG, or run kubectl config use-context"
            ) from error
        chosen = next((entry for entry in contexts if entry["name"] == context), active)
        default = str(chosen["context"].get("namespace", default))
    return KubeCluster(ApiClient(settings), namespace or default)


def _refusal(address: str, status: int, body: bytes) -> GabaritoError:
    """Return the error for a status of 400 or more."""
    try:
        reason = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):  # a proxy's page rather than the API's Status
        reason = body.decode(errors="replace")[:200].strip() or "no reason given"
    where = f"{address}: {status}: {reason}"
    # RBAC answers 403 "… cannot create resource …"; admission (Pod Security, quota) is 403 as well
    if status == 401 or (status == 403 and "cannot" in reason):
        return AccessError(f"{where}; grant this account what the chart's Role lists")
    if status == 403:
        remedy = "a rule of the cluster forbids it: change that, or the values of the chart"
        return AccessError(f"{where}; {remedy}")
    if status == 404:
        return MissingError(f"{where}; check the namespace and the name")
    if status == 409:
        return ConflictError(where)
    if status == 410:
        return ExpiredError(f"{where}; it will be listed anew")
    if status in (400, 413, 422):
        return SettingsError(f"{where}; correct the values of the chart")
    return ServiceError(f"{where}; the request will be made again")


def _no_answer(address: str, error: Exception) -> ServiceError:
    return ServiceError(f"{address}: the API does not answer: {error}; is it up?")
