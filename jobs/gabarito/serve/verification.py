"""What becomes of an answer once the model's facts are searched for its proof. Pure."""

from dataclasses import dataclass

from gabarito.core.proof_records import Proof
from gabarito.proof import FactTable
from gabarito.serve.config import ServeConfig


@dataclass(frozen=True)
class Verification:
    """What the facts say of an answer.

    ``suffix`` follows its text; ``is_refused``: the refusal is given instead. ``verified`` is None
    where nothing can be told: of a refusal, of what continues a prompt, and of a model without a
    table of its facts.
    """

    verified: bool | None = None
    proof: Proof | None = None
    suffix: str = ""
    is_refused: bool = False


UNKNOWN = Verification()


@dataclass(frozen=True)
class Verifier:
    """Looks for the proof of answers in a model's own facts."""

    table: FactTable
    config: ServeConfig

    def verify(self, question: str, answer: str) -> Verification:
        """Return what the facts say of an answer to a question."""
        proof = self.table.find(question, answer)
        if proof is not None:
            suffix = self.config.proof_suffix.format_map(proof.model_dump())
            return Verification(True, proof, suffix)
        unverified = self.config.unverified
        mark = self.config.unverified_mark if unverified == "mark" else ""
        return Verification(False, suffix=mark, is_refused=unverified == "refuse")
