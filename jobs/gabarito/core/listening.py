"""Where a server of ours listens, and its address as people and clients write it."""

import errno
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gabarito.core.errors import SettingsError

EVERYWHERE = "::"
"""Every address of this machine, of IPv6 and of IPv4: a pod has one of either family, or both."""

_OF_PORTS = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EPERM})


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """Return a socket that listens at ``host`` and ``port`` (0: any free one).

    What is sent on its connections leaves at once: an answer whose head and body are written one
    after the other would else wait 40 ms for the client to confirm the head. asyncio turns that off
    only where a socket names its protocol, and this one does not. Where the machine has no IPv6,
    ``EVERYWHERE`` is every address of IPv4.

    Raises:
        SettingsError: if it cannot listen there.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    is_everywhere = host == EVERYWHERE
    if is_everywhere and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"
    try:
        listener = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=backlog,
            dualstack_ipv6=is_everywhere and ":" in host,
        )
    except (OSError, UnicodeError) as error:  # the latter of a name that can be no host's
        raise SettingsError(f"{place}: cannot listen there: {_why_not(error)}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each connection inherits it
    return listener


def _why_not(error: OSError | UnicodeError) -> str:
    """Return what is wrong with a place, and what to choose instead."""
    said = str(getattr(error, "strerror", None) or "no name of a host").partition(" (while")[0]
    if isinstance(error, OSError) and error.errno in _OF_PORTS:
        return f"{said}; choose another --port"
    return f"{said}; give --host an address of this machine, such as 127.0.0.1 or ::1"


def address_of(listener: socket.socket) -> str:
    """Return where a socket listens, such as ``http://127.0.0.1:8000`` or ``http://[::1]:8000``."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class ListeningServer(ThreadingHTTPServer):
    """An HTTP server with a thread for each connection, at an address of either family."""

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__((host, port), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listen(host, port, self.request_queue_size)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.socket.getsockname()[:2]

    @property
    def address(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:8100``."""
        return address_of(self.socket)
