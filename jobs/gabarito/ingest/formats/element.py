"""The type of an element of lxml, which comes without types."""

from typing import Any, TypeAlias

Element: TypeAlias = Any
