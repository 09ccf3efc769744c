"""Names, labels, annotations and owners of the objects that the controller creates."""

import hashlib

from gabarito.controller.kube.api import CONFIG_MAPS, Object

PREFIX = "gabarito.dev"

# labels of Jobs and pods
STAGE = f"{PREFIX}/stage"
RUN = f"{PREFIX}/run"
ATTEMPT = f"{PREFIX}/attempt"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
"""Set by Kubernetes on the pods of a Job: the uid of that Job."""

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""Set by Kubernetes on the pods of an Indexed Job: which shard it is."""

# annotations of Jobs
FINGERPRINT = f"{PREFIX}/fingerprint"
TEMPLATE = f"{PREFIX}/template"
RETRIES = f"{PREFIX}/retries"
"""The value of ``retries.<stage>`` when the Job was created."""
RETRY = f"{PREFIX}/retry"
"""Set to ``true`` by people: start this failed stage again."""
UNSUSPENDED = f"{PREFIX}/unsuspended"
BEGUN = f"{PREFIX}/begun"
"""Set once a pod of the Job was seen that had started: pods may be deleted without a trace."""
WAITING_SINCE = f"{PREFIX}/without-pod-since"
"""Set while the last pod has ended and the next one is not there."""
STATE = f"{PREFIX}/state"
MESSAGE = f"{PREFIX}/message"
PROGRESS = f"{PREFIX}/progress"
RESULT = f"{PREFIX}/result"
GATE = f"{PREFIX}/gate"

# annotations of the endpoint's Deployment
MODEL = f"{PREFIX}/model"
APPLIED = f"{PREFIX}/applied"
VERIFIED = f"{PREFIX}/verified"

# annotations of the Lease
MEMORY = f"{PREFIX}/memory"
MEMORY_OF_STAGES = f"{PREFIX}/memory-of-stages"
"""Of its own: an older controller, which ``helm rollback`` brings back, leaves it as it is, and
discards a memory in which there is more than it knows.
"""
SUMMARY = f"{PREFIX}/summary"

# Kueue
QUEUE = "kueue.x-k8s.io/queue-name"
QUEUE_GATE = "kueue.x-k8s.io/admission-gated-by"
"""Kueue does not admit a Job that has this annotation, whatever free quota there is."""
QUEUE_GATE_OWNER = f"{PREFIX}/controller"

FIELD_MANAGER = "gabarito-controller"
STAGE_CONTAINER = "stage"
SERVE_CONTAINER = "serve"
MODEL_CONTAINER = "model"
"""Of the endpoint: writes the model's files for an engine in a container of its own."""

MAX_FULLNAME = 32
"""A Job's name ends up in the label ``job-name`` and in its pods' names, which have at most 63
characters; this leaves room for a run, a stage, an attempt and a shard's index.
"""

_DIGEST_CHARS = 7


def job_name(fullname: str, run: str, stage: str, attempt: int = 1) -> str:
    """Return the name of a stage's Job; a long ``fullname`` is cut and gets a digest."""
    if len(fullname) > MAX_FULLNAME:
        digest = hashlib.sha256(fullname.encode()).hexdigest()[:_DIGEST_CHARS]
        fullname = f"{fullname[: MAX_FULLNAME - _DIGEST_CHARS - 1].rstrip('-.')}-{digest}"
    suffix = f"-a{attempt}" if attempt > 1 else ""
    return f"{fullname}-{run}-{stage}{suffix}"


def lease_name(fullname: str) -> str:
    """Return the name of the Lease that controllers of a release compete for."""
    return f"{fullname}-controller"


def owned(body: Object, name: str, uid: str) -> Object:
    """Return an object with the owner ConfigMap in its ``ownerReferences``.

    Kubernetes deletes the object after the ConfigMap, which ``helm uninstall`` deletes.
    """
    owner = {
        "apiVersion": CONFIG_MAPS.api,
        "kind": CONFIG_MAPS.kind,
        "name": name,
        "uid": uid,
        # true would need the right to update the owner's finalizers where the admission plugin
        # OwnerReferencesPermissionEnforcement is on, as it is on OpenShift
        "blockOwnerDeletion": False,
        "controller": False,
    }
    return {**body, "metadata": {**body["metadata"], "ownerReferences": [owner]}}
