from typing import Any

import pytest

from gabarito.core.errors import SettingsError
from gabarito.core.settings import parse
from gabarito.curate.config import CurateConfig


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"refusal": ""}, "curate is not valid:\n  refusal:"),
        ({"years": [2060, 1990]}, "the earlier one first"),
        ({"years": [1800, 1990]}, "from 1900 to 2099"),
        (
            {"perturbations": dict.fromkeys(("period", "qualifier", "subject", "relation"), 0)},
            "set refusals to 0",
        ),
        ({"refusal_share": 1}, "unknown setting"),
        ({"exam": {"fre": "x"}}, "did you mean free?"),
        ({"held_back": 0.9}, "held_back"),
    ],
)
def test_settings_that_make_no_sense_are_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
        parse(CurateConfig, data, "curate")


def test_every_setting_has_a_default_and_a_description() -> None:
    CurateConfig()
    fields = CurateConfig.model_fields.values()
    assert all(field.description and not field.is_required() for field in fields)
