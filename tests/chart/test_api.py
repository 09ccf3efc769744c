"""What an API server would take: every object that there will be, against its kind's schema."""

import pytest

from .api_schemas import is_known, mistakes
from .release import SCENARIOS, scenario


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_object_is_one_of_its_kind(name: str) -> None:
    release = scenario(name)
    made = [*release.objects, *release.jobs.values(), release.endpoint]
    known = [each for each in made if is_known(each)]
    assert len(known) > 10
    assert [
        (each["kind"], each["metadata"], *mistakes(each)) for each in known if mistakes(each)
    ] == []


def test_what_is_none_of_its_kind_is_seen() -> None:
    service = scenario("demo").of_kind("Service")[0]
    spoilt = {**service, "spec": {**service["spec"], "port": 1, "ipFamilies": "IPv6"}}
    assert {said.partition(":")[0] for said in mistakes(spoilt)} == {
        "$.spec",
        "$.spec.ipFamilies",
    }
