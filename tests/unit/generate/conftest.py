from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gabarito.core.records import Document, Fact
from gabarito.generate.config import GenerateConfig
from gabarito.generate.passages import Passage, passages_of

PAGE = """# A final

O Paris venceu a **Inter** por 5 a 0 em Munique, no dia 31 de maio de 2025.
O técnico do Paris era Luis Enrique.

## Público

| Estádio | Público |
| Allianz Arena | 64.327 |
"""


@pytest.fixture
def config() -> GenerateConfig:
    return GenerateConfig.model_validate({"language": "pt", "teacher": {"model": "m"}})


@pytest.fixture
def document_of() -> Callable[..., Document]:
    def make(text: str, title: str = "A final", language: str = "pt") -> Document:
        return Document.of(
            text=text,
            source="final.md",
            url="",
            title=title,
            language=language,
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    return make


@pytest.fixture
def passage(document_of: Callable[..., Document]) -> Passage:
    return next(passages_of(document_of(PAGE), 3000))


@pytest.fixture
def offer() -> dict[str, object]:
    """A fact as a reply offers it."""
    return {
        "quote": "O técnico do Paris era Luis Enrique.",
        "statement": "O técnico do Paris Saint-Germain na final de 2025 era Luis Enrique.",
        "subject": "Paris Saint-Germain",
        "relation": "técnico",
        "answer": "Luis Enrique",
        "aliases": ["Luis Enrique Martínez"],
        "qualifier": "final de 2025",
        "kind": "Clube",
    }


@pytest.fixture
def fact() -> Fact:
    return Fact.of(
        document="d",
        quote="O técnico do Paris era Luis Enrique.",
        statement="O técnico do Paris Saint-Germain na final de 2025 era Luis Enrique.",
        subject="Paris Saint-Germain",
        relation="técnico",
        answer="Luis Enrique",
        aliases=("Lucho",),
        qualifier="final de 2025",
        kind="clube",
    )
