"""What an SBOM lists of an image's Python packages, beside what the requirements lock.

The SBOM is what docker buildx writes: SPDX 2.3 of syft, which names each package's address
(https://github.com/package-url/purl-spec) and the files that it was told by.
"""

import re
from collections.abc import Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gabarito.core.errors import DataError

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""What Python calls an architecture of images."""

_OWN = re.compile(r"/opt/gabarito/lib/python3\.(?P<minor>\d+)/site-packages/[^/]+\.dist-info/")
"""Beside it are the base image's packages, and those that others carry inside of them."""

_ADDRESS = re.compile(r"pkg:pypi/(?P<name>[^@]+)@(?P<version>[^?#]+)")
_LINE = re.compile(r"^(?P<text>[A-Za-z0-9][^\\\n]*?) *\\?$", re.MULTILINE)


def differences(
    sbom: dict[str, Any], lock: str, architecture: str, own: tuple[str, str]
) -> Iterator[str]:
    """Yield where the packages of an SBOM are not those of a lock file.

    Args:
        sbom: a document of SPDX.
        lock: requirements with versions and markers.
        architecture: that of the image.
        own: name and version of what is in the image besides.

    Raises:
        DataError: if the SBOM lists no Python package of ours.
    """
    found, minor = _packages(sbom)
    wanted = {**_locked(lock, architecture, minor), own[0]: own[1]}
    for name in sorted({*found, *wanted}):
        if name not in found:
            yield f"{name} {wanted[name]}: is locked, and not in the image"
        elif name not in wanted:
            yield f"{name} {found[name]}: is in the image, and not locked"
        elif found[name] != wanted[name]:
            yield f"{name}: is {found[name]} in the image, and locked as {wanted[name]}"


def _packages(sbom: dict[str, Any]) -> tuple[dict[str, str], int]:
    """Return the versions of our packages, and which Python 3 has them."""
    versions, minors = {}, set()
    for package in sbom.get("packages", []):
        place = _OWN.search(package.get("sourceInfo", ""))
        references = package.get("externalRefs", [])
        addresses = (_ADDRESS.fullmatch(one["referenceLocator"]) for one in references)
        address = next(filter(None, addresses), None)
        if place and address:
            versions[canonicalize_name(address["name"])] = address["version"]
            minors.add(int(place["minor"]))
    if len(minors) != 1:
        raise DataError(f"the SBOM lists packages of {len(minors)} Pythons in /opt/gabarito, not 1")
    return {str(name): version for name, version in versions.items()}, minors.pop()


def _locked(lock: str, architecture: str, minor: int) -> dict[str, str]:
    environment = {
        "extra": "",
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"3.{minor}.0",
        "python_version": f"3.{minor}",
        "sys_platform": "linux",
    }
    lines = [Requirement(line["text"]) for line in _LINE.finditer(lock)]
    return {
        str(canonicalize_name(one.name)): str(one.specifier).removeprefix("==")
        for one in lines
        if one.marker is None or one.marker.evaluate(environment)
    }
