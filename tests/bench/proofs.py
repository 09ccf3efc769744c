"""The proofs of the answers of models that were evaluated, looked for anew; no model is asked.

    PYTHONPATH=jobs .venv/bin/python tests/bench/proofs.py STORE [--evaluation DIGITS]... [--list]

A line for each evaluation in the store: the right answers whose proof is the right fact, the wrong
ones that no fact bears out, right answers to free wordings with a proof, and general tasks without
one; below them all together. `--list` prints every answer of the first two kinds that fails.
"""

from collections.abc import Iterator, Sequence

import click

from gabarito.answer_match import is_match
from gabarito.artifacts.artifact import Address, Artifact, open_artifact
from gabarito.core.model_records import PromptSettings
from gabarito.core.proof_records import FactEntry
from gabarito.core.records import Document, Example, Fact, Verdict
from gabarito.evaluate.config import EvaluateConfig
from gabarito.evaluate.fact_entries import fact_entries
from gabarito.evaluate.grading import Graded, Part, Prediction
from gabarito.evaluate.inputs import read_exam
from gabarito.evaluate.proving import OF_FACTS, Parts, Proofs, proof_scores, prove
from gabarito.evaluate.statistics import Proportion
from gabarito.models import CONTRACT_FILE
from gabarito.store.base import Store
from gabarito.store.open import open_store

SHARES = ("right", "wrong", "free", "elsewhere")
MANIFEST = "/manifest.json"


def finished(store: Store, stage: str) -> Iterator[Artifact]:
    """Yield the finished artifacts of a stage."""
    prefix = f"artifacts/{stage}/"
    for key in sorted(entry.key for entry in store.list(prefix)):
        if key.endswith(MANIFEST) and key.count("/") == 3:
            fingerprint = key.removeprefix(prefix).removesuffix(MANIFEST)
            if artifact := open_artifact(store, Address(stage, fingerprint)):
                yield artifact


def entries_of(documents: Artifact, dataset: Artifact) -> list[FactEntry]:
    """Return the facts of a dataset as evaluation writes them."""
    return list(
        fact_entries(
            dataset.records("facts.jsonl", Fact),
            documents.records("documents.jsonl", Document),
            dataset.records("train.jsonl", Example),
        )
    )


def marked(evaluation: Artifact, dataset: Artifact) -> Parts:
    """Return the model's answers, marked as they were."""
    verdicts = evaluation.records("verdicts.jsonl", Verdict)
    said = {one.question: one for one in verdicts if one.system == "model"}
    drawn = evaluation.manifest.settings["retention_sample"]
    exam = read_exam(dataset, EvaluateConfig(retention_sample=drawn))
    refusal = dataset.record(CONTRACT_FILE, PromptSettings).refusal
    parts: dict[Part, list[Graded]] = {part: [] for part in exam}
    for part, items in exam.items():
        for item in items:
            if verdict := said.get(item.id):
                reply = Prediction(verdict.answer, verdict.probability)
                refused = is_match(reply.text, refusal)
                parts[part].append(Graded(item, reply, verdict.correct, refused))
    return parts


def failures(proofs: Proofs, entries: Sequence[FactEntry], model: Parts) -> Iterator[str]:
    """Yield the right answers without their fact, and the wrong ones that have one."""
    statements = {entry.fact.id: entry.fact.statement for entry in entries}
    asked: tuple[Part, ...] = (*OF_FACTS, "free", "unanswerable", "controls")
    for part in asked:
        for mark in (mark for mark in model[part] if not mark.refused):
            found = proofs.found.get(mark.answer)
            missed = mark.correct and part in OF_FACTS and found != mark.item.fact
            if missed or (found and not mark.correct):
                which = "right" if mark.correct else "wrong"
                proof = statements[found] if found else "no proof"
                yield f"  {part}, {which}: {mark.item.text} -> {mark.reply.text} | {proof}"


@click.command()
@click.argument("store")
@click.option("--evaluation", multiple=True, help="Begins with these digits; all, if none.")
@click.option("--list", "lists", is_flag=True, help="Print the answers that fail.")
def main(store: str, evaluation: Sequence[str], lists: bool) -> None:
    """Print the shares of each evaluation."""
    opened = open_store(store)
    datasets = {one.digest: one for one in finished(opened, "curate")}
    generated = {one.digest: one for one in finished(opened, "generate")}
    documents = {one.digest: one for one in finished(opened, "ingest")}
    rows: list[dict[str, Proportion | None]] = []
    for one in finished(opened, "evaluate"):
        name, inputs = one.address.fingerprint, one.manifest.inputs
        dataset, facts = datasets.get(inputs["curate"]), generated.get(inputs["generate"])
        pages = documents.get(facts.manifest.inputs["ingest"]) if facts else None
        if dataset and pages and name.startswith(tuple(evaluation) or ""):
            entries, model = entries_of(pages, dataset), marked(one, dataset)
            proofs = prove(entries, model)
            scores = proof_scores(proofs, model)
            rows.append({share: getattr(scores, share) for share in SHARES})
            click.echo(f"{name[:8]} floor {scores.floor:.4f}  {said(rows[-1:])}")
            if lists:
                click.echo("\n".join(failures(proofs, entries, model)))
    click.echo(f"{len(rows)} together            {said(rows)}")


def said(rows: Sequence[dict[str, Proportion | None]]) -> str:
    """Say the shares of some evaluations together."""
    parts = []
    for share in SHARES:
        found = [one for row in rows if (one := row[share])]
        hits, count = sum(one.hits for one in found), sum(one.count for one in found)
        parts.append(f"{share} {hits / count:.1%} of {count:,}" if count else f"{share} -")
    return "  ".join(parts)


if __name__ == "__main__":
    main()
