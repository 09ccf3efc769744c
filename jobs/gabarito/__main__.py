"""Where every process of Gabarito begins: it can be stopped before anything heavy loads."""

import sys

from gabarito.core.errors import Interrupted
from gabarito.core.stop import raise_on_stop


def start() -> None:
    """Run the command; being stopped while its modules load ends as being stopped later does."""
    raise_on_stop()
    try:
        from gabarito.cli import main
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"gabarito: {stop}\n")
        sys.exit(Interrupted.exit_code)
    main()


if __name__ == "__main__":
    start()
