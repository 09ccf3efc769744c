"""The errors of Gabarito and the exit code of each.

    GabaritoError
    ├── GateFailed       1  gabarito run made a model that did not pass its gate
    ├── UsageError      64  the command line makes no sense
    ├── DataError       65  an input is bad; the message names file and line
    │   └── MissingError    something that was asked for is not there
    ├── ServiceError    69  a service did not answer
    │   ├── ConflictError   somebody else wrote first
    │   └── BusyError       somebody else is at it, and will be done
    ├── BugError        70  ours
    ├── Interrupted     75  stopped from outside, progress saved: start again
    ├── AccessError     77  a service refused our credentials
    └── SettingsError   78  the settings make no sense

The codes are those of sysexits.h. 64, 65, 77 and 78 are never retried: the same input
fails the same way. 69 and 75 are retried without being counted, until a deadline: the fault
lies elsewhere. Python itself exits with 1 too, so a stage that ends with 1 did not
"fail its gate": only ``gabarito run`` and ``gabarito demo`` raise it.
"""


class GabaritoError(Exception):
    """What the command reports in one line before it exits with ``exit_code``."""

    exit_code = 70


class GateFailed(GabaritoError):  # noqa: N818  # the run went well, its model did not
    """A run came to its end, and its model did not pass its gate."""

    exit_code = 1


class UsageError(GabaritoError):
    """The command line makes no sense."""

    exit_code = 64


class DataError(GabaritoError):
    """An input is bad."""

    exit_code = 65


class MissingError(DataError):
    """Something that was asked for is not there."""


class ServiceError(GabaritoError):
    """A service did not answer."""

    exit_code = 69


class ConflictError(ServiceError):
    """A conditional write found that somebody else wrote first."""


class BusyError(ServiceError):
    """Somebody else works on what only one may work on at a time."""


class BugError(GabaritoError):
    """A promise of our own code was broken."""


class Interrupted(GabaritoError):  # noqa: N818  # stopped, not failed
    """The work was stopped from outside; what is finished is saved."""

    exit_code = 75


class AccessError(GabaritoError):
    """A service refused our credentials."""

    exit_code = 77


class SettingsError(GabaritoError):
    """The settings make no sense."""

    exit_code = 78


EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "the gate failed",
    64: "usage",
    65: "bad data",
    69: "a service did not answer",
    70: "a bug in gabarito",
    75: "interrupted, progress saved, start again",
    77: "access refused",
    78: "bad settings",
}
NEVER_RETRIED = frozenset({64, 65, 77, 78})
NEVER_COUNTED = frozenset({69, 75})


def error_of(exit_code: int) -> type[GabaritoError]:
    """Return the kind of error behind the exit code of a stage or a server.

    An exit code outside the table is a bug, and so is 1: neither of them has a gate.
    """
    kinds = {kind.exit_code: kind for kind in GabaritoError.__subclasses__()}
    kind = kinds.get(exit_code, BugError)
    return BugError if kind is GateFailed else kind
