"""Names of the languages that are detected, by their codes (BCP 47)."""

UNDETERMINED = "und"
"""The code of texts whose language is unknown."""

_NAMES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "pt": "Portuguese",
}


def base_language(code: str) -> str:
    """Return a language's code without its region or script: ``pt`` of ``pt-BR``."""
    return code.partition("-")[0].lower()


def is_same_language(one: str, other: str) -> bool:
    """Tell whether two codes name one language: pt and pt-BR do."""
    return base_language(one) == base_language(other)


def language_name(code: str) -> str:
    """Return the English name of a language, or its code if we do not know it."""
    if code in ("", UNDETERMINED):
        return "the language of what is given"
    _, _, region = code.partition("-")
    name = _NAMES.get(base_language(code))
    if name is None:
        return code
    return f"{name} ({region})" if region else name


def in_language(code: str) -> str:
    """Say in which language a document is that ingest found to be in ``code``."""
    return (
        "in no language of ingest.detect" if code == UNDETERMINED else f"in {language_name(code)}"
    )
