"""What the controller uses of the Kubernetes API: kinds, requests, and the parts of an object.

Objects are the plain dictionaries of the API: fields that a newer server, an admission webhook or
the chart writes into them pass through unchanged, which typed models would drop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from gabarito.core.errors import ServiceError

Object: TypeAlias = dict[str, Any]


class ExpiredError(ServiceError):
    """The API has forgotten the version or the page that was asked for: list anew."""


@dataclass(frozen=True)
class Kind:
    """A kind of object: its API group and version, its name, and its plural in URLs."""

    api: str
    kind: str
    plural: str

    @property
    def word(self) -> str:
        """What kubectl calls it."""
        return self.kind.lower()

    @property
    def root(self) -> str:
        """The path of its API group; the core group alone has none."""
        return f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"


JOBS = Kind("batch/v1", "Job", "jobs")
JOB_SETS = Kind("jobset.x-k8s.io/v1alpha2", "JobSet", "jobsets")
PODS = Kind("v1", "Pod", "pods")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
CONFIG_MAPS = Kind("v1", "ConfigMap", "configmaps")
EVENTS = Kind("v1", "Event", "events")
LEASES = Kind("coordination.k8s.io/v1", "Lease", "leases")


@dataclass(frozen=True)
class Page:
    """Some objects of a list, and the ``resourceVersion`` of the whole list."""

    objects: list[Object]
    version: int


@dataclass(frozen=True)
class Change:
    """What a watch tells; of a bookmark the object has its version alone."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: Object


class Cluster(Protocol):
    """One namespace of a cluster.

    Every method raises ``ServiceError`` if the API does not answer, ``AccessError`` if it refuses
    the request, and ``SettingsError`` if it finds an object invalid.
    """

    namespace: str

    def read(self, kind: Kind, name: str) -> Object | None:
        """Return an object, or None if there is none."""
        ...

    def list(self, kind: Kind, selector: str) -> list[Object]:
        """Return the objects that a label selector matches."""
        ...

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        """Yield them page by page, all of one version; ``ExpiredError`` if that is forgotten."""
        ...

    def has_api(self, group: str) -> bool:
        """Tell whether the API server has an API group, such as that of a CRD."""
        ...

    def events_about(self, uid: str) -> Sequence[Object]:
        """Return the Events about the object with a uid, whoever reported them."""
        ...

    def create(self, kind: Kind, body: Object) -> Object:
        """Create an object; ``ConflictError`` if there is one of that name."""
        ...

    def replace(self, kind: Kind, body: Object) -> Object:
        """Replace an object; ``ConflictError`` if its ``resourceVersion`` is not the newest."""
        ...

    def patch(self, kind: Kind, name: str, changes: Object) -> Object:
        """Merge changes into an object; ``MissingError`` if it was deleted."""
        ...

    def apply(self, kind: Kind, body: Object) -> Object:
        """Create or update an object by server-side apply, taking over conflicting fields."""
        ...

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        """Delete an object, unless it is gone or its name belongs to one with another uid."""
        ...

    def watch(self, kind: Kind, selector: str, version: int) -> Iterator[Change]:
        """Begin to watch; yield what changed since a version, for some minutes.

        ``ExpiredError`` if the API does not remember that version, now or while it is watched.
        """
        ...


def version_of(thing: Object) -> int:
    """Return the ``resourceVersion`` of an object or a list.

    Those of one kind grow with each write and may be compared as numbers: API servers always did
    so, and KEP-5504 made it a promise.

    Raises:
        ServiceError: if it is not a number.
    """
    text = str(thing["metadata"].get("resourceVersion", ""))
    if not text.isdecimal():
        raise ServiceError(
            f"resourceVersion {text!r}: must be a number; is this a Kubernetes API server?"
        )
    return int(text)


def labels_of(thing: Object) -> Mapping[str, str]:
    """Return an object's labels; the API leaves the map out or sends null if there are none."""
    return thing["metadata"].get("labels") or {}


def annotations_of(thing: Object) -> Mapping[str, str]:
    """Return an object's annotations, none of which is an empty map as well."""
    return thing["metadata"].get("annotations") or {}


def condition_of(thing: Object, kind: str) -> dict[str, Any]:
    """Return the condition of a type from an object's status, or an empty one."""
    conditions: list[dict[str, Any]] = thing.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry["type"] == kind), {})


def is_true(condition: dict[str, Any]) -> bool:
    """Tell whether a condition's status is ``True``; the API writes it as a string."""
    return condition.get("status") == "True"


def controller_of(thing: Object) -> Object:
    """Return the reference to the object that controls this one, or an empty one."""
    owners: list[Object] = thing["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def time_of(text: str | None) -> datetime | None:
    """Return a timestamp of the API as a time."""
    return datetime.fromisoformat(text) if text else None
