from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gabarito.artifacts.channel import BY_HAND, Channel, Rejected
from gabarito.controller.actions import Promote, RollBack, SaveMemory
from gabarito.controller.decide import decide
from gabarito.controller.kube.diagnose import Problem
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import endpoint_key
from gabarito.controller.state import Evaluation, LastKnownGood, Memory, Observed, SmokeTestResult
from gabarito.pipeline.stages import STAGES

from .builders import NOW, RUN, A, B, desired, endpoint, observed, passed, short

LONG_AGO = NOW - timedelta(hours=1)
FRESH = endpoint_key(A, "serve-1")
REVISION = "serve-1/0"
"""The serve revision that ``desired()`` asks for."""

WEIGHTS = "f" * 64
"""A fingerprint of merge."""

UNFIT = Problem("Unschedulable", "no node fits its pod", "add one")


def good(model: str, template: str = "serve-1") -> LastKnownGood:
    return LastKnownGood(model=model, template=template, body={})


OURS = Memory(promoted=A, revision=REVISION)
GOOD = Memory(promoted=A, revision=REVISION, last_known_good=good(A))
BEFORE = Memory(promoted=A, revision=REVISION, last_known_good=good(A, "serve-0"))


def channel(model: str | None = A, **changes: Any) -> Channel:  # noqa: ANN401
    return Channel(model=model, since=NOW, **changes)


def rejected(model: str = A, under: str = REVISION, merge: str = "") -> Rejected:
    return Rejected(model=model, at=NOW, reason="it answers otherwise", under=under, merge=merge)


def seen(**changes: Any) -> Observed:  # noqa: ANN401
    """A run that is done, whose gate was recorded."""
    found = observed(done=STAGES, **changes)
    saved = [act.memory for act in decide(desired(), found) if isinstance(act, SaveMemory)]
    gate = saved[0].gate if saved else ""
    return replace(found, memory=found.memory.model_copy(update={"gate": gate}))


TABLE: dict[str, tuple[Observed, list[str]]] = {
    "nothing was ever promoted": (seen(), []),
    "a model that passed is promoted": (seen(evaluation=passed()), ["promote a"]),
    "one that did not pass is not": (seen(evaluation=Evaluation(A, passed=False)), []),
    "that it is ours is remembered before anything else": (
        seen(evaluation=passed(), channel=channel()),
        [f"save a0 in {REVISION}"],
    ),
    "one that did not pass is not ours, whoever promoted it": (
        seen(evaluation=Evaluation(A, passed=False), channel=channel()),
        ["apply a serve-1"],
    ),
    "a channel that somebody deleted is left alone": (seen(memory=OURS), []),
    "a promoted model is served": (
        seen(evaluation=passed(), channel=channel(), memory=OURS),
        ["tell Promoted", "apply a serve-1"],
    ),
    "a model that another release promoted is served without an Event": (
        seen(channel=channel()),
        ["apply a serve-1"],
    ),
    "a served model is replaced by the promoted one": (
        seen(channel=channel(B), endpoint=endpoint(A, is_good=True), memory=Memory(promoted=B)),
        ["tell Promoted", "apply b serve-1"],
    ),
    "a model of another pipeline is not served": (
        seen(channel=channel(B), pipelines={B: "cellar"}),
        ["warn ModelRefused"],
    ),
    "what is served stays served then": (
        seen(
            channel=channel(B),
            endpoint=endpoint(A, "serve-0", is_good=True),
            pipelines={A: "handbook", B: "cellar"},
            memory=BEFORE,
        ),
        ["warn ModelRefused"],
    ),
    "an endpoint that serves it is deleted": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, is_good=True),
            pipelines={B: "cellar"},
            memory=OURS,
        ),
        ["warn ModelRefused", "delete endpoint"],
    ),
    "also where the pipeline's own channel names nothing yet": (
        seen(endpoint=endpoint(B, is_good=True), pipelines={B: "cellar"}, memory=OURS),
        ["warn ModelRefused", "delete endpoint"],
    ),
    "but not what the release promoted before its pipeline had another name": (
        seen(
            endpoint=endpoint(B, is_good=True),
            pipelines={B: "cellar"},
            memory=Memory(promoted=B),
        ),
        [],
    ),
    "and its own model is promoted in its place": (
        seen(channel=channel(B), pipelines={B: "cellar"}, evaluation=passed()),
        ["warn ModelRefused", "promote a"],
    ),
    "a new template is applied with the model that is served": (
        seen(channel=channel(), endpoint=endpoint(A, "serve-0", is_good=True), memory=BEFORE),
        ["apply a serve-1"],
    ),
    "a Deployment that is being deleted is waited for": (
        seen(channel=channel(), endpoint=endpoint(is_deleting=True)),
        [],
    ),
    "an endpoint that rolls is waited for": (
        seen(channel=channel(), endpoint=endpoint(rollout="rolling"), memory=OURS),
        [],
    ),
    "one that somebody scaled to no pods too": (
        seen(channel=channel(), endpoint=endpoint(rollout="idle", since=LONG_AGO), memory=OURS),
        [],
    ),
    "and is not blamed for answers that do not come": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="idle", since=LONG_AGO),
            smoke_test=SmokeTestResult(FRESH, "running"),
            memory=OURS,
        ),
        [],
    ),
    "why it is not ready is recorded": (
        seen(channel=channel(), endpoint=endpoint(rollout="rolling", problem=UNFIT), memory=OURS),
        ["warn EndpointWaiting"],
    ),
    "of one that was good once too": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="rolling", problem=UNFIT, is_good=True),
            memory=GOOD,
        ),
        ["warn EndpointWaiting"],
    ),
    "one of which nobody knows since when too": (
        seen(channel=channel(), endpoint=endpoint(rollout="rolling", since=None), memory=OURS),
        [],
    ),
    "a ready endpoint is asked questions": (
        seen(channel=channel(), endpoint=endpoint(), memory=OURS),
        ["smoke test a"],
    ),
    "what another endpoint was asked does not count": (
        seen(
            channel=channel(),
            endpoint=endpoint(),
            smoke_test=SmokeTestResult("b/serve-1", "failed"),
            memory=OURS,
        ),
        ["smoke test a"],
    ),
    "answers are waited for": (
        seen(
            channel=channel(),
            endpoint=endpoint(),
            smoke_test=SmokeTestResult(FRESH, "running"),
            memory=OURS,
        ),
        [],
    ),
    "right answers make an endpoint good": (
        seen(
            channel=channel(),
            endpoint=endpoint(),
            smoke_test=SmokeTestResult(FRESH, "passed"),
            memory=OURS,
        ),
        ["save a0 good a serve-1", "tell Serving", "annotate endpoint verified"],
    ),
    "that it is good is remembered once": (
        seen(
            channel=channel(),
            endpoint=endpoint(),
            smoke_test=SmokeTestResult(FRESH, "passed"),
            memory=GOOD,
        ),
        ["tell Serving", "annotate endpoint verified"],
    ),
    "a good endpoint is left alone": (
        seen(channel=channel(), endpoint=endpoint(is_good=True), memory=GOOD),
        [],
    ),
    "a lost memory is found again in the endpoint": (
        seen(channel=channel(), endpoint=endpoint(is_good=True), memory=OURS),
        ["save a0 good a serve-1"],
    ),
    "what another release promoted is asked too": (
        seen(channel=channel(B), endpoint=endpoint(B)),
        ["smoke test b"],
    ),
    "wrong answers roll the channel back": (
        seen(
            channel=channel(),
            endpoint=endpoint(),
            smoke_test=SmokeTestResult(FRESH, "failed"),
            memory=OURS,
        ),
        ["roll back a"],
    ),
    "so does a rollout that fails": (
        seen(channel=channel(), endpoint=endpoint(rollout="failed"), memory=OURS),
        ["roll back a"],
    ),
    "so does one that is never ready": (
        seen(channel=channel(), endpoint=endpoint(rollout="rolling", since=LONG_AGO), memory=OURS),
        ["roll back a"],
    ),
    "so does one that is ready now and then, but never answers": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="rolling"),
            smoke_test=SmokeTestResult(FRESH, "running", "refused", since=LONG_AGO),
            memory=OURS,
        ),
        ["roll back a"],
    ),
    "one that has begun to be asked has time to answer": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="rolling"),
            smoke_test=SmokeTestResult(
                FRESH, "running", "refused", since=NOW - timedelta(minutes=5)
            ),
            memory=OURS,
        ),
        [],
    ),
    "so does one that is ready and never answers": (
        seen(
            channel=channel(),
            endpoint=endpoint(since=LONG_AGO),
            smoke_test=SmokeTestResult(FRESH, "running", "refused"),
            memory=OURS,
        ),
        ["roll back a"],
    ),
    "one that was ready late is asked all the same": (
        seen(channel=channel(), endpoint=endpoint(since=LONG_AGO), memory=OURS),
        ["smoke test a"],
    ),
    "right answers that come late are right": (
        seen(
            channel=channel(),
            endpoint=endpoint(since=LONG_AGO),
            smoke_test=SmokeTestResult(FRESH, "passed"),
            memory=GOOD,
        ),
        ["tell Serving", "annotate endpoint verified"],
    ),
    "the model before is served again": (
        seen(
            channel=channel(B, rejected=(rejected(A),)),
            endpoint=endpoint(A),
            memory=Memory(promoted=A),
        ),
        ["warn RolledBack", "apply b serve-1"],
    ),
    "without a model before nothing is served": (
        seen(channel=channel(None, rejected=(rejected(),)), endpoint=endpoint(), memory=OURS),
        ["warn RolledBack", "delete endpoint"],
    ),
    "an endpoint whose channel names nothing yet goes on serving": (
        seen(endpoint=endpoint(is_good=True), memory=GOOD),
        [],
    ),
    "until a model is promoted to it": (
        seen(evaluation=passed(B), endpoint=endpoint(is_good=True), memory=GOOD),
        ["promote b"],
    ),
    "what the channel begins with is written down before main moves": (
        seen(
            channel=channel(),
            is_inherited=True,
            endpoint=endpoint(is_good=True),
            memory=GOOD,
        ),
        ["keep channel"],
    ),
    "before anything else": (
        seen(channel=channel(), is_inherited=True, evaluation=passed()),
        ["keep channel", f"save a0 in {REVISION}"],
    ),
    "what main does not name any more goes on serving": (
        seen(
            channel=channel(None, rejected=(rejected(B),)),
            is_inherited=True,
            endpoint=endpoint(is_good=True),
            memory=GOOD,
        ),
        [],
    ),
    "unless it was taken back in main": (
        seen(
            channel=channel(None, rejected=(rejected(),)),
            is_inherited=True,
            endpoint=endpoint(is_good=True),
            memory=GOOD,
        ),
        ["warn RolledBack", "delete endpoint"],
    ),
    "or is another pipeline's": (
        seen(
            channel=channel(None, rejected=(rejected(B),)),
            is_inherited=True,
            endpoint=endpoint(is_good=True),
            pipelines={A: "cellar"},
            memory=GOOD,
        ),
        ["delete endpoint"],
    ),
    "an endpoint of an emptied channel goes": (
        seen(channel=channel(None), endpoint=endpoint(), memory=OURS),
        ["delete endpoint"],
    ),
    "a rejected model is not promoted again": (
        seen(channel=channel(None, rejected=(rejected(),)), evaluation=passed(), memory=OURS),
        [],
    ),
    "but under another template it is": (
        seen(
            channel=channel(None, rejected=(rejected(under="serve-0/0"),)),
            evaluation=passed(),
            memory=Memory(promoted=A, revision="serve-0/0"),
        ),
        ["promote a"],
    ),
    "nor when another release rolled it back after we had served it": (
        seen(
            channel=channel(B, rejected=(rejected(under="theirs/0"),)),
            endpoint=endpoint(B, is_good=True),
            evaluation=passed(),
            memory=Memory(promoted=A, revision=REVISION, last_known_good=good(B)),
        ),
        [],
    ),
    "nor when we rolled it back and have forgotten that": (
        seen(channel=channel(None, rejected=(rejected(),)), evaluation=passed()),
        [],
    ),
    "nor when a person took it back, whatever the settings are": (
        seen(
            channel=channel(B, rejected=(rejected(under=BY_HAND),)),
            endpoint=endpoint(B, is_good=True),
            evaluation=passed(),
            memory=Memory(promoted=A, revision="serve-0/0", last_known_good=good(B)),
        ),
        [],
    ),
    "nor when a person took back the same weights of other settings": (
        seen(
            channel=channel(B, rejected=(rejected("c" * 64, BY_HAND, WEIGHTS),)),
            endpoint=endpoint(B, is_good=True),
            evaluation=Evaluation(A, passed=True, merge=WEIGHTS),
            memory=Memory(promoted="c" * 64, last_known_good=good(B)),
        ),
        [],
    ),
    "but what failed with other settings may be promoted with these": (
        seen(
            channel=channel(B, rejected=(rejected("c" * 64, merge=WEIGHTS),)),
            endpoint=endpoint(B, is_good=True),
            evaluation=Evaluation(A, passed=True, merge=WEIGHTS),
            memory=Memory(promoted="c" * 64, last_known_good=good(B)),
        ),
        ["promote a"],
    ),
    "a model that somebody else moved the channel from is not promoted again": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, is_good=True),
            evaluation=passed(),
            memory=Memory(promoted=A, last_known_good=good(B)),
        ),
        [],
    ),
    "a model is promoted only when the endpoint before it works": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, rollout="rolling"),
            evaluation=passed(),
            memory=Memory(promoted=B),
        ),
        [],
    ),
    "or when it is known not to, and is not ours": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, rollout="failed"),
            evaluation=passed(),
        ),
        ["warn EndpointFailed", "promote a"],
    ),
    "a new template that does not work is refused, the model is not": (
        seen(channel=channel(), endpoint=endpoint(rollout="failed"), memory=BEFORE),
        ["warn RolledBack", f"save a0 good a serve-0 failed {REVISION}"],
    ),
    "even if another model was promoted last": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="failed"),
            memory=BEFORE.model_copy(update={"promoted": B}),
        ),
        ["warn RolledBack", f"save b0 good a serve-0 failed {REVISION}"],
    ),
    "a new template that rolls is waited for": (
        seen(channel=channel(), endpoint=endpoint(rollout="rolling"), memory=BEFORE),
        [],
    ),
    "a new model in a new template is what is rolled back": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, rollout="failed"),
            memory=BEFORE.model_copy(update={"promoted": B}),
        ),
        ["roll back b"],
    ),
    "a model that a person promoted is rolled back to the one before": (
        seen(
            channel=channel(B, previous=A),
            endpoint=endpoint(B),
            smoke_test=SmokeTestResult(endpoint_key(B, "serve-1"), "failed"),
            memory=GOOD,
        ),
        ["roll back b"],
    ),
    "without a model before it is recorded": (
        seen(channel=channel(B), endpoint=endpoint(B, rollout="failed"), memory=GOOD),
        ["warn EndpointFailed"],
    ),
    "so is a failure where nothing has worked yet": (
        seen(channel=channel(B, previous=A), endpoint=endpoint(B, rollout="failed")),
        ["warn EndpointFailed"],
    ),
    "a person's model that has passed before is not rolled back when a node fails": (
        seen(
            channel=channel(B, previous=A),
            endpoint=endpoint(B, rollout="failed"),
            memory=Memory(promoted=A, revision=REVISION, last_known_good=good(B)),
        ),
        ["warn EndpointFailed"],
    ),
    "what worked before and does not now is recorded, nothing else would cure it": (
        seen(channel=channel(), endpoint=endpoint(rollout="failed"), memory=GOOD),
        ["warn EndpointFailed"],
    ),
    "without a template before the wanted one is tried again": (
        seen(channel=channel(), memory=Memory(promoted=A, failed_revision=REVISION)),
        ["tell Promoted", "apply a serve-1"],
    ),
    "then the template before serves again": (
        seen(
            channel=channel(),
            endpoint=endpoint(rollout="failed"),
            memory=BEFORE.model_copy(update={"failed_revision": REVISION}),
        ),
        ["apply a serve-0"],
    ),
    "and is left alone once it is verified": (
        seen(
            channel=channel(),
            endpoint=endpoint(template="serve-0", is_good=True),
            memory=BEFORE.model_copy(update={"failed_revision": REVISION}),
        ),
        [],
    ),
    "meanwhile no model is promoted": (
        seen(
            channel=channel(),
            endpoint=endpoint(template="serve-0", is_good=True),
            evaluation=passed(B),
            memory=BEFORE.model_copy(update={"failed_revision": REVISION}),
        ),
        [],
    ),
    "another template is tried": (
        seen(
            channel=channel(),
            endpoint=endpoint(template="serve-0", is_good=True),
            memory=BEFORE.model_copy(update={"failed_revision": "serve-x/0"}),
        ),
        ["apply a serve-1"],
    ),
    "the template before is remembered with its own body": (
        seen(
            channel=channel(B),
            endpoint=endpoint(B, "serve-0", is_good=True),
            memory=BEFORE.model_copy(update={"failed_revision": REVISION, "promoted": B}),
        ),
        [f"save b0 good b serve-0 failed {REVISION}"],
    ),
}


@pytest.mark.parametrize(("found", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_is_decided(found: Observed, expected: list[str]) -> None:
    assert short(decide(desired(), found)) == expected


@pytest.mark.parametrize(("template", "body"), [("serve-0", {"kept": "yes"}), ("serve-1", None)])
def test_a_good_template_is_remembered_with_its_own_body(
    template: str, body: dict[str, str] | None
) -> None:
    wanted = desired()
    good = LastKnownGood(model=A, template="serve-0", body={"kept": "yes"})
    memory = Memory(promoted=B, last_known_good=good, failed_revision=REVISION if body else "")
    found = seen(channel=channel(B), endpoint=endpoint(B, template, is_good=True), memory=memory)
    (action,) = decide(wanted, found)
    assert isinstance(action, SaveMemory)
    assert action.memory.last_known_good
    assert action.memory.last_known_good.body == (body or wanted.templates.serve.body)


def test_raising_retries_of_serve_promotes_a_rejected_model_again() -> None:
    again = desired(retries={"serve": 1})
    empty = seen(channel=channel(None, rejected=(rejected(),)), evaluation=passed(), memory=OURS)
    assert short(decide(again, empty)) == ["promote a"]
    moved = seen(
        channel=channel(B),
        endpoint=endpoint(B, is_good=True),
        evaluation=passed(),
        memory=Memory(promoted=A, last_known_good=good(B)),
    )
    assert short(decide(again, moved)) == ["promote a"]


def test_a_failed_endpoint_that_is_not_ours_is_recorded_once() -> None:
    found = seen(channel=channel(B), endpoint=endpoint(B, rollout="failed"))
    (event,) = decide(desired(), found)
    assert isinstance(event, RecordEvent)
    assert event.message == (
        "the endpoint did not become ready; nothing is changed: see kubectl describe "
        "deployment -n team-a demo-gabarito-serve"
    )
    recorded = seen(
        channel=channel(B),
        endpoint=endpoint(B, rollout="failed"),
        recorded=frozenset({event.name}),
    )
    assert decide(desired(), recorded) == []


def test_without_an_endpoint_a_promotion_is_recorded_once() -> None:
    none = desired(serve={"replicas": 0})
    found = seen(evaluation=passed(), channel=channel(), memory=OURS)
    (event,) = decide(none, found)
    assert isinstance(event, RecordEvent)
    assert event.reason == "Promoted"
    recorded = seen(
        evaluation=passed(), channel=channel(), memory=OURS, recorded=frozenset({event.name})
    )
    assert decide(none, recorded) == []


def test_no_replicas_remove_the_endpoint_and_promote_all_the_same() -> None:
    found = seen(channel=channel(B), endpoint=endpoint(B, is_good=True), evaluation=passed())
    none = desired(serve={"replicas": 0})
    assert short(decide(none, found)) == ["delete endpoint", "promote a"]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (
            {"rollout": "rolling", "since": LONG_AGO, "problem": Problem("R", "no GPU", "add one")},
            "the endpoint was not ready within 600 s: no GPU; add one",
        ),
        ({"rollout": "failed"}, "the endpoint did not become ready"),
        ({"since": LONG_AGO}, "the endpoint is ready, but the smoke test cannot ask it: refused"),
        ({"rollout": "rolling"}, "the endpoint does not stay ready: refused"),
    ],
)
def test_a_rollback_says_why(spoilt: dict[str, Any], reason: str) -> None:
    check = SmokeTestResult(FRESH, "running", "refused", since=LONG_AGO)
    found = seen(channel=channel(), endpoint=endpoint(**spoilt), memory=OURS, smoke_test=check)
    *_, action = decide(desired(), found)
    assert action == RollBack(A, reason)


def test_who_refuses_a_model_names_both_pipelines_and_the_cure() -> None:
    (event,) = decide(desired(), seen(channel=channel(B), pipelines={B: "cellar"}))
    assert isinstance(event, RecordEvent)
    assert event.message == (
        f"model {B[:12]} of pipeline cellar is not served: this release is of pipeline handbook; "
        f"gabarito promote {RUN} --channel handbook serves its own once that passed its gate, "
        "pipeline.channel of another name than the pipeline's whatever that channel names"
    )
    told = seen(channel=channel(B), pipelines={B: "cellar"}, recorded=frozenset({event.name}))
    assert decide(desired(), told) == []


def test_a_channel_that_was_named_by_hand_may_bring_another_pipelines_model() -> None:
    wanted = desired()
    shared = wanted.run.pipeline.model_copy(update={"channel": "shared"})
    wanted = replace(wanted, run=wanted.run.model_copy(update={"pipeline": shared}))
    found = seen(channel=channel(B), pipelines={B: "cellar"})
    assert short(decide(wanted, found)) == ["apply b serve-1"]


def test_an_event_says_which_pipeline_and_since_when() -> None:
    found = seen(evaluation=passed(), channel=channel(), memory=OURS, pipelines={A: "handbook"})
    event = decide(desired(), found)[0]
    assert isinstance(event, RecordEvent)
    assert event.message == (
        f"channel handbook serves model {A[:12]} of pipeline handbook, run {RUN} since "
        f"{NOW:%Y-%m-%d %H:%M} UTC"
    )


def test_a_rollback_tells_people_what_is_served_now_and_what_to_do() -> None:
    for model, now in ((B, f"model {B[:12]} is served again"), (None, "no model is served")):
        found = seen(
            channel=channel(model, rejected=(rejected(B), rejected(A))),
            endpoint=endpoint(A),
            memory=OURS,
        )
        event = decide(desired(), found)[0]
        assert isinstance(event, RecordEvent)
        assert event.message == (
            f"model {A[:12]} was rolled back: it answers otherwise; {now}; "
            "raise retries.serve to promote it again"
        )


def test_a_rollback_of_what_a_person_promoted_leads_to_the_command_that_promotes_it() -> None:
    found = seen(channel=channel(A, rejected=(rejected(B),)), endpoint=endpoint(B), memory=GOOD)
    event = decide(desired(), found)[0]
    assert isinstance(event, RecordEvent)
    assert event.message.endswith("; gabarito promote promotes it again")


def test_a_rollback_by_hand_leads_to_the_command_that_undoes_it() -> None:
    taken = rejected(A, under=BY_HAND)
    found = seen(channel=channel(B, rejected=(taken,)), endpoint=endpoint(A), memory=OURS)
    event = decide(desired(), found)[0]
    assert isinstance(event, RecordEvent)
    assert event.message.endswith("; gabarito promote promotes it again")


def test_why_an_endpoint_waits_is_recorded_once_by_each_process() -> None:
    parts: dict[str, Any] = {
        "channel": channel(),
        "endpoint": endpoint(rollout="rolling", problem=UNFIT),
        "memory": OURS,
    }
    (event,) = decide(desired(), seen(**parts))
    assert isinstance(event, RecordEvent)
    assert event.message == f"the endpoint waits: {UNFIT.text}"
    assert decide(desired(), seen(**parts, recorded=frozenset({event.name}))) == []


def test_a_template_that_is_refused_again_is_recorded_again() -> None:
    names = set()
    for number in (0, 1):
        broken = seen(channel=channel(), endpoint=endpoint(rollout="failed"), memory=BEFORE)
        memory = BEFORE.model_copy(update={"retries": number, "revision": f"serve-1/{number}"})
        event = decide(desired(retries={"serve": number}), replace(broken, memory=memory))[0]
        assert isinstance(event, RecordEvent)
        names.add(event.name)
    assert len(names) == 2


def test_an_endpoint_that_is_good_again_is_recorded_again() -> None:
    names = set()
    for since in (NOW, LONG_AGO):
        found = seen(
            channel=channel(),
            endpoint=endpoint(since=since),
            smoke_test=SmokeTestResult(FRESH, "passed"),
            memory=GOOD,
        )
        event = decide(desired(), found)[0]
        assert isinstance(event, RecordEvent)
        names.add(event.name)
    assert len(names) == 2


def test_two_releases_of_one_channel_do_not_take_turns_for_ever() -> None:
    """A model that works in neither is promoted by each, and rolled back by each, once."""
    shared: Channel | None = channel(B)
    memories = {name: Memory(promoted=B) for name in ("serve-1", "serve-2")}
    promotions = 0
    for name in ["serve-1", "serve-2"] * 10:
        wanted = desired(name)
        for _ in range(5):
            served = shared.model if shared else None
            rollout = "ready" if served == B else "failed"
            spoilt = endpoint(served or A, name, rollout=rollout, is_good=served == B)
            good = LastKnownGood(model=B, template=name, body={})
            memory = memories[name].model_copy(update={"last_known_good": good})
            found = observed(
                done=STAGES,
                evaluation=passed(),
                channel=shared,
                endpoint=spoilt,
                memory=memory,
            )
            for action in decide(wanted, found):
                if isinstance(action, SaveMemory):
                    memories[name] = action.memory
                elif isinstance(action, Promote):
                    promotions += 1
                    shared = channel(A)
                elif isinstance(action, RollBack):
                    entry = rejected(under=wanted.serve_revision)
                    shared = channel(B, rejected=(entry,))
    assert promotions == 2
    assert shared == channel(B, rejected=(rejected(under="serve-2/0"),))
