"""Addresses of services that are asked by HTTP."""

import os
from urllib.parse import SplitResult, urlsplit

from gabarito.core.errors import SettingsError

DEFAULT_HUB = "https://huggingface.co"
HUB_VARIABLE = "HF_ENDPOINT"


def split_url(url: str) -> SplitResult | None:
    """Return the parts of an http or https URL, None if it is none."""
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that make no sense
        return None
    return parts if is_http else None


def hub_endpoint() -> str:
    """Return the address of the model hub, or of the mirror that HF_ENDPOINT names.

    Raises:
        SettingsError: if that is no http or https URL.
    """
    address = os.environ.get(HUB_VARIABLE) or DEFAULT_HUB
    if split_url(address) is None:
        raise SettingsError(f"{HUB_VARIABLE}: not an http or https URL; correct it, or unset it")
    return address.rstrip("/")
