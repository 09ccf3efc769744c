"""What a reader of an Office format leaves out, summed up by the reason."""

from collections.abc import Iterable

from gabarito.ingest.blocks import SAMPLE_CHARS, Block, Code, Item, LeftOut, Note, Omission, Table


class Tally:
    """Sums up what was left out: for each reason its words, and the beginning of the first."""

    def __init__(self) -> None:
        self._words: dict[Omission, int] = {}
        self._samples: dict[Omission, str] = {}

    def add(self, why: Omission, text: str) -> None:
        """Add a text that was left out."""
        if text.strip():
            self.count(why, len(text.split()), text)

    def count(self, why: Omission, pieces: int, sample: str = "") -> None:
        """Add something of which the number of words or pieces is known."""
        self._words[why] = self._words.get(why, 0) + pieces
        if not self._samples.get(why):
            self._samples[why] = " ".join(sample[: 4 * SAMPLE_CHARS].split())[:SAMPLE_CHARS]

    def words(self, why: Omission) -> int:
        """Return how much was left out for a reason."""
        return self._words.get(why, 0)

    def left_out(self) -> list[LeftOut]:
        """Return all of it."""
        return [LeftOut(why, words, self._samples[why]) for why, words in self._words.items()]


def lines_of(blocks: Iterable[Block]) -> list[str]:
    """Return blocks as lines, as the cell of a table or a note holds them; notes are left out."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Table(rows, caption):
                lines += [caption, *(cell for row in rows for cell in row)]
            case Item(text, _, marker):
                lines.append(text if marker in {"", "-"} or not text else f"{marker} {text}")
            case Note():
                continue
            case Code(text):
                lines += text.split("\n")
            case _:
                lines.append(block.text)
    return [line for text in lines for line in text.split("\n") if line.strip()]


def joined_code(blocks: Iterable[Block]) -> list[Block]:
    """Return blocks with lines of code that follow each other as one block."""
    joined: list[Block] = []
    run: list[str] = []
    for block in blocks:
        if isinstance(block, Code):
            run.append(block.text)
            continue
        if run:
            joined.append(Code("\n".join(run)))
            run = []
        joined.append(block)
    return [*joined, Code("\n".join(run))] if run else joined
