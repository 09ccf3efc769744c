"""All stages that make artifacts, by name, in the order of the pipeline."""

from gabarito.core.stage import Stage
from gabarito.curate.config import STAGE as CURATE
from gabarito.evaluate.config import STAGE as EVALUATE
from gabarito.generate.config import STAGE as GENERATE
from gabarito.ingest.config import STAGE as INGEST
from gabarito.merge.config import STAGE as MERGE
from gabarito.train.config import STAGE as TRAIN

STAGES: dict[str, Stage] = {
    stage.name: stage for stage in (INGEST, GENERATE, CURATE, TRAIN, MERGE, EVALUATE)
}
