"""Several processes that train together go by one examination."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

EXAMINEE = Path(__file__).parent / "examinee.py"
REPOSITORY = EXAMINEE.parents[3]
MOST_S = 300


def started(rank: int, port: int, *arguments: str) -> subprocess.Popen[str]:
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    place = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    given = {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1", "PYTHONPATH": place}
    return subprocess.Popen(
        [sys.executable, str(EXAMINEE), *arguments],
        env={**os.environ, **given, **{name: str(value) for name, value in told.items()}},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_all_processes_go_by_what_the_first_one_found(folder: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [started(rank, port, str(folder), f"file://{tmp_path}") for rank in (0, 1)]
    try:
        said = [json.loads(one.communicate(timeout=MOST_S)[0].splitlines()[-1]) for one in both]
    finally:
        for one in both:
            one.kill()
    assert said[0] == said[1]
    assert said[0] == {"steps": 3, "shares": [0.1, 0.1, 0.1], "missed": ["f0"]}
