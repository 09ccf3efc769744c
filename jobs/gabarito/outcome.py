"""What a run came to: the model that it made, with the verdict of its gate."""

import json

from gabarito.core.artifact import open_artifact
from gabarito.core.channel import ServedModel
from gabarito.core.store import Store
from gabarito.plan import Run


def model_of(store: Store, run: Run) -> ServedModel | None:
    """Return the model that a run made, or None while its evaluation is not finished.

    Its ``verdict`` tells whether it passed its gate, and the reasons if it did not.
    """
    report = open_artifact(store, run.address("evaluate"))
    if report is None:
        return None
    return ServedModel(
        pipeline=run.pipeline.name,
        run=run.run,
        merge=run.fingerprints["merge"],
        evaluate=run.fingerprints["evaluate"],
        contract=json.loads(report.read("report.json"))["contract"],
        verdict=json.loads(report.read("gate.json")),
    )
