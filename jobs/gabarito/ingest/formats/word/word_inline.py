"""The text of a paragraph as it is put together, with what is raised or lowered in it."""

from dataclasses import dataclass, field

from gabarito.ingest.formats.element import Element
from gabarito.ingest.reading.raised import subscript, superscript


@dataclass(frozen=True)
class Reference:
    """A mark in the text that points to a note."""

    kind: str
    note_id: str
    marker: str


@dataclass
class Inline:
    """A paragraph's text, the notes that it refers to, and the boxes and drawings in it."""

    pieces: list[tuple[str, str]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    inner: list[Element] = field(default_factory=list)

    def add(self, text: str, script: str = "") -> None:
        """Add text; ``script`` is superscript, subscript or empty."""
        if self.pieces and self.pieces[-1][1] == script:
            text = self.pieces.pop()[0] + text
        self.pieces.append((text, script))

    def followed_by(self, other: "Inline") -> "Inline":
        """Return two paragraphs that are read as one."""
        return Inline(
            self.pieces + other.pieces,
            self.references + other.references,
            self.inner + other.inner,
        )

    def text(self) -> str:
        """Return the text, with what is raised or lowered set apart from what it follows."""
        scripts = {script for text, script in self.pieces if text.strip()}
        if len(scripts) == 1:  # all of it is raised: small print
            return "".join(text for text, _ in self.pieces)
        written = ""
        whole: list[str] = []
        for text, script in self.pieces:
            if script:
                text = (superscript if script == "superscript" else subscript)(text, written)
            whole.append(text)
            written = text or written
        return "".join(whole)
