"""The recorded teacher as somebody else's endpoint: a pod and a Service."""

from gabarito import __version__

from .kubectl import Object

PORT = 8100
ADDRESS = f"http://teacher:{PORT}/v1"


def teacher(*environment: Object) -> tuple[Object, Object]:
    """Return a recorded teacher with these variables, and its Service."""
    name = {"name": "teacher", "labels": {"app": "teacher"}}
    arguments = ["teacher", "--replies", "gabarito:demo/replies.jsonl", "--host", "::"]
    security = {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "teacher",
        "image": f"registry.local/gabarito-generate:{__version__}",
        "args": [*arguments, "--port", str(PORT)],
        "env": list(environment),
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "securityContext": security,
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": name, "spec": {"containers": [container]}}
    ports = {"selector": name["labels"], "ports": [{"port": PORT}]}
    return pod, {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": ports}
