"""The Pod Security level ``restricted``, as
https://kubernetes.io/docs/concepts/security/pod-security-standards/ says it.
"""

from collections.abc import Iterator

from .helm import Object

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
           "persistentVolumeClaim", "projected", "secret"}  # fmt: skip


def violations(spec: Object) -> list[str]:
    """Return what a pod's spec has that the level forbids, or lacks that it asks for."""
    return [*_of_pod(spec), *(each for container in _containers(spec) for each in container)]


def _of_pod(spec: Object) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield key
    for volume in spec.get("volumes", ()):
        if not {*volume} - {"name"} <= VOLUMES:
            yield f"volume {volume['name']}"
    if spec.get("securityContext", {}).get("sysctls"):
        yield "sysctls"


def _containers(spec: Object) -> Iterator[Iterator[str]]:
    pod = spec.get("securityContext", {})
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        yield _of_container(container, {**pod, **container.get("securityContext", {})})


def _of_container(container: Object, security: Object) -> Iterator[str]:
    name = container["name"]
    if security.get("privileged") or security.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: privileges"
    if not security.get("runAsNonRoot") or security.get("runAsUser") == 0:
        yield f"{name}: root"
    capabilities = security.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", ()):
        yield f"{name}: capabilities kept"
    if not {*capabilities.get("add", ())} <= {"NET_BIND_SERVICE"}:
        yield f"{name}: capabilities added"
    if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"{name}: seccomp"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield f"{name}: hostPort"
