"""The actions on the channel and on the endpoint: the second part of ``decide``, pure as well.

One thing changes at a time: a model is promoted only while the endpoint is known to work, and a
new template is rolled out with the model that is served. So it is clear which of the two does not
work, and that one is rolled back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gabarito.artifacts.channel import Rejected
from gabarito.controller.actions import (
    Action,
    AnnotateEndpoint,
    ApplyEndpoint,
    DeleteEndpoint,
    KeepChannel,
    Promote,
    RollBack,
    SaveMemory,
    StartSmokeTest,
    about_endpoint,
    about_owner,
    once,
)
from gabarito.controller.kube import metadata as meta
from gabarito.controller.kube.events import RecordEvent
from gabarito.controller.kube.parse import EndpointState, endpoint_key
from gabarito.controller.state import Desired, Evaluation, LastKnownGood, Memory, Observed
from gabarito.core.text import minute_text

SMOKE_TEST_TIMEOUT = timedelta(seconds=120)
"""How long a ready endpoint may take to answer the questions of the smoke test."""


def decide_endpoint(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Yield the actions on the channel and on the endpoint."""
    yield from _keep_channel(observed)
    memory = _memory_of_promotion(desired, observed)
    if memory != observed.memory:
        yield SaveMemory(memory)
        return
    model, endpoint = served_model(desired, observed), observed.endpoint
    if endpoint is not None and endpoint.is_deleting:
        return
    if endpoint is not None and endpoint.rollout == "rolling" and endpoint.problem is not None:
        message, reason = f"the endpoint waits: {endpoint.problem.text}", endpoint.problem.reason
        yield from _warn_once(observed, endpoint, "EndpointWaiting", message, reason)
    if model is None:
        yield from _serve_none(desired, observed)
    elif endpoint is None or endpoint.key != endpoint_key(model, _template(desired, observed)):
        yield from _apply(desired, observed, model)
        return
    elif endpoint.verified != endpoint.key:
        failure = failure_of(desired, observed, endpoint)
        if failure is None or _is_new(observed, endpoint):
            yield from _verify(desired, observed, endpoint, failure)
            return
        describe = f"kubectl describe deployment -n {desired.config.namespace} {endpoint.name}"
        message = f"{failure}; nothing is changed: see {describe}"
        yield from _warn_once(observed, endpoint, "EndpointFailed", message)
    else:
        yield from _save_last_known_good(desired, observed, endpoint)
    yield from _promote(desired, observed)


def is_concluded(desired: Desired, observed: Observed) -> bool:
    """Tell whether nothing is left to do for the run's model: promoted, or not to be."""
    found, memory = observed.evaluation, observed.memory
    if found is None or memory.gate != found.told:
        return False
    return not found.passed or _is_tried(desired, observed, found)


def served_model(desired: Desired, observed: Observed) -> str | None:
    """Return the digest of the model that the endpoint should serve."""
    if observed.channel is None or not desired.config.serve.replicas:
        return None
    return None if foreign_model(desired, observed) else observed.channel.model


def foreign_model(desired: Desired, observed: Observed) -> str | None:
    """Return the model of another pipeline that channel or endpoint name and is not to be served.

    Only a channel of another name than the pipeline's may bring one: it was named by hand. What
    this release promoted under another name of its pipeline goes on serving until a model passes.
    """
    channel, endpoint = observed.channel, observed.endpoint
    if channel is not None:
        named = channel.model
    else:
        named = endpoint.model if endpoint else None
        named = None if named == observed.memory.promoted else named
    return named if named and _is_foreign(desired, observed, named) else None


def foreign_text(desired: Desired, observed: Observed, model: str) -> str:
    """Say that a model of another pipeline is not served, and what serves which one."""
    pipeline, run = desired.run.pipeline.name, desired.run.run
    return (
        f"{observed.model_name(model)} is not served: this release is of pipeline {pipeline}; "
        f"gabarito promote {run} --channel {pipeline} serves its own once that passed its gate, "
        "pipeline.channel of another name than the pipeline's whatever that channel names"
    )


def failure_of(desired: Desired, observed: Observed, endpoint: EndpointState) -> str | None:
    """Return why an endpoint does not work, once that is certain."""
    test = observed.smoke_test
    if test is not None and test.key != endpoint.key:
        test = None
    if endpoint.rollout == "idle" or (test and test.outcome == "passed"):
        return None
    if test and test.outcome == "failed":
        return test.message
    why = f": {endpoint.problem.text}" if endpoint.problem else ""
    if endpoint.rollout == "failed":
        return f"the endpoint did not become ready{why}"
    limit = timedelta(seconds=desired.config.serve.ready_timeout_s)
    waited = _since(observed, endpoint.since)
    if endpoint.rollout == "rolling" and waited > limit:
        return f"the endpoint was not ready within {limit.total_seconds():.0f} s{why}"
    # Also an endpoint that is ready now and then, but never long enough to answer, has an end.
    if test is None or max(waited, _since(observed, test.since)) <= limit + SMOKE_TEST_TIMEOUT:
        return None
    is_ready = endpoint.rollout == "ready"
    state = "is ready, but the smoke test cannot ask it" if is_ready else "does not stay ready"
    return f"the endpoint {state}: {test.message}"


def rejection(observed: Observed, model: str, merge: str = "") -> Rejected | None:
    """Return the channel's record of a model that was rolled back."""
    return observed.channel.rejection(model, merge) if observed.channel else None


def _is_foreign(desired: Desired, observed: Observed, model: str) -> bool:
    pipeline = desired.run.pipeline
    of = observed.pipelines.get(model) or pipeline.name
    return pipeline.channel == pipeline.name != of


def _refuse(desired: Desired, observed: Observed, model: str) -> Iterator[Action]:
    """Say why a model of another pipeline is not served; an endpoint that serves one is deleted."""
    owner = about_owner(desired.config.owner, observed.owner_uid)
    message, endpoint = foreign_text(desired, observed, model), observed.endpoint
    event = RecordEvent(owner, "ModelRefused", message, model, is_warning=True)
    yield from once(observed.recorded, event)
    if endpoint is None:
        return
    if not desired.config.serve.replicas or _is_foreign(desired, observed, endpoint.model):
        yield DeleteEndpoint(endpoint.name, endpoint.uid)


def _memory_of_promotion(desired: Desired, observed: Observed) -> Memory:
    """Return the memory, with the promotion of this run's model if the channel names it.

    The process may have been killed after it had promoted and before it could save that.
    """
    found, channel = observed.evaluation, observed.channel
    if found is None or channel is None or not found.passed or channel.model != found.model:
        return observed.memory
    promotion = {"promoted": found.model, "retries": desired.serve_retries}
    return observed.memory.model_copy(update={**promotion, "revision": desired.serve_revision})


def _since(observed: Observed, began: datetime | None) -> timedelta:
    return observed.now - began if began else timedelta(0)


def _warn_once(
    observed: Observed, endpoint: EndpointState, reason: str, message: str, detail: str = ""
) -> Iterator[Action]:
    """Record a warning about this model in this template, once for each ``detail``."""
    key = f"{endpoint.key}/{detail}" if detail else endpoint.key
    event = RecordEvent(about_endpoint(endpoint), reason, message, key, is_warning=True)
    yield from once(observed.recorded, event)


def _template(desired: Desired, observed: Observed) -> str:
    """Return the digest of the template to serve with: the desired one, unless it has failed."""
    good, failed = observed.memory.last_known_good, observed.memory.failed_revision
    desired_template = desired.templates.serve.digest
    return good.template if good and failed == desired.serve_revision else desired_template


def _serve_none(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Delete the endpoint, except where its channel is new and no model was promoted to it yet."""
    endpoint, channel, promoted = observed.endpoint, observed.channel, observed.memory.promoted
    if foreign := foreign_model(desired, observed):
        yield from _refuse(desired, observed, foreign)
        return
    is_left = channel is None or (observed.is_inherited and not _is_unwanted(desired, observed))
    if endpoint is not None and not (is_left and desired.config.serve.replicas):
        yield from _record_rollback(desired, observed, endpoint.model)
        yield DeleteEndpoint(endpoint.name, endpoint.uid)
    if channel is not None and channel.model == promoted:  # with replicas: 0 only the channel tells
        yield from once(observed.recorded, _promotion(desired, observed, promoted))


def _keep_channel(observed: Observed) -> Iterator[Action]:
    if observed.is_inherited and observed.channel is not None and observed.channel.model:
        yield KeepChannel()


def _is_unwanted(desired: Desired, observed: Observed) -> bool:
    """Tell whether the endpoint's model was taken back, or is of another pipeline."""
    model = observed.endpoint.model if observed.endpoint else ""
    return rejection(observed, model) is not None or _is_foreign(desired, observed, model)


def _apply(desired: Desired, observed: Observed, model: str) -> Iterator[Action]:
    endpoint, memory = observed.endpoint, observed.memory
    if endpoint is not None:
        yield from _record_rollback(desired, observed, endpoint.model)
    if model == memory.promoted and (endpoint is None or endpoint.model != model):
        yield _promotion(desired, observed, model)
    yield ApplyEndpoint(model, _template(desired, observed))


def _promotion(desired: Desired, observed: Observed, model: str) -> RecordEvent:
    since = observed.channel.since if observed.channel else None
    name, run = desired.run.pipeline.channel, desired.run.run
    owner = about_owner(desired.config.owner, observed.owner_uid)
    when = f" since {minute_text(since)}" if since else ""
    message = f"channel {name} serves {observed.model_name(model)}, run {run}{when}"
    return RecordEvent(owner, "Promoted", message, f"{model}{since}")


def _record_rollback(desired: Desired, observed: Observed, model: str) -> Iterator[Action]:
    entry = rejection(observed, model)
    if entry is None:
        return
    now = observed.channel.model if observed.channel else None
    instead = f"{observed.model_name(now)} is served again" if now else "no model is served"
    retry = (
        "gabarito promote promotes it again"
        if entry.is_by_hand or model != observed.memory.promoted
        else "raise retries.serve to promote it again"
    )
    message = f"{observed.model_name(model)} was rolled back: {entry.reason}; {instead}; {retry}"
    owner = about_owner(desired.config.owner, observed.owner_uid)
    yield RecordEvent(owner, "RolledBack", message, f"{model}{entry.at}", is_warning=True)


def _is_new(observed: Observed, endpoint: EndpointState) -> bool:
    """Tell whether this release has changed what fails: only then a rollback helps.

    What has passed before as it is fails for another reason: a node, a quota, the network. A model
    that somebody else promoted is only to blame where another one is known to have worked.
    """
    memory, channel = observed.memory, observed.channel
    good = memory.last_known_good
    if good is not None and endpoint_key(good.model, good.template) == endpoint.key:
        return False
    if _is_new_template(observed, endpoint) or endpoint.model == memory.promoted:
        return True
    return good is not None and channel is not None and channel.previous is not None


def _is_new_template(observed: Observed, endpoint: EndpointState) -> bool:
    good = observed.memory.last_known_good
    return good is not None and good.model == endpoint.model and good.template != endpoint.template


def _verify(
    desired: Desired, observed: Observed, endpoint: EndpointState, failure: str | None
) -> Iterator[Action]:
    """Test an endpoint that was applied, and roll back what does not work."""
    test, revision = observed.smoke_test, desired.serve_revision
    if failure is not None and _is_new_template(observed, endpoint):
        message = (
            f"{failure}; the template before serves again, and no model is promoted until "
            "stages.serve is corrected or retries.serve raised"
        )
        subject = about_endpoint(endpoint)
        yield RecordEvent(subject, "RolledBack", message, revision, is_warning=True)
        yield SaveMemory(observed.memory.model_copy(update={"failed_revision": revision}))
    elif failure is not None:
        yield RollBack(endpoint.model, failure)
    elif endpoint.rollout != "ready":
        return
    elif test is None or test.key != endpoint.key:
        yield StartSmokeTest(endpoint.model, endpoint.key)
    elif test.outcome == "passed":
        yield from _save_last_known_good(desired, observed, endpoint)
        message = f"{observed.model_name(endpoint.model)} passed its smoke test: {test.message}"
        key = f"{endpoint.key}{endpoint.since}"
        yield RecordEvent(about_endpoint(endpoint), "Serving", message, key)
        yield AnnotateEndpoint(endpoint.name, {meta.VERIFIED: endpoint.key})


def _save_last_known_good(
    desired: Desired, observed: Observed, endpoint: EndpointState
) -> Iterator[Action]:
    memory, body = observed.memory, desired.templates.serve.body
    good = memory.last_known_good
    if good is not None and endpoint_key(good.model, good.template) == endpoint.key:
        return
    if good is not None and good.template == endpoint.template:
        body = good.body
    good = LastKnownGood(model=endpoint.model, template=endpoint.template, body=body)
    yield SaveMemory(memory.model_copy(update={"last_known_good": good}))


def _promote(desired: Desired, observed: Observed) -> Iterator[Action]:
    """Promote the model that passed its gate, once in each serve revision."""
    found, failed = observed.evaluation, observed.memory.failed_revision
    if found is None or not found.passed or failed == desired.serve_revision:
        return
    if not _is_tried(desired, observed, found):
        yield Promote(found.model)


def _is_tried(desired: Desired, observed: Observed, found: Evaluation) -> bool:
    """Tell whether a model was promoted already in this serve revision, or was taken back."""
    memory, entry = observed.memory, rejection(observed, found.model, found.merge)
    if entry is None:
        return (memory.promoted, memory.retries) == (found.model, desired.serve_retries)
    # Two releases may share a channel: each tries the model once, or they would promote it
    # and roll it back in turns without end.
    promoted_in = memory.revision if memory.promoted == found.model else ""
    return entry.is_by_hand or desired.serve_revision in (entry.under, promoted_in)
