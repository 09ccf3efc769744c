"""What the threads of the controller tell each other."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Signals:
    """``wake`` is set when there may be something to do, ``stop`` when the process ends."""

    wake: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
