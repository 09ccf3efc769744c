"""A part of a stage's work, where several pods share it."""

from dataclasses import dataclass

from gabarito.core.records import digest_of


@dataclass(frozen=True)
class Shard:
    """Part ``index`` of ``count``, counted from 0; by default the whole."""

    index: int = 0
    count: int = 1

    @property
    def name(self) -> str:
        """The shard's place below its artifact."""
        return f"{self.index}-of-{self.count}"

    def has(self, digest: str) -> bool:
        """Tell whether what has this id, of hexadecimal digits, is the shard's to do."""
        return int(digest, 16) % self.count == self.index

    def has_name(self, name: str) -> bool:
        """Tell whether what has this name is the shard's to do."""
        return self.has(digest_of(name))


WHOLE = Shard()
