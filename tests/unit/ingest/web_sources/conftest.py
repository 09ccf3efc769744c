import pytest

from .open_fetchers import closed_at_the_end

fetchers_closed = pytest.fixture(autouse=True)(closed_at_the_end)
