"""What is wrong with a value, in our words: pydantic's name its own insides."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_PATTERNS = {
    r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$": "must be lower-case letters, digits and hyphens, at "
    "most 40, with a letter or digit at both ends",
    r"^[a-z][a-z0-9_-]*$": "must be lower-case letters, digits, _ and -, with a letter first",
    r"^https?://\S+$": "must be a URL that begins with http:// or https://",
    r"^[0-9a-z-]+$": "must be lower-case letters, digits and hyphens",
    r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$": "must be a language's code, such as pt or pt-BR",
    r"^[ -~]+$": "must be plain letters, digits and signs, without accents",
    r"^(\*|https?://[^/\s]+)$": "must be an origin, http:// or https:// with a host and no path, "
    'or "*"',
    r"^[0-9a-f]{64}$": "must be 64 hexadecimal digits",
    r"^([0-9a-f]{64})?$": "must be 64 hexadecimal digits, or empty",
}
"""What a text must look like, by the pattern that says so to machines."""

_SENTENCES = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "finite_number": "must be a finite number",
    "frozen_instance": "may not be changed",
}

_KINDS = {
    "bool": "must be true or false",
    "bytes": "must be a text",
    "dict": "must be a group of names and values",
    "float": "must be a number",
    "int": "must be a whole number",
    "list": "must be a list",
    "mapping": "must be a group of names and values",
    "model": "must be a group of names and values",
    "string": "must be a text",
    "tuple": "must be a list",
    "datetime": "must be a date and a time",
    "timezone": "must be a time with its zone",
}
"""By what pydantic's ``float_type``, ``float_parsing`` … begin with."""

_LIMITS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "{discriminator} is missing",
    "value_error": "{error}",
}
"""Sentences with the limits that pydantic gives for them."""


def first_mistake(error: ValidationError, whole: str) -> str:
    """Say what is wrong first, and where; ``whole`` is where if it is in no field, or empty."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or whole
    return ": ".join(filter(None, [field, sentence_of(first)]))


def sentence_of(mistake: ErrorDetails) -> str:
    """Say what one mistake that pydantic found is: by its kind, never by its text."""
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind in _LIMITS:
        return _LIMITS[kind].format_map(context)
    if kind == "json_invalid":
        return _no_json(str(context.get("error", "")))
    if kind in ("too_short", "string_too_short"):
        return _too_short(kind, context)
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "has characters that may not stand here")
    return _KINDS.get(kind.partition("_")[0]) or mistake["msg"].lower()


def _no_json(said: str) -> str:
    """Say where a text stops being JSON; what the parser expected there helps nobody."""
    place = re.search(r"at line (\d+) column (\d+)", said)
    if not place:
        return "not JSON"
    line = f"line {place[1]}, " if int(place[1]) > 1 else ""
    return f"not JSON from {line}character {max(int(place[2]), 1)} on"


def _too_short(kind: str, context: Mapping[str, Any]) -> str:
    least = context["min_length"]
    if least == 1:
        return "must not be empty"
    unit = "characters" if kind == "string_too_short" else "entries"
    return f"must have at least {least} {unit}"
