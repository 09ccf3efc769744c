"""A namespace in memory that keeps the API's promises as far as the controller relies on them."""

import copy
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gabarito.controller.kube.api import Change, ExpiredError, Kind, Object, Page, version_of
from gabarito.core.errors import ConflictError, GabaritoError, MissingError
from gabarito.store.local import LocalStore


class FakeCluster:
    """Versions, uids, conflicts and merge patches; nothing acts on what is made."""

    def __init__(self, namespace: str = "team-a") -> None:
        self.namespace = namespace
        self.objects: dict[tuple[str, str], Object] = {}
        self.before: Callable[[str], None] = lambda _: None
        """Called with the name of a method that is about to change something."""
        self.groups: set[str] = set()
        """API groups beside those of Kubernetes."""
        self.ending: GabaritoError | None = None
        """What ends a watch."""
        self.forgotten = 0
        """The last version from which nothing can be watched any more."""
        self._numbers = itertools.count(1)
        self._version = 1
        self._changes: list[tuple[Kind, Change]] = []
        self._changed = threading.Condition()
        self._watching = 0

    def read(self, kind: Kind, name: str) -> Object | None:
        return copy.deepcopy(self.objects.get((kind.kind, name)))

    def list(self, kind: Kind, selector: str) -> list[Object]:
        return [
            copy.deepcopy(found)
            for (of, _), found in sorted(self.objects.items())
            if of == kind.kind and fits(found, selector)
        ]

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        """Two objects a page."""
        found, version = self.list(kind, selector), self._version
        for at in range(0, max(1, len(found)), 2):
            yield Page(found[at : at + 2], version)

    def has_api(self, group: str) -> bool:
        return group in self.groups

    def events_about(self, uid: str) -> Sequence[Object]:
        events = [found for (of, _), found in self.objects.items() if of == "Event"]
        return [each for each in events if each["involvedObject"]["uid"] == uid]

    def create(self, kind: Kind, body: Object) -> Object:
        self.before("create")
        name = body["metadata"]["name"]
        if (kind.kind, name) in self.objects:
            message = f"{kind.plural} {name} already exists"
            raise ConflictError(message)
        made = copy.deepcopy(body)
        made["metadata"] |= {"uid": f"uid-{next(self._numbers)}", "generation": 1}
        self._keep(kind, made)
        return copy.deepcopy(made)

    def replace(self, kind: Kind, body: Object) -> Object:
        self.before("replace")
        found = self._found(kind, body["metadata"]["name"])
        if found["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            message = f"{kind.plural} {body['metadata']['name']} has been modified"
            raise ConflictError(message)
        self._keep(kind, copy.deepcopy(body))
        return self._found(kind, body["metadata"]["name"])

    def patch(self, kind: Kind, name: str, changes: Object) -> Object:
        self.before("patch")
        self._keep(kind, merged(self._found(kind, name), changes))
        return self._found(kind, name)

    def apply(self, kind: Kind, body: Object) -> Object:
        self.before("apply")
        name = body["metadata"]["name"]
        if (kind.kind, name) not in self.objects:
            with self.unobserved():
                return self.create(kind, body)
        changed = merged(self._found(kind, name), body)
        changed["metadata"]["generation"] += 1
        self._keep(kind, changed)
        return self._found(kind, name)

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        self.before("delete")
        found = self.objects.get((kind.kind, name))
        if found is not None and found["metadata"]["uid"] == uid:
            del self.objects[kind.kind, name]
            gone = copy.deepcopy(found)
            gone["metadata"]["resourceVersion"] = str(next(self._numbers))
            self._tell(kind, Change("DELETED", gone))

    def watch(self, kind: Kind, selector: str, version: int) -> Iterator[Change]:
        if version < self.forgotten:
            message = f"too old resource version: {version}"
            raise ExpiredError(message)
        return self._watched(kind, selector, version)

    def _watched(self, kind: Kind, selector: str, version: int) -> Iterator[Change]:
        seen, self._watching = 0, self._watching + 1
        try:
            while self.ending is None:
                with self._changed:
                    if len(self._changes) == seen and self.ending is None:
                        self._changed.wait(1)
                    new, seen = self._changes[seen:], len(self._changes)
                for of, change in new:
                    is_newer = version_of(change.object) > version
                    if of == kind and is_newer and fits(change.object, selector):
                        yield copy.deepcopy(change)
            raise self.ending
        finally:
            self._watching -= 1

    def end_watches(self, error: GabaritoError) -> None:
        """End every watch that goes on, and those that are begun until ``ending`` is None."""
        with self._changed:
            self._changed.wait_for(lambda: self._watching > 0, 5)
            self.ending = error
            self._changed.notify_all()
        while self._watching:
            time.sleep(0.01)

    @contextmanager
    def unobserved(self) -> Iterator[None]:
        """Within the block no hook is called."""
        hook, self.before = self.before, lambda _: None
        try:
            yield
        finally:
            self.before = hook

    def _found(self, kind: Kind, name: str) -> Object:
        if (kind.kind, name) not in self.objects:
            message = f"{kind.plural} {name} not found"
            raise MissingError(message)
        return copy.deepcopy(self.objects[kind.kind, name])

    def _keep(self, kind: Kind, body: Object) -> None:
        body["metadata"]["resourceVersion"] = str(next(self._numbers))
        key = kind.kind, body["metadata"]["name"]
        is_new = key not in self.objects
        self.objects[key] = body
        self._tell(kind, Change("ADDED" if is_new else "MODIFIED", copy.deepcopy(body)))

    def _tell(self, kind: Kind, change: Change) -> None:
        with self._changed:
            self._version = version_of(change.object)
            self._changes.append((kind, change))
            self._changed.notify_all()


class HookedStore(LocalStore):
    """A store on disk that says when the controller is about to write something that lasts."""

    before: Callable[[str], None] = staticmethod(lambda _: None)

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        if key.startswith(("runs/", "models/", "channels/")):
            self.before(f"write {key}")
        return super().write(key, data, if_absent=if_absent, if_match=if_match)


def fits(found: Object, selector: str) -> bool:
    """Tell whether a label selector matches."""
    labels = found["metadata"].get("labels") or {}
    terms = (term.partition("=") for term in selector.split(","))
    return all(
        name in labels and (not equals or labels[name] == value) for name, equals, value in terms
    )


def merged(target: Object, changes: Object) -> Object:
    """RFC 7396."""
    result = dict(target)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = (
                {k: v for k, v in value.items() if v is not None}
                if isinstance(value, dict)
                else value
            )
    return result
