"""Where every process of Gabarito begins: it can be stopped before anything heavy loads."""

import sys

from gabarito.core.errors import Interrupted
from gabarito.core.stop import raise_on_stop


def start() -> None:
    """Run the command; being stopped at any moment ends in one line and the same exit code."""
    raise_on_stop()
    try:
        from gabarito.cli import main

        main()
    except KeyboardInterrupt as stop:  # while modules load, or once more while main ends
        sys.stderr.write(f"gabarito: {stop}\n")
        sys.exit(Interrupted.exit_code)


if __name__ == "__main__":
    start()
