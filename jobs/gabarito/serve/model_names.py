"""What a served model is called: names that stay over promotions, and its digest. Pure."""

from dataclasses import dataclass

from gabarito.artifacts.channel import SHORT_DIGEST


@dataclass(frozen=True)
class ModelNames:
    """The names of one model; ``digest`` is that of its record, empty for a plain folder.

    ``first`` is the pipeline's or the folder's, ``channel`` the channel that it is served by.
    """

    first: str
    channel: str = ""
    digest: str = ""

    @property
    def id(self) -> str:
        """The name of this model and of no other, in a length for people."""
        return f"{self.first}-{self.digest[:SHORT_DIGEST]}" if self.digest else self.first

    @property
    def listed(self) -> tuple[str, ...]:
        """The names that ``/v1/models`` lists, those that stay first."""
        return tuple(dict.fromkeys(filter(None, (self.first, self.channel, self.digest))))

    def has(self, name: str) -> bool:
        """Tell whether a request may call the model so."""
        short = self.digest[:SHORT_DIGEST]
        return bool(name) and name in (*self.listed, self.id, short)

    def unknown(self, name: str) -> str:
        """Say that there is no model of this name, and which ones there are."""
        served = f"this endpoint serves {', '.join(self.listed)}"
        return f"{name!r} does not exist; {served}" if name else f"empty; leave it out: {served}"
