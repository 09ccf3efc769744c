"""Where hypercorn listens: at each address of the pod, of either family."""

import socket

bind = "[::]:9000" if socket.has_dualstack_ipv6() else "0.0.0.0:9000"
