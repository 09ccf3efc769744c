"""A pretrained model that somebody else made, as people will give one."""

from pathlib import Path

import pytest

from sample.real_base import cached_base


@pytest.fixture(scope="session")
def base() -> Path:
    """The folder of SmolLM2-135M-Instruct."""
    return cached_base()
