"""A cluster whose changing objects are known from one list and the watch after it.

list, page by page  ->  watch from the list's version  ->  what there is now, without a request

Each round looks at everything, and asking for everything each time would cost a page for every 200
Jobs a release has ever made and every 200 shards. What is kept of an object is what decisions are
made from (``trim``), and never older than what this process has written itself.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from gabarito.controller.kube.api import (
    Change,
    Cluster,
    ExpiredError,
    Kind,
    Object,
    Page,
    labels_of,
    version_of,
)
from gabarito.controller.kube.signals import Signals
from gabarito.controller.kube.trim import trimmed
from gabarito.core.errors import GabaritoError, ServiceError

log = logging.getLogger("gabarito.controller")

PAUSE_S = 2.0
"""The least time between the starts of two watches: a proxy may end each of them at once."""

FIRST_LIST_S = 20.0
"""How long a first round waits for the lists."""


class ObjectCache:
    """The objects of one kind, by name; used by several threads.

    Versions of one kind are in the order of its writes. So a watch that has come to a version has
    told of all writes until then, and an object that was written here is kept until the watch
    tells of that write or a later one.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.version = 0
        """Up to which everything is known; 0: list anew."""
        self._lock = threading.Lock()
        self._objects: dict[str, Object] = {}
        self._listed = threading.Event()
        self._error: GabaritoError = ServiceError(f"{kind.plural} have not been listed yet")
        self._is_followed = False

    def all(self) -> list[Object]:
        """Return the objects; wait until they have been listed once.

        Raises:
            GabaritoError: if the API does not answer or refuses.
        """
        self._listed.wait(FIRST_LIST_S)
        with self._lock:
            if not self._is_followed:
                raise self._error
            return [self._objects[name] for name in sorted(self._objects)]

    def fill(self, pages: Iterable[Page]) -> None:
        """Replace all by a list; what was written since that was made is kept."""
        found: dict[str, Object] = {}
        version = 0
        for page in pages:
            found |= {each["metadata"]["name"]: trimmed(self.kind, each) for each in page.objects}
            version = page.version
        with self._lock:
            newer = {
                name: each for name, each in self._objects.items() if version_of(each) > version
            }
            self._objects, self.version = found | newer, version

    def followed(self) -> None:
        """Say that it is up to date as long as nothing else is said."""
        with self._lock:
            self._is_followed = True
        self._listed.set()

    def failed(self, error: GabaritoError) -> None:
        """Say why it is not up to date."""
        with self._lock:
            self._is_followed, self._error = False, error
        self._listed.set()

    def expired(self) -> None:
        """Say that nothing can be told from where the watch ended: it is listed anew."""
        self.version = 0

    def take(self, change: Change) -> None:
        """Take what the watch tells."""
        told, version = change.object, version_of(change.object)
        with self._lock:
            self.version = max(self.version, version)
            if change.type == "BOOKMARK":
                return
            name = told["metadata"]["name"]
            known = self._objects.get(name)
            if known is not None and version_of(known) > version:
                return  # it was written here since, and the watch will tell of it
            if change.type == "DELETED":
                self._objects.pop(name, None)
            else:
                self._objects[name] = trimmed(self.kind, told)

    def wrote(self, answer: Object) -> None:
        """Take what the API answered to a write, unless the watch has come further already."""
        version, name = version_of(answer), answer["metadata"]["name"]
        with self._lock:
            known = self._objects.get(name)
            is_newer = known is None or version_of(known) < version
            if version > self.version and is_newer:
                self._objects[name] = trimmed(self.kind, answer)

    def deleting(self, name: str, uid: str) -> None:
        """Take that an object is about to go: until the watch tells of it, it is listed so."""
        with self._lock:
            known = self._objects.get(name)
            if known is not None and known["metadata"]["uid"] == uid:
                at = datetime.now(UTC).isoformat(timespec="seconds")
                metadata = {"deletionTimestamp": at, **known["metadata"]}
                self._objects[name] = {**known, "metadata": metadata}


class InformedCluster:
    """A namespace of which some kinds are watched: those with the labels of one selector."""

    def __init__(self, cluster: Cluster, kinds: Iterable[Kind], selector: str) -> None:
        self.namespace = cluster.namespace
        self._cluster = cluster
        self._selector = selector
        self._caches = {kind: ObjectCache(kind) for kind in kinds}

    def start(self, signals: Signals) -> None:
        """Follow each kind in a thread until ``stop``; set ``wake`` whenever an object changes."""
        for cache in self._caches.values():
            threading.Thread(
                target=self._keep_following,
                args=(cache, signals),
                name=f"watch-{cache.kind.plural}",
                daemon=True,
            ).start()

    def read(self, kind: Kind, name: str) -> Object | None:
        """Return an object as the API has it, or None if there is none."""
        found = self._cluster.read(kind, name)
        label, _, value = self._selector.partition("=")
        if found is None or labels_of(found).get(label) != value:
            return found
        return self._written(kind, found)

    def list(self, kind: Kind, selector: str) -> list[Object]:
        """Return the objects that a label selector matches: those that are watched, as known."""
        if kind in self._caches and selector == self._selector:
            return self._caches[kind].all()
        return self._cluster.list(kind, selector)

    def pages(self, kind: Kind, selector: str) -> Iterator[Page]:
        """Yield the objects page by page, as the API has them."""
        return self._cluster.pages(kind, selector)

    def has_api(self, group: str) -> bool:
        """Tell whether the API server has an API group."""
        return self._cluster.has_api(group)

    def events_about(self, uid: str) -> Sequence[Object]:
        """Return the Events about the object with a uid, as the API has them."""
        return self._cluster.events_about(uid)

    def create(self, kind: Kind, body: Object) -> Object:
        """Create an object."""
        return self._written(kind, self._cluster.create(kind, body))

    def replace(self, kind: Kind, body: Object) -> Object:
        """Replace an object."""
        return self._written(kind, self._cluster.replace(kind, body))

    def patch(self, kind: Kind, name: str, changes: Object) -> Object:
        """Merge changes into an object."""
        return self._written(kind, self._cluster.patch(kind, name, changes))

    def apply(self, kind: Kind, body: Object) -> Object:
        """Create or update an object by server-side apply."""
        return self._written(kind, self._cluster.apply(kind, body))

    def delete(self, kind: Kind, name: str, uid: str) -> None:
        """Delete an object; until the watch tells of it, it is listed as one that goes.

        Otherwise each round would delete it again, for as long as a connection that broke is not
        noticed.
        """
        self._cluster.delete(kind, name, uid)
        if kind in self._caches:
            self._caches[kind].deleting(name, uid)

    def watch(self, kind: Kind, selector: str, version: int) -> Iterator[Change]:
        """Watch the API itself."""
        return self._cluster.watch(kind, selector, version)

    def _written(self, kind: Kind, answer: Object) -> Object:
        if kind in self._caches:
            self._caches[kind].wrote(answer)
        return answer

    def _keep_following(self, cache: ObjectCache, signals: Signals) -> None:
        """Follow a kind, whatever the API tells: a thread that ended would leave all as it was."""
        while not signals.stop.is_set():
            try:
                self._follow(cache, signals)
            except Exception as error:  # an object that is not as objects are
                cache.expired()
                problem = f"{cache.kind.plural}: not as the API describes them: {error!r}"
                cache.failed(ServiceError(f"{problem}; they will be listed anew"))
                log.exception("not followed", extra={"kind": cache.kind.plural})
                signals.wake.set()
                signals.stop.wait(PAUSE_S)

    def _follow(self, cache: ObjectCache, signals: Signals) -> None:
        while not signals.stop.is_set():
            began = time.monotonic()
            try:
                changes = self._begin(cache)
            except GabaritoError as error:
                cache.failed(error)
                log.warning("not watched", extra={"kind": cache.kind.plural, "error": str(error)})
            else:
                cache.followed()
                signals.wake.set()
                self._take_all(cache, changes, signals)
            signals.stop.wait(max(0.0, PAUSE_S - (time.monotonic() - began)))

    def _begin(self, cache: ObjectCache) -> Iterator[Change]:
        """Begin a watch where the one before ended; list anew where that is forgotten."""
        if cache.version:
            try:
                return self._cluster.watch(cache.kind, self._selector, cache.version)
            except ExpiredError:
                cache.expired()
        cache.fill(self._cluster.pages(cache.kind, self._selector))
        return self._cluster.watch(cache.kind, self._selector, cache.version)

    def _take_all(self, cache: ObjectCache, changes: Iterator[Change], signals: Signals) -> None:
        try:
            for change in changes:
                cache.take(change)
                if change.type != "BOOKMARK":
                    signals.wake.set()
        except ExpiredError:
            cache.expired()
        except GabaritoError as error:
            log.warning("watch ended", extra={"kind": cache.kind.plural, "error": str(error)})
