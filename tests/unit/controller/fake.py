"""A namespace in memory that keeps the API's promises as far as the controller relies on them."""

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gabarito.controller.kube.api import Kind, Object
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
        self._numbers = itertools.count(1)

    def read(self, kind: Kind, name: str) -> Object | None:
        return copy.deepcopy(self.objects.get((kind.kind, name)))

    def list(self, kind: Kind, selector: str) -> list[Object]:
        return [
            copy.deepcopy(found)
            for (of, _), found in sorted(self.objects.items())
            if of == kind.kind and _fits(found, selector)
        ]

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
        return copy.deepcopy(body)

    def patch(self, kind: Kind, name: str, changes: Object) -> None:
        self.before("patch")
        self._keep(kind, _merged(self._found(kind, name), changes))

    def apply(self, kind: Kind, body: Object) -> None:
        self.before("apply")
        name = body["metadata"]["name"]
        if (kind.kind, name) not in self.objects:
            with self.unobserved():
                self.create(kind, body)
        else:
            changed = _merged(self._found(kind, name), body)
            changed["metadata"]["generation"] += 1
            self._keep(kind, changed)

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        self.before("delete")
        found = self.objects.get((kind.kind, name))
        if found is not None and found["metadata"]["uid"] == uid:
            del self.objects[kind.kind, name]

    def watch(self, kind: Kind, selector: str) -> Iterator[None]:
        yield from (None for _ in self.list(kind, selector))
        if self.ending is not None:
            raise self.ending

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
        self.objects[kind.kind, body["metadata"]["name"]] = body


class HookedStore(LocalStore):
    """A store on disk that says when the controller is about to write something that lasts."""

    before: Callable[[str], None] = staticmethod(lambda _: None)

    def write(
        self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        if key.startswith(("runs/", "models/", "channels/")):
            self.before(f"write {key}")
        return super().write(key, data, if_absent=if_absent, if_match=if_match)


def _fits(found: Object, selector: str) -> bool:
    labels = found["metadata"].get("labels") or {}
    terms = (term.partition("=") for term in selector.split(","))
    return all(
        name in labels and (not equals or labels[name] == value) for name, equals, value in terms
    )


def _merged(target: Object, changes: Object) -> Object:
    """RFC 7396."""
    merged = dict(target)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = (
                {k: v for k, v in value.items() if v is not None}
                if isinstance(value, dict)
                else value
            )
    return merged
