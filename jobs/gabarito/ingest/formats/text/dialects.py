"""Dialects of Markdown: boxes, tabs and front matter of site generators, as CommonMark."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_KEY = r"[\w\"'][\w \"'.-]*:(?:[ \t].*)?"
_LOOSE_KEY = r"[\w-]+:\S.*"
_FRONT_MATTERS = (
    re.compile(
        rf"\A---[ \t]*\n((?:#.*\n|[ \t]*\n)*{_KEY}"
        rf"(?:\n(?:{_KEY}|{_LOOSE_KEY}|[ \t#\]}}].*|-[ ].*|))*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
    ),
    re.compile(
        r"\A\+\+\+[ \t]*\n((?:#.*\n|[ \t]*\n)*[\w\"'.-]+[ \t]*=.*\n(?:.*\n)*?)\+\+\+[ \t]*(?:\n|\Z)"
    ),
)
"""A mapping in YAML or TOML; between two rules of a page stands prose."""

_COMMENT = re.compile(r"\A\s*<!--(?:(?!-->).)*-->\s*(?=---|\+\+\+)", re.DOTALL)
_FIELD = r"^{}[ \t]*[:=][ \t]*(?:[>|][+-]?[ \t]*\n[ \t]+)?(.*?)[ \t]*$"
_TITLE = re.compile(_FIELD.format("title"), re.MULTILINE | re.IGNORECASE)
_DATE = re.compile(
    _FIELD.format("(?:lastmod|last_modified_at|last_modified|updated|modified|date)"),
    re.MULTILINE | re.IGNORECASE,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class FrontMatter:
    """What a page says of itself before its text; ``text`` is all of it as it stands."""

    text: str = ""
    title: str = ""
    date: str = ""


def cut_front_matter(source: str) -> tuple[FrontMatter, str]:
    """Return a page's front matter, empty where it has none, and the rest.

    Its fields are read by line: a value that YAML or TOML refuses costs no other field.
    """
    comment = _COMMENT.match(source)
    source = source[comment.end() :] if comment else source.lstrip("\n")
    found = next(filter(None, (form.match(source) for form in _FRONT_MATTERS)), None)
    if not found:
        return FrontMatter(), source
    text = found.group(1)
    title, days = _TITLE.search(text), _DATE.findall(text)
    front = FrontMatter(text, _unquoted(title.group(1)) if title else "", _last_day(days))
    return front, source[found.end() :]


def _unquoted(value: str) -> str:
    if value[:1] in ("[", "{", "&", "*"):  # no text of its own
        return ""
    value = re.split(r"\s#", value, maxsplit=1)[0].strip() if value[:1] not in "\"'" else value
    quoted = re.match(r"([\"'])(.*)\1", value)
    return quoted.group(2) if quoted else value


def _last_day(values: list[str]) -> str:
    days = []
    for found in filter(None, (_DAY.search(value) for value in values)):
        try:
            days.append(date.fromisoformat(found[0]).isoformat())
        except ValueError:  # no day of any calendar
            continue
    return max(days, default="")


_FENCE = re.compile(r"[ \t]*(?:[-*+>]\s+|\d+[.)]\s+)*(`{3,}|~{3,})(.*)")
_BOX = re.compile(
    r"(?:!!!|\?\?\?\+?)[ \t]*([\w-]+)?[\w \t-]*?(?:\"(.*)\")?[ \t]*$"
    r"|===[!+]?[ \t]+\"(.*)\"[ \t]*$"
)
_COLONS = re.compile(r":{3,}[ \t]*(?:\{?\.?([\w-]+)[^}\s]*\}?)?[ \t]*(.*)$")
_ALERT = re.compile(r"((?:>[ \t]*)+)\[!(\w+)\][+-]?[ \t]*(.*)$")
_DEEP = re.compile(r"^((?:[ \t]*(?:>|[*+-][ \t])){16})(?:[ \t]*(?:>|[*+-][ \t]))+", re.MULTILINE)
"""What no page means: a parser would leave out what stands so deep."""

_ATTRIBUTES = re.compile(r"\{:[^{}]*\}[ \t]*$")


def to_commonmark(source: str) -> str:
    """Return a page whose boxes are their titles and texts; code is as it was."""
    source = _DEEP.sub(r"\1 ", source)
    return "\n".join(_lines(source.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    """Yield lines; what is indented below the mark of a box stands as far left as the mark."""
    boxes: list[int] = []
    fence = ""
    for raw in lines:
        expanded = raw.expandtabs(4) if boxes else raw
        indent = len(expanded) - len(expanded.lstrip())
        while boxes and expanded.strip() and indent < boxes[-1] and not fence:
            boxes.pop()
        line = expanded[4 * len(boxes) :] if expanded.strip() else ""
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and _closes(found, fence) else fence
            yield line
        elif found:
            fence = found.group(1)
            yield line
        else:
            body = line.lstrip()
            if _BOX.match(body):
                boxes.append(indent + 4)
            yield from _written(line, body)


def _closes(found: re.Match[str], fence: str) -> bool:
    return found.group(1).startswith(fence) and not found.group(2).strip()


def _written(line: str, body: str) -> Iterator[str]:
    """Yield a line without the marks of boxes."""
    indent = line[: len(line) - len(body)]
    if box := _BOX.match(body):
        title = box.group(2) if box.group(2) is not None else box.group(3)
        yield from _title(indent, title if title is not None else _spoken(box.group(1)))
    elif alert := _ALERT.match(body):
        yield f"{indent}{alert.group(1)}**{alert.group(3) or _spoken(alert.group(2))}**"
        yield f"{indent}{alert.group(1)}"
    elif body.startswith(":::") and (colons := _COLONS.match(body)):
        yield from _title(indent, colons.group(2).strip("[]: ") or _spoken(colons.group(1)))
    elif not _ATTRIBUTES.match(body):
        yield line


def _title(indent: str, title: str) -> Iterator[str]:
    yield ""
    if title:
        yield f"{indent}**{title}**"
        yield ""


def _spoken(kind: str | None) -> str:
    """Return the kind of a box as a title: a page shows it where there is no other."""
    return (kind or "").replace("-", " ").capitalize()
