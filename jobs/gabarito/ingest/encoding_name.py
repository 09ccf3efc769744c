"""Names of encodings in settings."""

import codecs
from typing import Annotated

from pydantic import AfterValidator


def _known_encoding(name: str) -> str:
    try:
        b"x".decode(name, "ignore")  # refuses codecs that are not for text
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError("must be an encoding such as utf-8 or cp1252") from error


EncodingName = Annotated[str, AfterValidator(_known_encoding)]
"""An encoding of text, by the name that Python has for it."""
