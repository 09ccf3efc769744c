"""What the Kubernetes API offers us: kinds of objects, and what can be done with them.

Objects are the plain dictionaries of the API: what a newer server or a chart writes into them
passes through untouched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Object: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of object: its API group and version, its name, and that in addresses."""

    api: str
    kind: str
    plural: str

    @property
    def root(self) -> str:
        """The address of its API group."""
        return f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"


JOBS = Kind("batch/v1", "Job", "jobs")
PODS = Kind("v1", "Pod", "pods")
DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments")
CONFIG_MAPS = Kind("v1", "ConfigMap", "configmaps")
EVENTS = Kind("v1", "Event", "events")
LEASES = Kind("coordination.k8s.io/v1", "Lease", "leases")


class Cluster(Protocol):
    """One namespace of a cluster.

    Every method raises ``ServiceError`` when the API does not answer, ``AccessError`` when it
    refuses us, and ``SettingsError`` when it does not accept an object.
    """

    namespace: str

    def read(self, kind: Kind, name: str) -> Object | None:
        """Return an object, or None if there is none."""
        ...

    def list(self, kind: Kind, selector: str) -> list[Object]:
        """Return the objects whose labels fit."""
        ...

    def create(self, kind: Kind, body: Object) -> Object:
        """Create an object; ``ConflictError`` if there is one of that name."""
        ...

    def replace(self, kind: Kind, body: Object) -> Object:
        """Replace an object; ``ConflictError`` if its ``resourceVersion`` is an old one."""
        ...

    def patch(self, kind: Kind, name: str, changes: Object) -> None:
        """Merge changes into an object; ``MissingError`` if it is gone."""
        ...

    def apply(self, kind: Kind, body: Object) -> None:
        """Let an object have what ``body`` says (server-side apply, by force)."""
        ...

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        """Delete an object unless it is gone or another one has its name by now."""
        ...

    def watch(self, kind: Kind, selector: str) -> Iterator[None]:
        """Yield whenever objects whose labels fit have changed, and at the beginning."""
        ...
