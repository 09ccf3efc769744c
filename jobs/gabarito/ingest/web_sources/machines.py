"""Which machines a host's name leads to, and whether strangers may send us there.

A page's links and redirects are written by others: without these checks they would lead to what
only this machine can reach, such as the cloud's metadata or a database without a password.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from gabarito.core.reasons import IngestReason
from gabarito.ingest.outcomes import Dropped

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as machines without one see them (RFC 6052)."""

_BEHIND = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10")))
"""What Python calls global and is not: IPv4 addresses in forms that were given up or that a network
translates for itself (RFC 4291, 2765, 8215), and addresses of a site (RFC 3879)."""


def machines_of(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the IP addresses that a name leads to now, to connect to one of these and no other.

    Raises:
        OSError: if it leads nowhere.
        Dropped: if one of them is not public, and that is not allowed.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = [] if allow_private else [one for one in addresses if not is_public(one)]
    if refused:
        named = "" if refused[0] == host else f"{host} is "
        raise Dropped(IngestReason.NOT_PUBLIC, f"{named}{refused[0]}")
    return addresses


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet, and not of a network behind it."""
    ip = ip_address(address.partition("%")[0])
    if any(ip in network for network in _BEHIND):
        return False
    inner = _embedded(ip) if isinstance(ip, IPv6Address) else None
    return (inner or ip).is_global and not (inner or ip).is_multicast


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to ``ip`` end at, if they do."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
