"""A process that serves the engine which answers by rule, and prints its address."""

import signal
import socket

from tests.stage.serve.conftest import DIGEST, REFUSAL, RuleEngine

from gabarito.core.log import setup
from gabarito.core.tracing import tracing
from gabarito.serve.app import make_app
from gabarito.serve.config import ServeConfig
from gabarito.serve.model_names import ModelNames
from gabarito.serve.server import make_server
from gabarito.serve.service import Model


def main() -> None:
    """Serve until told to stop."""
    setup("json")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    model = Model(
        ModelNames("rules", "main", DIGEST),
        RuleEngine(),
        "",
        refusal=REFUSAL,
        threshold=0.5,
        max_new_tokens=8,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201
    with tracing("serve"):
        make_server(make_app(model, ServeConfig()), 5).run(sockets=[listener])


if __name__ == "__main__":
    main()
