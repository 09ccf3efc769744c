import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.model_records import CONTRACT, PASSED

from gabarito.artifacts.artifact import Address, open_artifact
from gabarito.artifacts.attempt import new_attempt
from gabarito.artifacts.channel import ServedModel, promote, read_channel
from gabarito.core.errors import DataError, MissingError, SettingsError, UsageError
from gabarito.pipeline.plan import make_plan
from gabarito.pipeline.promote import promote_if_passed
from gabarito.pipeline.run_local import refuse_stale
from gabarito.pipeline.runs import Run, _run_id, freeze, latest_run, new_run, read_run
from gabarito.pipeline.schema import read_pipeline
from gabarito.pipeline.stages import STAGES
from gabarito.store.base import Store
from gabarito.store.open import open_store

SETTINGS: dict[str, Any] = {
    "name": "handbook",
    "ingest": {"sources": [{"type": "files", "path": "pages"}]},
    "generate": {"teacher": {"model": "some-model"}},
    "train": {"base": "org/model", "steps": 10},
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"file://{tmp_path}/store")


def planned(folder: Path, **changes: Any) -> Run:  # noqa: ANN401
    pages = folder / "pages"
    pages.mkdir(exist_ok=True)
    (pages / "a.md").write_text(changes.pop("page", "text"))
    settings = {
        key: {**value} if isinstance(value, dict) else value for key, value in SETTINGS.items()
    }
    for at, value in changes.items():
        section, name = at.split("__")
        settings.setdefault(section, {})[name] = value
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(settings))
    return new_run(read_pipeline(path))


def partial_file(folder: Path, *sections: str) -> Path:
    planned(folder)
    path = folder / "partial.yaml"
    path.write_text(yaml.safe_dump({name: SETTINGS[name] for name in ("name", *sections)}))
    return path


def changed(one: Run, other: Run) -> list[str]:
    return [stage for stage in STAGES if one.fingerprints[stage] != other.fingerprints[stage]]


def test_the_same_settings_are_the_same_run(tmp_path: Path) -> None:
    assert planned(tmp_path).run == planned(tmp_path).run


def test_a_setting_changes_its_stage_and_all_below(tmp_path: Path) -> None:
    before = planned(tmp_path)
    after = planned(tmp_path, train__learning_rate=1e-3)
    assert changed(before, after) == ["train", "merge", "evaluate"]


def test_a_page_changes_everything(tmp_path: Path) -> None:
    before = planned(tmp_path)
    assert changed(before, planned(tmp_path, page="another")) == list(STAGES)


def test_the_place_of_a_page_changes_no_artifact(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here, there = planned(tmp_path / "here"), planned(tmp_path / "there")
    assert changed(here, there) == []
    assert here.run != there.run


TEACHER = {"model": "some-model", "url": "http://127.0.0.1:1/v1"}


@pytest.mark.parametrize(
    "change",
    [
        {"generate__teacher": TEACHER},
        {"serve__threshold": 0.5},
        {"train__limits": {"micro_batch": 8}},
    ],
)
def test_what_changes_no_artifact_is_used_all_the_same(
    tmp_path: Path, store: Store, change: dict[str, Any]
) -> None:
    before = planned(tmp_path)
    freeze(store, before)
    after = planned(tmp_path, **change)
    freeze(store, after)
    assert changed(before, after) == []
    assert read_run(store, after.run).pipeline == after.pipeline != before.pipeline
    assert latest_run(store) == after


def test_a_run_that_is_started_again_is_the_latest(tmp_path: Path, store: Store) -> None:
    first, second = planned(tmp_path), planned(tmp_path, train__steps=20)
    for run in (first, second, first):
        freeze(store, run)
        time.sleep(0.02)
    assert latest_run(store) == first


def test_what_somebody_else_put_beside_the_runs_is_none(tmp_path: Path, store: Store) -> None:
    store.write("runs/notes.json", b"{}")
    assert latest_run(store) is None
    freeze(store, run := planned(tmp_path))
    time.sleep(0.02)
    store.write(f"runs/{run.run}.json.bak", b"{}")
    assert latest_run(store) == run


def test_files_that_are_not_wanted_change_nothing(tmp_path: Path) -> None:
    before = planned(tmp_path)
    (tmp_path / "pages" / "~$a.docx").write_text("Word's own")
    (tmp_path / "pages" / ".DS_Store").write_text("the desktop's own")
    assert changed(before, planned(tmp_path)) == []
    (tmp_path / "pages" / "b.md").write_text("one more")
    assert changed(before, planned(tmp_path)) == list(STAGES)


def test_one_folder_may_be_two_sources(tmp_path: Path) -> None:
    kinds = [{"type": "files", "path": "pages", "include": [f"*.{end}"]} for end in ("md", "txt")]
    before = planned(tmp_path, ingest__sources=kinds)
    (tmp_path / "pages" / "a.html").write_text("of neither")
    assert changed(before, planned(tmp_path, ingest__sources=kinds)) == []
    (tmp_path / "pages" / "a.txt").write_text("of the second")
    assert changed(before, planned(tmp_path, ingest__sources=kinds)) == list(STAGES)


def test_a_store_among_the_sources_is_none_of_them(tmp_path: Path) -> None:
    here = [{"type": "files", "path": "."}]
    (tmp_path / "pipeline.yaml").touch()
    before = planned(tmp_path, ingest__sources=here)
    freeze(open_store(f"file://{tmp_path}/store"), before)
    assert changed(before, planned(tmp_path, ingest__sources=here)) == []


def test_a_record_that_was_changed_is_refused(tmp_path: Path, store: Store) -> None:
    run = planned(tmp_path)
    freeze(store, run)
    path = tmp_path / "store" / "runs" / f"{run.run}.json"
    path.write_text(path.read_text().replace('"min_chars": 200', '"min_chars": 100'))
    with pytest.raises(DataError, match=f"not those of run {run.run}; plan the run anew"):
        read_run(store, run.run)
    path.write_text('{"cut')
    with pytest.raises(DataError, match="not a run of version"):
        read_run(store, run.run)
    freeze(store, run)
    assert read_run(store, run.run) == run


OLD_SECTIONS: dict[str, dict[str, Any]] = {
    "ingest": {"again": 0, "sources": [{"type": "files", "path": "/pages"}]},
    "generate": {"again": 0, "teacher": {"model": "some-model"}, "looks": 2},
    "curate": {"again": 0, "exam": {"free": None, "untaught": None}, "untaught": 240},
    "train": {"again": 0, "base": "org/model"},
    "merge": {"again": 0},
    "evaluate": {"again": 0},
    "serve": {},
}
"""What the first version wrote into the record of a run."""


def test_a_run_of_the_first_version_is_refused_with_the_new_names(store: Store) -> None:
    record = {
        "run": "0123456789ab",
        "pipeline": {"name": "handbook", "channel": "main", **OLD_SECTIONS},
        "fingerprints": dict.fromkeys(STAGES, "f" * 64),
        "digests": {},
        "created_at": "2026-11-22T10:00:00Z",
        "version": "0.1.0",
    }
    store.write("runs/0123456789ab.json", json.dumps(record).encode())
    with pytest.raises(DataError, match="not a run of version") as caught:
        latest_run(store)
    said = str(caught.value)
    assert "pipeline.ingest.again is called rerun now" in said
    assert "pipeline.generate.looks is called extraction_rounds now" in said
    assert "pipeline.curate.exam.untaught is called unanswerable now" in said
    assert said.endswith(
        "plan the run anew with gabarito run PIPELINE, which makes its artifacts anew"
    )


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("generate__looks", "generate.looks: unknown setting; it is called extraction_rounds now"),
        ("train__again", "train.again: unknown setting; it is called rerun now"),
        ("curate__contrasts", "curate.contrasts: unknown setting; it is called perturbations now"),
        ("curate__untaught", "curate.untaught: unknown setting; it is called unanswerable now"),
    ],
)
def test_a_setting_under_its_old_name_is_refused(tmp_path: Path, setting: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        planned(tmp_path, **{setting: 1})


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("ingest__sources", [], "ingest.sources: must not be empty, got []"),
        ("train__steps", "many", "train.steps: must be a whole number, got 'many'"),
        ("train__method", "dora", "train.method: must be 'lora', 'qlora' or 'full', got 'dora'"),
        ("generate__teacher", 3, "generate.teacher: must be a group of names and values, got 3"),
        ("curate__years", [1], "curate.years.1: missing"),
        ("ingest__min_chars", 0, "ingest.min_chars: must be at least 1, got 0"),
    ],
)
def test_a_mistake_is_told_without_the_insides_of_a_validator(
    tmp_path: Path, setting: str, value: object, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(tmp_path, **{setting: value})
    assert said in str(caught.value)


def test_a_list_is_not_called_empty_for_a_mistake_in_its_entry(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(tmp_path, ingest__sources=[{"path": "pages"}])
    assert "ingest.sources.0.type: missing" in str(caught.value)
    assert "must not be empty" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("curate__prompts", "none.jsonl", r"curate\.prompts: .*none\.jsonl: no such file"),
        (
            "ingest__sources",
            [{"type": "files", "path": "pages"}, {"type": "files", "path": "none"}],
            r"ingest\.sources\.1\.path: .*none: no such file or folder",
        ),
        ("train__base", "./none", r"train\.base: .*none: no such file or folder"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_its_setting(
    tmp_path: Path, setting: str, value: object, said: str
) -> None:
    with pytest.raises(MissingError, match=said):
        planned(tmp_path, **{setting: value})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://example.org/a", "an address is no path; give a page as a source of type urls"),
        ("gs://bucket/a", "scheme 'gs' is not read here; give a path or s3://bucket/prefix"),
    ],
)
def test_an_address_is_no_path(tmp_path: Path, address: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        planned(tmp_path, ingest__sources=[{"type": "files", "path": address}])
    with pytest.raises(SettingsError, match=r"train\.base: an address is no model"):
        planned(tmp_path, train__base=address)


def test_a_runs_id_is_no_path(store: Store) -> None:
    with pytest.raises(UsageError, match="is not a run's id"):
        read_run(store, "../artifacts")


def test_rerun_makes_a_stage_anew(tmp_path: Path) -> None:
    after = planned(tmp_path, curate__rerun=1)
    assert changed(planned(tmp_path), after) == ["curate", "train", "merge", "evaluate"]


def test_a_frozen_run_is_read_back_and_is_the_latest(tmp_path: Path, store: Store) -> None:
    run = planned(tmp_path)
    freeze(store, run)
    freeze(store, run)
    assert read_run(store, run.run) == run
    assert latest_run(store) == run


def test_a_run_that_was_never_planned_is_missing(store: Store) -> None:
    with pytest.raises(MissingError, match="no run 'abc'"):
        read_run(store, "abc")


def finish(store: Store, run: Run, stage: str) -> None:
    inputs = {name: open_artifact(store, run.address(name)) for name in STAGES[stage].reads}
    known = {name: artifact for name, artifact in inputs.items() if artifact}
    with new_attempt(store, run.address(stage), inputs=known, settings={}) as work:
        work.write_text("file", work.name)
        work.publish()


def test_a_plan_tells_what_is_there(tmp_path: Path, store: Store) -> None:
    run = planned(tmp_path)
    finish(store, run, "ingest")
    assert [step.state for step in make_plan(store, run)] == ["done"] + ["missing"] * 5


def test_what_was_made_from_another_version_is_refused(tmp_path: Path, store: Store) -> None:
    run = planned(tmp_path)
    finish(store, run, "ingest")
    finish(store, run, "generate")
    store.delete(run.address("ingest").manifest)
    finish(store, run, "ingest")
    steps = make_plan(store, run)
    assert steps[1].state == "stale"
    with pytest.raises(DataError, match=r"another ingest; raise generate\.rerun"):
        refuse_stale(steps)
    store.delete(run.address("ingest").manifest)
    assert make_plan(store, run)[1].note.startswith("was made from a lost ingest")


def test_every_mistake_of_a_pipeline_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(tmp_path, train__stepps=1, ingest__min_chars=-1)
    said = str(caught.value)
    assert "train.stepps: unknown setting; did you mean steps?" in said
    assert "ingest.min_chars" in said


def test_a_run_under_the_name_of_another_is_refused(tmp_path: Path, store: Store) -> None:
    run = planned(tmp_path)
    record = run.model_dump(mode="json") | {"run": "0" * 12}
    store.write(f"runs/{run.run}.json", json.dumps(record).encode())
    with pytest.raises(DataError, match=rf"runs/{run.run}\.json: .* plan the run anew"):
        read_run(store, run.run)


@pytest.mark.parametrize("changed", [{"train": "../../x"}, {"other": "f" * 64}, {"train": ""}])
def test_a_run_whose_fingerprints_lead_elsewhere_is_refused(
    tmp_path: Path, store: Store, changed: dict[str, str]
) -> None:
    record = planned(tmp_path).model_dump(mode="json")
    record["fingerprints"] |= changed
    name = _run_id(record["fingerprints"], record["pipeline"])
    store.write(f"runs/{name}.json", json.dumps(record | {"run": name}).encode())
    with pytest.raises(DataError, match=rf"runs/{name}\.json: not a run of version"):
        read_run(store, name)


@pytest.mark.parametrize(
    ("report", "gate"),
    [
        ("{}", PASSED.model_dump_json()),
        ('{"contract": {}}', PASSED.model_dump_json()),
        (f'{{"contract": {CONTRACT.model_dump_json()}}}', "{}"),
        (f'{{"contract": {CONTRACT.model_dump_json()}}}', "[1]"),
    ],
)
def test_a_report_of_another_shape_is_told_with_its_cure(
    tmp_path: Path, store: Store, report: str, gate: str
) -> None:
    run = planned(tmp_path)
    with new_attempt(store, run.address("evaluate"), inputs={}, settings={}) as work:
        work.write_text("report.json", report)
        work.write_text("gate.json", gate)
        work.publish()
    with pytest.raises(DataError, match=r"not what evaluate writes: .*raise evaluate\.rerun"):
        promote_if_passed(store, run)


def served(name: str) -> ServedModel:
    fingerprint = hashlib.sha256(name.encode()).hexdigest()
    return ServedModel(
        pipeline=name,
        run=name,
        merge=fingerprint,
        evaluate=fingerprint,
        contract=CONTRACT,
        verdict=PASSED,
    )


def test_a_channel_serves_what_was_promoted_last(store: Store) -> None:
    assert read_channel(store, "main") is None
    assert promote(store, "main", served("one"))
    assert not promote(store, "main", served("one"))
    assert promote(store, "main", served("two"))
    assert read_channel(store, "main") == served("two")
    assert read_channel(store, "other") is None


def test_a_model_record_with_one_changed_bit_is_refused(store: Store, tmp_path: Path) -> None:
    promote(store, "main", served("one"))
    path = tmp_path / "store" / "models" / f"{served('one').digest}.json"
    path.write_text(path.read_text().replace('"one"', '"two"', 1))
    with pytest.raises(DataError, match="content is not what its name says"):
        read_channel(store, "main")


def test_two_that_promote_the_same_model_at_once_both_succeed(store: Store) -> None:
    for number in range(20):
        with ThreadPoolExecutor(4) as pool:
            model = served(f"model-{number}")
            moved = list(pool.map(partial(promote, store, "main"), [model] * 4))
        assert sum(moved) == 1
        assert read_channel(store, "main") == model


def test_a_channels_name_is_no_path(store: Store) -> None:
    with pytest.raises(UsageError, match="a name has lower case, digits and hyphens"):
        read_channel(store, "../runs")


def test_a_served_model_names_its_artifacts() -> None:
    model = served("one")
    assert model.model == Address("merge", model.merge)
    assert model.report == Address("evaluate", model.evaluate)


@pytest.mark.parametrize(
    ("sections", "last", "stages"),
    [
        (["ingest"], "ingest", ["ingest"]),
        (["ingest", "train"], "ingest", ["ingest"]),
        (["ingest", "generate"], "generate", ["ingest", "generate", "curate"]),
    ],
)
def test_a_run_needs_no_settings_of_later_stages(
    tmp_path: Path, store: Store, sections: list[str], last: str, stages: list[str]
) -> None:
    run = new_run(read_pipeline(partial_file(tmp_path, *sections), last))
    whole = planned(tmp_path).fingerprints
    assert run.fingerprints == {stage: whole[stage] for stage in stages}
    assert [step.stage for step in make_plan(store, run)] == stages
    freeze(store, run)
    assert latest_run(store) == read_run(store, run.run) == run


@pytest.mark.parametrize(
    ("sections", "last", "said"),
    [
        (["ingest"], "evaluate", r"generate\.teacher: missing.*\n  train\.base: missing.*\n"
         r"  generate, train: no such section; .* --until ingest$"),
        (["ingest"], "curate", r"generate\.teacher: missing[^\n]*\n  generate: no such section"),
        (["ingest", "generate"], "train", r"train\.base: missing.* --until curate$"),
        ([], "ingest", r"ingest\.sources: missing; it has no default$"),
    ],
)  # fmt: skip
def test_a_section_that_is_needed_is_missed_with_the_cure(
    tmp_path: Path, sections: list[str], last: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=r"(?s)^partial\.yaml is not valid:\n.*" + said):
        read_pipeline(partial_file(tmp_path, *sections), last)


def test_a_section_without_a_word_in_it_is_missing(tmp_path: Path) -> None:
    path = partial_file(tmp_path, "ingest")
    path.write_text(f"{path.read_text()}train:\ncurate:\n")
    assert read_pipeline(path, "ingest").stages == ["ingest"]
    with pytest.raises(SettingsError, match=r"train\.base: missing"):
        read_pipeline(path)


def test_a_stage_that_cannot_run_has_no_address(tmp_path: Path) -> None:
    run = new_run(read_pipeline(partial_file(tmp_path, "ingest"), "ingest"))
    with pytest.raises(SettingsError, match=r"^curate: cannot run without generate\.teacher; add"):
        run.address("curate")
    with pytest.raises(SettingsError, match=r"generate\.teacher and train\.base"):
        run.address("evaluate")


def test_a_record_with_other_stages_than_can_run_is_refused(tmp_path: Path, store: Store) -> None:
    run = new_run(read_pipeline(partial_file(tmp_path, "ingest"), "ingest"))
    record = json.loads(run.model_dump_json())
    record["fingerprints"] = planned(tmp_path).fingerprints
    store.write(f"runs/{run.run}.json", json.dumps(record).encode())
    with pytest.raises(DataError, match="instead of ingest"):
        read_run(store, run.run)
