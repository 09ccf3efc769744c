"""The study: its arms, and what its page and picture say of given results."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from gabarito.core.errors import SettingsError, UsageError
from gabarito.core.settings import local_path
from gabarito.pipeline.schema import PartialPipeline
from sample.study.__main__ import Given, base_of, command_of, main
from sample.study.arms import Arm, Sample, merged, read_arms
from sample.study.chart import FIELD, LEFT, chart
from sample.study.page import Study, alike, page, table
from sample.study.results import ArmResult, SeedResult

ARMS = read_arms()
SAMPLES = {
    "demo": Sample(local_path("gabarito:demo/pipeline.yaml")),
    "handbook": Sample(Path(__file__).parents[3] / "sample/handbook/pipeline.yaml"),
}
RUN = [
    (name, arm.name)
    for name, sample in SAMPLES.items()
    for arm in ARMS.chosen([], sample.base_name)
]
"""The arms of each sample."""

DEMO = SAMPLES["demo"]


def settings(name: str, sample: Sample = DEMO, seed: int = 0) -> PartialPipeline:
    (arm,) = (arm for arm in ARMS.arms if arm.name == name)
    return sample.pipeline(ARMS.common, arm, seed)


def outcomes(facts: int, right: int) -> list[tuple[str, bool]]:
    """A wording of each fact, of which the first are right."""
    return [(f"fact {n}", n < right) for n in range(facts)]


def result(title: str = "full recipe", **change: object) -> ArmResult:
    """Two seeds: 40 facts of which 30 and 20 are known."""
    seeds = [
        SeedResult(
            test=outcomes(40, right),
            free=outcomes(10, 3),
            unanswerable=outcomes(20, 19),
            false_refusals=outcomes(40, 2),
            prompts=outcomes(50, 49),
            tasks=outcomes(24, 6),
            controls=outcomes(4, 1),
            train_minutes=minutes,
            day=date(2026, 11, 30),
        )
        for right, minutes in ((30, 2.0), (20, 4.0))
    ]
    return ArmResult(Arm(name="full", title=title, change=dict(change)), seeds)


@pytest.mark.parametrize(("sample", "arm"), RUN)
def test_every_arm_is_a_valid_pipeline(sample: str, arm: str) -> None:
    pipeline = settings(arm, SAMPLES[sample], seed=2)
    assert pipeline.lacks("evaluate") == []
    assert pipeline.channel == "study"  # the sample's own goes on serving its model
    assert pipeline.section("train").model_dump()["schedule"]["seed"] == 2


def test_every_arm_is_another_pipeline() -> None:
    assert len({settings(arm.name).model_dump_json() for arm in ARMS.arms}) == len(ARMS.arms)
    assert len({arm.title for arm in ARMS.arms}) == len(ARMS.arms)


def test_all_arms_ask_the_same_held_out_wordings() -> None:
    generate = [settings(arm.name).model_dump()["generate"]["families"] for arm in ARMS.arms]
    assert all(one["test"] == generate[0]["test"] for one in generate)


def test_the_first_study_trains_one_wording_in_attention_alone() -> None:
    pipeline = settings("first-study").model_dump()
    train = pipeline["train"]
    assert [family["name"] for family in pipeline["generate"]["families"]["train"]] == ["quiz"]
    assert (train["targets"], train["rank"], train["epochs"]) == ("attention", 16, 5)
    assert (train["learning_rate"], train["steps"], train["replay"]) == (2e-4, None, 0)
    assert (train["mix"]["refusals"], train["mix"]["statements"]) == (0, 0)
    assert pipeline["curate"]["conversations"] == 0


def test_base_and_steps_are_those_that_are_asked_for() -> None:
    sample = Sample(DEMO.path, base="/somewhere/base", steps=2)
    train = settings("full", sample).section("train").model_dump()
    assert (train["base"], train["steps"]) == ("/somewhere/base", 2)
    assert settings("first-study", sample).section("train").model_dump()["epochs"] == 5


def test_steps_replace_the_epochs_of_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(DEMO.path.read_text(encoding="utf-8").replace("steps: 1000", "epochs: 3"))
    train = settings("full", Sample(path, steps=2)).section("train").model_dump()
    assert (train["steps"], train["epochs"]) == (2, None)


def test_a_section_is_merged_and_null_takes_a_setting_out() -> None:
    given = {"name": "a", "train": {"steps": 9, "mix": {"refusals": 1}}}
    change = {"train": {"steps": None, "mix": {"statements": 2}}, "curate": {"answers": "both"}}
    assert merged(given, change) == {
        "name": "a",
        "train": {"mix": {"refusals": 1, "statements": 2}},
        "curate": {"answers": "both"},
    }
    assert given["train"] == {"steps": 9, "mix": {"refusals": 1}}


def test_arms_are_chosen_by_name_in_the_order_of_the_table() -> None:
    chosen = ARMS.chosen(["full", "first-study"], "nano")
    assert [arm.name for arm in chosen] == ["first-study", "full"]
    assert ARMS.chosen([], "nano") == [arm.on("nano") for arm in ARMS.arms]
    with pytest.raises(UsageError, match="no arm 'lora'; choose of first-study,"):
        ARMS.chosen(["full", "lora"], "nano")


def test_figures_of_one_base_are_not_given_to_another() -> None:
    (there,) = ARMS.chosen(["no-adapter"], "nano")
    assert "train.learning_rate: 0.003" in there.changed
    assert "no-adapter" not in [arm.name for arm in ARMS.chosen([], "smollm2")]
    with pytest.raises(UsageError, match="no-adapter is for the base nano; give what it takes on"):
        ARMS.chosen(["no-adapter"], "smollm2")
    other = Sample(DEMO.path, base="/somewhere/smollm2")
    train = settings("full", other).section("train").model_dump()
    assert (train["learning_rate"], train["rank"], train["alpha"]) == (None, None, None)
    assert settings("first-study", other).section("train").model_dump()["rank"] == 16
    named = settings("full", Sample(DEMO.path, base="gabarito:demo/nano")).section("train")
    assert named.model_dump()["learning_rate"] == 2.5e-3


@pytest.mark.parametrize("steps", [8, 80, 250, 500, 1000, None])
@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_an_arm_that_may_end_early_is_examined_often_enough(
    sample: Sample, steps: int | None
) -> None:
    train = settings("patience", replace(sample, steps=steps)).train
    assert train
    assert train.steps
    assert train.choice.patience
    before_the_end = (train.steps - 1) // train.choice.every
    assert before_the_end >= train.choice.patience + 2


def test_an_arm_that_goes_by_steps_is_refused_where_epochs_count(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(DEMO.path.read_text(encoding="utf-8").replace("steps: 1000", "epochs: 3"))
    with pytest.raises(SettingsError, match="arm patience: it is examined by its steps; give --st"):
        settings("patience", Sample(path))


def test_a_second_round_asks_for_what_the_arm_before_it_missed(tmp_path: Path) -> None:
    missed = tmp_path / "missed.jsonl"
    missed.write_text('{"fact": "f1"}\n')
    (first, second) = ARMS.chosen(["four-wordings", "second-round"], "nano")
    assert second.after == first.name
    assert second.changed[0] == "generate.more.facts: missed by four-wordings"
    generate = DEMO.pipeline(ARMS.common, second, 0, missed).model_dump()["generate"]
    assert generate["more"]["facts"] == str(missed)
    plain = settings(first.name).model_dump()["generate"]
    assert generate["families"] == plain["families"]
    named = [
        family["name"]
        for part in (generate["more"]["families"], plain["families"]["train"])
        for family in part
    ]
    assert len(set(named)) == len(named) == 8
    with pytest.raises(UsageError, match="second-round comes after four-wordings; name both"):
        ARMS.chosen(["second-round"], "nano")


def test_a_wrong_setting_is_said_of_its_arm() -> None:
    arm = Arm(name="typo", title="", change={"train": {"learing_rate": 1}})
    with pytest.raises(SettingsError, match=r"arm typo is not valid:\n  train.learing_rate"):
        DEMO.pipeline({}, arm, 0)


def test_an_arm_says_what_it_changes() -> None:
    arm = Arm(name="a", title="", change={"train": {"mix": {"refusals": 0}, "steps": None}})
    assert arm.changed == ["train.mix.refusals: 0", "train.steps: null"]


def test_seeds_are_pooled_and_a_fact_counts_once() -> None:
    same = ArmResult(result().arm, [SeedResult(test=outcomes(40, 30))] * 3)
    once, thrice = same.seeds[0], same.pooled(lambda seed: seed.test)
    assert thrice
    alone = ArmResult(same.arm, [once]).pooled(lambda seed: seed.test)
    assert alone
    assert (thrice.share, thrice.count) == (0.75, 120)
    assert thrice.interval == pytest.approx(alone.interval, abs=0.01)  # no more facts, no narrower


def test_the_table_has_shares_over_all_seeds() -> None:
    *_, row = table([result()])
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    # 40 facts, 20 known with both seeds, 10 with one: by hand a design effect of 1.525
    assert cells[1] == "62.5% (49.0–74.3%)"
    assert cells[2] == "50.0–75.0%"
    assert cells[3].startswith("30.0% (")
    assert cells[4:] == ["25.0%", "95.0%", "5.0%", "98.0%", "25.0%", "3.0"]


def test_what_was_not_asked_has_a_dash() -> None:
    *_, row = table([ArmResult(result().arm, [SeedResult(test=outcomes(40, 30))])])
    assert row.endswith("| – | – | – | – | – | – | 0.0 |")


def test_tasks_are_left_out_where_the_base_solves_few() -> None:
    seed = SeedResult(test=outcomes(40, 30), tasks=outcomes(19, 19))
    *_, row = table([ArmResult(result().arm, [seed])])
    assert row.endswith("| – | 0.0 |")


def test_the_page_says_what_was_run() -> None:
    study = Study("champions", "nano", "python -m sample.study", 2, [result(train={"replay": 0})])
    text = page(study, "study.svg")
    assert "`champions` on the base `nano`" in text
    assert "2 seeds, run by `python -m sample.study` on 2026-11-30." in text
    assert "![Right answers by arm](study.svg)" in text
    assert "NF4" not in text
    begun = ArmResult(Arm(name="first-study", title="first", change={}), result().seeds)
    told = page(Study("champions", "nano", "python", 2, [begun]), "study.svg")
    assert "was held in four bits (NF4), its validation rows were drawn at random" in told
    assert "| full recipe | `train.replay: 0` |" in text


def test_the_page_says_which_arms_made_no_difference_and_why_if_it_is_known() -> None:
    full = result()
    idle = [replace(seed, idle="the base wrote none right", train_minutes=9) for seed in full.seeds]
    other = [replace(seed, test=outcomes(40, 1)) for seed in full.seeds]
    arms = [
        full,
        ArmResult(Arm(name="b", title="self-distilled", change={}), idle),
        ArmResult(Arm(name="c", title="unknown", change={}), full.seeds),
        ArmResult(Arm(name="d", title="another", change={}), other),
    ]
    assert [told for told in alike(arms) if told.startswith("- ")] == [
        "- *self-distilled* came to the same as *full recipe*: the base wrote none right.",
        "- *unknown* came to the same as *full recipe*; why is not known.",
    ]
    assert list(alike([full, arms[3]])) == []


def test_the_picture_has_an_interval_and_a_mark_for_each_seed() -> None:
    drawn = ElementTree.fromstring(chart([result("wordings < 8 & more")]))
    blue = [one for one in drawn if one.get("stroke") == "#1f5fa8"]
    bar, *ticks = blue
    assert [float(tick.get("x1", "")) for tick in ticks] == [LEFT + 0.75 * FIELD, LEFT + FIELD / 2]
    assert float(bar.get("x1", "")) < LEFT + 0.625 * FIELD < float(bar.get("x2", ""))
    assert "wordings < 8 & more" in [one.text for one in drawn]


def test_the_picture_leaves_out_what_was_not_asked() -> None:
    drawn = chart([ArmResult(result().arm, [SeedResult(test=outcomes(40, 30))])])
    assert drawn.count('stroke="#c2571a"') == 0


def given(**options: Any) -> Given:  # noqa: ANN401
    every: dict[str, Any] = {
        "names": "",
        "seeds": 3,
        "steps": None,
        "base": None,
        "sample": "gabarito:demo",
        "store_url": "/home/me/store",
        "to": None,
    }
    return cast("Given", every | options)


def test_the_page_names_the_command_without_places_of_one_machine() -> None:
    assert command_of(given()) == "python -m sample.study"
    there = given(names="full", seeds=1, steps=2, base="/home/me/smollm2", sample="sample/handbook")
    assert command_of(there) == (
        "python -m sample.study --arms full --seeds 1 --steps 2 --base smollm2 "
        "--sample sample/handbook"
    )


def test_a_base_is_nano_a_folder_from_here_or_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    assert base_of("base") == str(tmp_path / "base")
    assert base_of("nano") == "gabarito:demo/nano"
    assert base_of("org/name") == "org/name"
    assert base_of(None) is None


def test_a_mistake_is_said_in_a_line_with_its_exit_code() -> None:
    done = CliRunner().invoke(main, ["--arms", "lora"])
    assert (done.exit_code, "study: --arms: no arm 'lora'; choose of" in done.output) == (64, True)


def test_the_name_of_every_arm_stands_beside_the_field() -> None:
    widest = max(len(arm.title) for arm in read_arms().arms)
    assert widest * 7.2 < LEFT - 16
