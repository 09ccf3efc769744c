"""What is done about channel and endpoint. Pure, as ``reconcile``, of which it is a part.

One thing changes at a time: a model is promoted only while the endpoint before it is known to
work, and a new template is tried with the model that is served. So it is clear which of the
two does not work, and that one goes back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gabarito.controller.actions import (
    Action,
    AnnotateEndpoint,
    ApplyEndpoint,
    DeleteEndpoint,
    Promote,
    RecordEvent,
    RollBack,
    SaveMemory,
    StartSmokeTest,
    about_endpoint,
    about_owner,
    once,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.state import (
    Desired,
    EndpointState,
    LastKnownGood,
    Memory,
    Observed,
    endpoint_key,
)
from gabarito.core.channel import Rejected

SHOWN = 12
"""Digits of a digest that people are shown."""

ASKING = timedelta(seconds=120)
"""How long a ready endpoint may take to answer the questions."""


def decide_endpoint(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Yield what to do about channel and endpoint."""
    claim = _claim(desired, observed)
    if claim != observed.memory:
        yield SaveMemory(claim)
        return
    model, endpoint = served_model(desired, observed), observed.endpoint
    if endpoint is not None and endpoint.is_deleting:
        return
    yield from _waiting(observed, endpoint)
    if model is None:
        yield from _remove(desired, observed, endpoint)
        yield from _told_without_endpoint(desired, observed)
    elif endpoint is None or endpoint.key != endpoint_key(model, _template(desired, observed)):
        yield from _apply(desired, observed, model)
        return
    elif endpoint.verified != endpoint.key:
        failure = failure_of(desired, observed, endpoint)
        if failure is None or _is_ours_to_cure(observed, endpoint):
            yield from _prove(desired, observed, endpoint, failure)
            return
        yield from _told_failed(desired, observed, endpoint, failure)
    else:
        yield from _remember_good(desired, observed, endpoint)
    yield from _promote(desired, observed)


def served_model(desired: Desired, observed: Observed) -> str | None:
    """Return the digest of the model that the endpoint should serve."""
    if observed.channel is None or not desired.config.serve.replicas:
        return None
    return observed.channel.model


def failure_of(desired: Desired, observed: Observed, endpoint: EndpointState) -> str | None:
    """Say why an endpoint will not work, if that is known by now."""
    check = (
        observed.smoke_test
        if observed.smoke_test and observed.smoke_test.key == endpoint.key
        else None
    )
    if endpoint.rollout == "idle" or (check and check.outcome == "passed"):
        return None
    if check and check.outcome == "failed":
        return check.said
    why = f": {endpoint.problem.text}" if endpoint.problem else ""
    if endpoint.rollout == "failed":
        return f"the endpoint did not become ready{why}"
    limit = timedelta(seconds=desired.config.serve.ready_timeout_s)
    waited = _since(observed, endpoint.since)
    if endpoint.rollout == "rolling" and waited > limit:
        return f"the endpoint was not ready within {limit.total_seconds():.0f} s{why}"
    if check is None or max(waited, _since(observed, check.since)) <= limit + ASKING:
        return None
    is_ready = endpoint.rollout == "ready"
    state = "is ready, but could not be asked" if is_ready else "does not stay ready"
    return f"the endpoint {state}: {check.said}"


def rejection(observed: Observed, model: str) -> Rejected | None:
    """Return the channel's word on a model that it took back."""
    rejected = observed.channel.rejected if observed.channel else ()
    return next((entry for entry in rejected if entry.model == model), None)


def _claim(desired: Desired, observed: Observed) -> Memory:
    """A model of ours in the channel was promoted by us, whoever was killed meanwhile."""
    found, channel = observed.evaluation, observed.channel
    if found is None or channel is None or not found.passed or channel.model != found.model:
        return observed.memory
    claim = {"promoted": found.model, "retries": desired.serve_retries}
    return observed.memory.model_copy(update={**claim, "under": desired.serve_revision})


def _since(observed: Observed, began: datetime | None) -> timedelta:
    return observed.now - began if began else timedelta(0)


def _waiting(observed: Observed, endpoint: EndpointState | None) -> Iterator[Action]:
    """Tell why an endpoint is not ready yet, or not any more."""
    if endpoint is None or endpoint.rollout != "rolling" or endpoint.problem is None:
        return
    key = f"{endpoint.key}/{endpoint.problem.reason}"
    message = f"the endpoint waits: {endpoint.problem.text}"
    event = RecordEvent(about_endpoint(endpoint), "EndpointWaiting", message, key, is_warning=True)
    yield from once(observed.recorded, event)


def _template(desired: Desired, observed: Observed) -> str:
    """The digest of the template to serve with: the wanted one, unless it did not work."""
    good, refused = observed.memory.good, observed.memory.refused
    wanted = desired.templates.serve.digest
    return good.template if good and refused == desired.serve_revision else wanted


def _told_failed(
    desired: Desired, observed: Observed, endpoint: EndpointState, failure: str
) -> Iterator[Action]:
    look = f"kubectl describe deployment -n {desired.config.namespace} {endpoint.name}"
    message = f"{failure}; nothing is changed, {look} says more"
    subject, key = about_endpoint(endpoint), endpoint.key
    event = RecordEvent(subject, "EndpointFailed", message, key, is_warning=True)
    yield from once(observed.recorded, event)


def _remove(
    desired: Desired, observed: Observed, endpoint: EndpointState | None
) -> Iterator[Action]:
    """Serve nothing, unless that is so only because this channel never named a model."""
    is_wanted = observed.channel is None and desired.config.serve.replicas
    if endpoint is not None and not is_wanted:
        yield from _took_back(desired, observed, endpoint.model)
        yield DeleteEndpoint(endpoint.name, endpoint.uid)


def _apply(desired: Desired, observed: Observed, model: str) -> Iterator[Action]:
    endpoint, memory = observed.endpoint, observed.memory
    if endpoint is not None:
        yield from _took_back(desired, observed, endpoint.model)
    if model == memory.promoted and (endpoint is None or endpoint.model != model):
        yield _promoted(desired, observed, model)
    yield ApplyEndpoint(model, _template(desired, observed))


def _told_without_endpoint(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Where no endpoint is wanted, the channel's move is all there is to tell."""
    channel, promoted = observed.channel, observed.memory.promoted
    if channel is None or channel.model != promoted:
        return
    event = _promoted(desired, observed, promoted)
    yield from once(observed.recorded, event)


def _promoted(desired: Desired, observed: Observed, model: str) -> RecordEvent:
    since = observed.channel.since if observed.channel else None
    name, run = desired.run.pipeline.channel, desired.run.run
    owner = about_owner(desired.config.owner, observed.owner)
    message = f"channel {name} serves model {model[:SHOWN]} of run {run}"
    return RecordEvent(owner, "Promoted", message, f"{model}{since}")


def _took_back(desired: Desired, observed: Observed, model: str) -> Iterator[Action]:
    entry = rejection(observed, model)
    if entry is None:
        return
    now = observed.channel.model if observed.channel else None
    instead = f"model {now[:SHOWN]} is served again" if now else "nothing is served"
    again = "raise retries.serve to promote it again"
    message = f"model {model[:SHOWN]} was taken back: {entry.reason}; {instead}; {again}"
    owner = about_owner(desired.config.owner, observed.owner)
    yield RecordEvent(owner, "RolledBack", message, f"{model}{entry.at}", is_warning=True)


def _is_ours_to_cure(observed: Observed, endpoint: EndpointState) -> bool:
    """What worked before and does not now is not cured by another model or template."""
    good = observed.memory.good
    if good is not None and endpoint_key(good.model, good.template) == endpoint.key:
        return False
    return _is_template_to_blame(observed, endpoint) or endpoint.model == observed.memory.promoted


def _is_template_to_blame(observed: Observed, endpoint: EndpointState) -> bool:
    good = observed.memory.good
    return good is not None and good.model == endpoint.model and good.template != endpoint.template


def _prove(
    desired: Desired, observed: Observed, endpoint: EndpointState, failure: str | None
) -> Iterator[Action]:
    """Bring an endpoint that was applied to where it is trusted, or taken back."""
    check = observed.smoke_test
    if failure is not None and _is_template_to_blame(observed, endpoint):
        message = (
            f"{failure}; the template before serves again, and no model is promoted until "
            "stages.serve is corrected or retries.serve raised"
        )
        subject = about_endpoint(endpoint)
        key = desired.serve_revision
        yield RecordEvent(subject, "RolledBack", message, key, is_warning=True)
        yield SaveMemory(observed.memory.model_copy(update={"refused": desired.serve_revision}))
    elif failure is not None:
        yield RollBack(endpoint.model, failure)
    elif endpoint.rollout != "ready":
        return
    elif check is None or check.key != endpoint.key:
        yield StartSmokeTest(endpoint.model, endpoint.key)
    elif check.outcome == "passed":
        yield from _remember_good(desired, observed, endpoint)
        message = f"model {endpoint.model[:SHOWN]} answers: {check.said}"
        key = f"{endpoint.key}{endpoint.since}"
        yield RecordEvent(about_endpoint(endpoint), "Serving", message, key)
        yield AnnotateEndpoint(endpoint.name, {meta.VERIFIED: endpoint.key})


def _remember_good(
    desired: Desired, observed: Observed, endpoint: EndpointState
) -> Iterator[Action]:
    memory, wanted = observed.memory, desired.templates.serve
    if memory.good and endpoint_key(memory.good.model, memory.good.template) == endpoint.key:
        return
    body = wanted.body
    if memory.good and memory.good.template == endpoint.template:
        body = memory.good.body
    good = LastKnownGood(model=endpoint.model, template=endpoint.template, body=body)
    yield SaveMemory(memory.model_copy(update={"good": good}))


def _promote(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Promote what passed its gate: once, and again only under other serve_revision."""
    found = observed.evaluation
    if found is None or not found.passed:
        return
    if observed.memory.refused == desired.serve_revision:
        return
    memory, entry = observed.memory, rejection(observed, found.model)
    if entry is None:
        is_tried = (memory.promoted, memory.retries) == (found.model, desired.serve_retries)
    else:  # by us or by another release of this channel: each tries it once
        ours = memory.under if memory.promoted == found.model else ""
        is_tried = desired.serve_revision in (entry.under, ours)
    if not is_tried:
        yield Promote(found.model)
