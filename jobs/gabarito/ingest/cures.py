"""What to do about a file, or a page of the web, that was dropped."""

from pathlib import PurePosixPath

from gabarito.core.reasons import IngestReason
from gabarito.core.records import Rejection
from gabarito.ingest.config import FORMATS, READABLE, REFUSED

CURES = {
    IngestReason.EXCLUDED: "change include or exclude of the source",
    IngestReason.HIDDEN: "give it a name without the mark at its beginning",
    IngestReason.UNSUPPORTED: f"convert it to {READABLE}",
    IngestReason.TOO_LARGE: "raise ingest.max_bytes or split it",
    IngestReason.OUT_OF_REACH: "let this user read it",
    IngestReason.UNREADABLE: "open it in the program it was made with and save it again",
    IngestReason.ENCRYPTED: "save it without its password",
    IngestReason.NOT_TEXT: "give it the ending of its real format",
    IngestReason.WRONG_ENCODING: "set encoding of the source",
    IngestReason.NO_TEXT: "set ingest.ocr if there are pictures of text in it",
    IngestReason.IMPLAUSIBLE: "save its original in another format, or set ingest.implausible",
    IngestReason.TOO_SHORT: "lower ingest.min_chars",
    IngestReason.OTHER_LANGUAGE: "add it to ingest.languages",
    IngestReason.NO_ADDRESS: "correct it; an address begins with https:// or http://",
    IngestReason.NOT_PUBLIC: "set allow_private of the source if it is meant",
    IngestReason.REFUSED_BY_ROBOTS: "ask the site for leave, or leave it out",
    IngestReason.GONE: "correct the address, or leave it out",
    IngestReason.WRONG_TYPE: f"name a page of {READABLE}",
    IngestReason.BEHIND_LOGIN: "save the page as the browser shows it, and read it as a file",
    IngestReason.BEHIND_WALL: "save the page as the browser shows it, and read it as a file",
    IngestReason.NEEDS_JAVASCRIPT: "save the page as the browser shows it, and read it as a file",
}
"""What to do about a file that should have been kept; a text said elsewhere too needs nothing."""

EMPTY_FILE = "an empty file"
NO_ENDING = "no ending"

_LISTS = ("application/xml", "text/xml", "application/rss+xml", "application/atom+xml")

_CURES_OF_SOME = {
    EMPTY_FILE: "fetch it again, or remove it",
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"), "unpack it into the folder"),
    NO_ENDING: "give it the ending of its format, such as .txt",
    "a link: ": "mend the link, or remove it",
    "a link ": "copy what it leads to into the folder, or remove it",
    "neither a file nor a folder": "remove it",
    **dict.fromkeys(_LISTS, "make it a source of type sitemap or feed"),
}
"""What to do instead about files of which something else is said, by how that begins."""

OR_SPLIT_IT = " or split it"
"""How the verdict ends on a file that is too much for a limit: it names the cure itself."""


def cure_of(rejection: Rejection) -> str:
    """Return what to do about a file that was dropped, or an empty text."""
    if rejection.detail in REFUSED.values() or rejection.detail.endswith(OR_SPLIT_IT):
        return ""  # it holds the cure already
    for beginning, cure in _CURES_OF_SOME.items():
        if rejection.detail.startswith(beginning):
            return cure
    if rejection.reason == IngestReason.OUT_OF_REACH and "://" in rejection.item:
        return "start again later, or leave it out"  # a page
    ending = PurePosixPath(rejection.item).suffix.lower()
    if rejection.reason == IngestReason.NO_TEXT and FORMATS.get(ending) == "html":
        return "save the page as the browser shows it"  # a script fills it
    return CURES.get(IngestReason(rejection.reason), "")
