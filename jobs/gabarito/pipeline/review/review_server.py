"""Serve the desk to this machine until stopped."""

import logging
import secrets

import click

from gabarito.core.listening import listen
from gabarito.pipeline.review.review_app import make_review_app
from gabarito.pipeline.review.review_session import ReviewSession
from gabarito.serve.server import make_server

HOST = "127.0.0.1"
"""Loopback only: what is on the desk is nobody else's to see, let alone to decide."""

TOKEN_BYTES = 24
BACKLOG = 128
DRAIN_S = 2.0


def serve_review(session: ReviewSession, port: int) -> None:
    """Print the page's address and answer until stopped; port 0 is any that is free.

    Raises:
        SettingsError: if it cannot listen there.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with listen(HOST, port, BACKLOG) as listener:
        chosen = listener.getsockname()[1]
        click.echo(f"review at http://{HOST}:{chosen}/{token}/")
        click.echo("only this machine can open it; Ctrl-C ends it, every decision is written")
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        server = make_server(make_review_app(session, token, chosen), DRAIN_S)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            return
