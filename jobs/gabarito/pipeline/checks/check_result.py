"""What a check before a run found."""

from dataclasses import dataclass

from gabarito.core.errors import GabaritoError


@dataclass(frozen=True)
class CheckResult:
    """What was tried and what came out; an error means that a run would fail."""

    what: str
    said: str
    error: GabaritoError | None = None
    is_warning: bool = False
    until: str = ""
    """The stage that a run must end with, where settings of those after it are missing."""
