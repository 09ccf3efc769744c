"""Labels, annotations and names of what the controller makes in a cluster."""

import hashlib

PREFIX = "gabarito.dev"

# labels of Jobs and pods
STAGE = f"{PREFIX}/stage"
RUN = f"{PREFIX}/run"
ATTEMPT = f"{PREFIX}/attempt"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"

# annotations of Jobs
FINGERPRINT = f"{PREFIX}/fingerprint"
TEMPLATE = f"{PREFIX}/template"
RETRIES = f"{PREFIX}/retries"
"""The number of ``retries.<stage>`` under which the Job was made."""
RETRY = f"{PREFIX}/retry"
"""Set to ``true`` by people: start this failed stage again."""
UNSUSPENDED = f"{PREFIX}/unsuspended"
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
SUMMARY = f"{PREFIX}/summary"

# Kueue
QUEUE = "kueue.x-k8s.io/queue-name"
QUEUE_GATE = "kueue.x-k8s.io/admission-gated-by"
GATE_KEEPER = f"{PREFIX}/controller"

FIELD_MANAGER = "gabarito-controller"
STAGE_CONTAINER = "stage"
SERVE_CONTAINER = "serve"

MAX_FULLNAME = 32
"""Leaves room within 63 characters for a run, a stage, an attempt and a shard's index."""

_DIGEST_CHARS = 7


def job_name(fullname: str, run: str, stage: str, attempt: int = 1) -> str:
    """Return the name of a stage's Job; a long ``fullname`` is cut and gets a digest."""
    if len(fullname) > MAX_FULLNAME:
        digest = hashlib.sha256(fullname.encode()).hexdigest()[:_DIGEST_CHARS]
        fullname = f"{fullname[: MAX_FULLNAME - _DIGEST_CHARS - 1].rstrip('-.')}-{digest}"
    again = f"-a{attempt}" if attempt > 1 else ""
    return f"{fullname}-{run}-{stage}{again}"


def lease_name(fullname: str) -> str:
    """Return the name of the Lease whose holder acts."""
    return f"{fullname}-controller"
