"""The programs that a release calls: helm and cosign."""

import shutil
import subprocess

from gabarito.core.errors import ServiceError, UsageError

TIMEOUT_S = 600
_SAID = 500
"""How many characters of what a program said go into a message: the last ones."""


def call(program: str, *arguments: str) -> str:
    """Return what a program prints.

    Raises:
        UsageError: if it is not there.
        ServiceError: with what it said, if it fails.
    """
    found = shutil.which(program)
    if found is None:
        raise UsageError(
            f"no {program} on the PATH: install it, or k8s/dev/cluster build {program}"
        )
    done = subprocess.run(
        [found, *arguments], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-_SAID:]
        raise ServiceError(f"{program} {arguments[0]}: ended with {done.returncode}: {said}")
    return done.stdout
