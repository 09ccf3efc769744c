"""Time that passes when a test says so."""


class Clock:
    """Seconds since nothing in particular, as ``time.monotonic`` gives them."""

    now = 100.0

    def __call__(self) -> float:
        return self.now
