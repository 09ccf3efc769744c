"""``python -m gabarito``: how one process of Gabarito starts another."""

from gabarito.cli import main

if __name__ == "__main__":
    main()
