"""The command ``gabarito`` with bases in float32, so that processes can be compared with one."""

import torch

from gabarito.__main__ import start
from gabarito.models import load

if __name__ == "__main__":
    vars(load)["default_dtype"] = lambda _device: torch.float32
    start()
