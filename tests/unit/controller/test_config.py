from typing import get_args

from gabarito.controller.config import Retryable
from gabarito.pipeline.stages import STAGES


def test_each_stage_and_the_endpoint_can_be_tried_again() -> None:
    assert get_args(Retryable) == (*STAGES, "serve")
