"""How long a response asks to wait: RFC 9110, and the headers of limits that providers send."""

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from gabarito.chat.foreign_text import NOT_AS_EXPECTED

LIMITS = ("-requests", "-tokens", "")
"""What providers count: ``x-ratelimit-remaining-requests`` and ``x-ratelimit-reset-requests``.

Some have one limit for all, without a name."""

_EPOCH_S = 1e9
"""A reset from here on is a moment and no number of seconds; one in milliseconds is larger yet."""

_EPOCH_MS = 1e12
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


def pause_of(headers: Mapping[str, str], now: float | None = None) -> float:
    """Return the seconds that a response asks to wait, or 0.

    ``Retry-After`` (RFC 9110, 10.2.3) goes before the limits, of which those that are used up
    count; ``now`` is in seconds since the epoch.
    """
    moment = time.time() if now is None else now
    asked = _retry_after(headers, moment)
    return asked if asked is not None else _reset(headers, moment)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    milliseconds = headers.get("retry-after-ms", "")
    value = headers.get("Retry-After", "")
    if not (milliseconds or value):
        return None
    try:
        seconds = float(milliseconds) / 1000 if milliseconds else float(value)
        return max(seconds, 0.0) if math.isfinite(seconds) else 0.0
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(value).timestamp() - now, 0.0)
    except (*NOT_AS_EXPECTED, OSError):
        return 0.0


def _reset(headers: Mapping[str, str], now: float) -> float:
    """Return when the limits that are used up are reset: those of others bind nobody."""
    waits = [
        _seconds(headers.get(f"x-ratelimit-reset{name}", ""), now)
        for name in LIMITS
        if headers.get(f"x-ratelimit-remaining{name}", "").strip() == "0"
    ]
    return max(waits, default=0.0)


def _seconds(value: str, now: float) -> float:
    """Return the seconds of ``6m0s``, ``58s``, ``120ms``, ``2.5``, or until a moment."""
    if _DURATION.fullmatch(value.strip()[:40]):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value[:40]))
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    if not math.isfinite(seconds):
        return 0.0
    if seconds >= _EPOCH_S:
        seconds = seconds / (1000 if seconds >= _EPOCH_MS else 1) - now
    return max(seconds, 0.0)
