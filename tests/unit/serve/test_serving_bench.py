"""The benchmark of the endpoint counts answers, and nothing else."""

import pytest
from tests.bench.serving import ask_all
from tests.loopback import QuietHandler, served


class Answers(QuietHandler):
    """An endpoint that has answers for its first three questions."""

    left = 3

    def answer(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Answers.left -= 1
        self.send(200 if Answers.left >= 0 else 503, {}, b"{}")


def test_an_answer_that_is_not_given_is_not_counted() -> None:
    with served(Answers) as address:
        port = int(address.rpartition(":")[2])
        assert len(ask_all(port, "m", 2, 3, 1)) == 3
        with pytest.raises(RuntimeError, match="503"):
            ask_all(port, "m", 2, 3, 1)
