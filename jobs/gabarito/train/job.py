"""Train an adapter on a dataset and keep the one that answers best.

train.jsonl, validation.jsonl, replay.jsonl, facts.jsonl, prompt.json, base model
    ->  adapter/, curves.jsonl, choice.json, missed.jsonl, recipe.json, prompt.json, base.json,
        probes.json, targets.jsonl, ledger.jsonl
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gabarito.answer_match import AnswerKey
from gabarito.artifacts.attempt import Attempt
from gabarito.artifacts.fingerprint import digest_of_path
from gabarito.core.errors import DataError, SettingsError
from gabarito.core.model_records import PromptContract, PromptSettings, TrainedBase
from gabarito.core.records import Example, Fact, MissedFact, to_jsonl
from gabarito.core.settings import is_path
from gabarito.models import (
    CONTRACT_FILE,
    Base,
    default_device,
    hub_commit,
    load_base,
    open_base,
    positions_of,
    shared_prefix,
    use_cpu_quota,
)
from gabarito.store.disk import disk_errors
from gabarito.train.batch import layout_of
from gabarito.train.checkpoint import Checkpoint, Checkpoints, StepMetrics
from gabarito.train.config import TrainConfig
from gabarito.train.encode import Row, contract_for, encoded, longest_row, probes_of, prompts
from gabarito.train.gpu_load import GpuLoad
from gabarito.train.loop import TrainPlan, fit
from gabarito.train.lora import attach, save, trained_parameters
from gabarito.train.loss import check_head
from gabarito.train.processes import Processes
from gabarito.train.recipe import recipe_of
from gabarito.train.replay import replayed
from gabarito.train.sampler import sampler_of
from gabarito.train.schedule import count_replay, count_steps
from gabarito.train.self_distillation import TargetWriter, self_distilled
from gabarito.train.validation import Validation, chosen, sample

MOST_EXAMINED = 4096
"""Validation wordings that are asked at the end, drawn over all facts, to tell what is missed."""


def run(config: TrainConfig, work: Attempt) -> None:
    """Run the stage: all of its reading and writing happens here."""
    use_cpu_quota()
    processes = Processes(default_device())
    _refuse_idle(processes, config)
    work.progress.report("loading the base", 0, 1)
    with _base_opened(config, work, processes) as folder:
        origin = _origin(config, folder, work)
        base = load_base(folder, is_quantised=config.method == "qlora")
        work.progress.report("loading the base", 1, 1)
        check_head(base.model)
        written_by = f"{origin.sha256}-{origin.method}-{base.model.dtype}-{base.model.device.type}"
        contract, rows = _read(base, config, work, written_by)
        work.write_text("probes.json", json.dumps(probes_of(rows)) + "\n")
        asked = _replay_prompts(base, contract, config, rows, work)
        rows += replayed(asked, base, work, written_by)
        counts = Counter[str](row.kind for row in rows)
        steps = count_steps(config, counts)
        work.counts |= {f"rows.{kind}": n for kind, n in counts.items()}
        recipe = recipe_of(config, base.model.num_parameters())
        work.write_text("recipe.json", json.dumps(asdict(recipe)) + "\n")
        model = attach(base.model, config)
        held_out = list(work.inputs["curate"].records("validation.jsonl", Example))
        validation = Validation(
            model,
            base.tokenizer,
            contract,
            sample(held_out, config.choice.questions, config.schedule.seed),
            config.limits.answer_batch,
            AnswerKey(work.inputs["curate"].records("facts.jsonl", Fact)),
        )
        told = "steps, at most" if config.choice.patience else "steps"
        report = partial(_report, work, GpuLoad(base.model.device).figures, told, steps)
        layout = layout_of(
            base.model,
            shared_prefix(contract, base.tokenizer),
            max(len(row.ids) for row in rows),
            base.pad,
        )
        order = sampler_of(rows, config)
        plan = TrainPlan(order, steps, recipe.learning_rate, layout, validation, report)
        most = MOST_EXAMINED if config.choice.questions else 0
        done = fit(model, config, plan, Checkpoints(work.cache, work.address.fingerprint))
        with disk_errors(str(work.folder)):
            save(model, work.folder / "adapter")
        _write_missed(validation, sample(held_out, most, config.schedule.seed), work)
        _report(
            work, dict, "steps", done.step, done.curve[-1]
        )  # what the Job's annotation says last
        work.write_text("base.json", origin.model_dump_json(indent=1) + "\n")
        work.counts["parameters"] = sum(p.numel() for p in trained_parameters(model).values())
    processes.leave()
    _write(done, steps, contract, work)


def _refuse_idle(processes: Processes, config: TrainConfig) -> None:
    if processes.count > config.batch_size:
        raise SettingsError(
            f"train.batch_size: {config.batch_size} rows are too few for {processes.count} "
            "processes; raise it, or start fewer"
        )


@contextmanager
def _base_opened(config: TrainConfig, work: Attempt, processes: Processes) -> Iterator[Path]:
    """Give the base's folder; what is fetched once for all is fetched by the first process."""
    with processes.loss_told(), ExitStack() as opened:
        with processes.first_one_first():
            folder = opened.enter_context(open_base(config.base, work.store))
        yield folder


def _origin(config: TrainConfig, folder: Path, work: Attempt) -> TrainedBase:
    return TrainedBase(
        reference=config.base,
        sha256=digest_of_path(str(folder)),
        method=config.method,
        commit=None if is_path(config.base) else hub_commit(config.base, work.store),
    )


def _read(
    base: Base, config: TrainConfig, work: Attempt, written_by: str
) -> tuple[PromptContract, list[Row]]:
    """Return the contract, and the rows to learn: at least one."""
    dataset = work.inputs["curate"]
    prompt = dataset.record(CONTRACT_FILE, PromptSettings)
    contract = contract_for(base.tokenizer, prompt, [])
    examples: Iterable[Example] = dataset.records("train.jsonl", Example)
    longest = longest_row(config, positions_of(base.model))
    if config.self_distillation.plain_share is not None:
        facts = {fact.id: fact for fact in dataset.records("facts.jsonl", Fact)}
        seed = config.schedule.seed
        writer = TargetWriter(base, contract, config.self_distillation, facts, longest, seed)
        of_dataset = list(examples)
        examples = Processes(base.model.device).of_first(
            lambda: self_distilled(of_dataset, writer, work, written_by)
        )
    rows = list(work.ledger.keep(encoded(examples, contract, base.tokenizer, longest)))
    if not rows:
        raise DataError(
            f"{dataset.address.prefix}/train.jsonl: no row to train on; "
            f"{work.ledger.counts.total()} are longer than {longest} tokens: raise train.max_tokens"
        )
    return contract_for(base.tokenizer, prompt, rows), rows


def _replay_prompts(
    base: Base, contract: PromptContract, config: TrainConfig, rows: list[Row], work: Attempt
) -> list[list[int]]:
    """Return the prompts to replay, no more than are drawn beside ``rows``."""
    examples = work.inputs["curate"].records("replay.jsonl", Example)
    longest = longest_row(config, positions_of(base.model))
    asked = list(work.ledger.keep(prompts(examples, contract, base.tokenizer, longest)))
    counts = Counter[str](row.kind for row in rows)
    steps = count_steps(config, counts | Counter(replay=len(asked)))
    return asked[: count_replay(config, steps)]


def _report(
    work: Attempt, load: Callable[[], dict[str, float]], what: str, steps: int, point: StepMetrics
) -> None:
    figures = {"loss": round(point.loss, 4), "tokens_per_s": point.tokens_per_s, **load()}
    if point.exact_match is not None:
        figures["exact_match"] = round(point.exact_match, 4)
    work.progress.report(what, point.step, steps, **figures)


def _write_missed(validation: Validation, asked: Sequence[Example], work: Attempt) -> None:
    """Write which facts the kept adapter does not know by their validation wordings."""
    report = partial(work.progress.report, "validation answers", total=len(asked))
    missed = sorted({example.fact for example in validation.missed(asked, report)})
    work.write("missed.jsonl", to_jsonl(MissedFact(fact=fact) for fact in missed))
    work.counts["facts_missed"] = len(missed)


def _write(done: Checkpoint, steps: int, contract: PromptContract, work: Attempt) -> None:
    choice = chosen(done.candidates, done.step, steps)
    work.counts |= {"steps": done.step, "chosen_step": choice.step}
    if choice.exact_match is not None:
        work.counts["exact_match"] = choice.exact_match
    work.write("curves.jsonl", to_jsonl(done.curve))
    work.write_text("choice.json", choice.model_dump_json(indent=1) + "\n")
    work.write_text(CONTRACT_FILE, contract.model_dump_json(indent=1) + "\n")
