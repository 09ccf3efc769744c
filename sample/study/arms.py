"""The arms: which settings each changes, and the pipeline that comes of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field

from gabarito.core.errors import SettingsError, UsageError
from gabarito.core.settings import Settings, parse, read_yaml
from gabarito.pipeline.schema import PartialPipeline

ARMS = Path(__file__).with_name("arms.yaml")

Changes = Mapping[str, Any]
"""Settings by section, as a pipeline file has them."""


class Arm(Settings):
    """One arm: its name, what a table calls it, and what it changes.

    ``after`` names an arm before it: more wordings are asked for of what that one missed.
    ``examinations`` is how often a training is examined, whatever its length. ``on_base`` is what
    it changes besides, by the name of a base, where a figure is good for that base alone; on a
    base that is not named there the arm is not run.
    """

    name: str
    title: str
    change: dict[str, Any]
    after: str | None = None
    examinations: int | None = Field(default=None, ge=1)
    on_base: Mapping[str, dict[str, Any]] = Field(default={})

    def is_for(self, base: str) -> bool:
        """Tell whether it is known what it changes on a base of this name."""
        return not self.on_base or base in self.on_base

    def on(self, base: str) -> Self:
        """Return it with what it changes on this base."""
        change = merged(self.change, self.on_base.get(base, {}))
        return self.model_copy(update={"change": change, "on_base": {}})

    @property
    def changed(self) -> list[str]:
        """The settings it changes, each as ``train.replay: 0``."""
        given = [f"generate.more.facts: missed by {self.after}"] if self.after else []
        given += [f"{path}: {json.dumps(value)}" for path, value in _leaves(self.change)]
        if self.examinations:
            given.append(f"train.choice.every: steps / {self.examinations}")
        return given


class Arms(Settings):
    """All arms, and what is changed in every one."""

    common: dict[str, Any]
    arms: tuple[Arm, ...]

    def chosen(self, names: Sequence[str], base: str) -> list[Arm]:
        """Return the arms of these names, in the order of the table; all for the base without any.

        Raises:
            UsageError: names those that do not exist, that another one comes after, or whose
                figures are of other bases.
        """
        known = [arm.name for arm in self.arms]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UsageError(
                f"--arms: no arm {', '.join(map(repr, unknown))}; choose of {', '.join(known)}"
            )
        chosen = [arm for arm in self.arms if (arm.name in names if names else arm.is_for(base))]
        for arm in chosen:
            if not arm.is_for(base):
                raise UsageError(
                    f"--arms: {arm.name} is for the base {', '.join(arm.on_base)}; give what it "
                    f"takes on {base!r} below on_base in {ARMS.name}"
                )
            if names and arm.after and arm.after not in names:
                raise UsageError(f"--arms: {arm.name} comes after {arm.after}; name both")
        return [arm.on(base) for arm in chosen]


@dataclass(frozen=True)
class Sample:
    """A sample's pipeline file; with another base, and with fewer steps, if these are given.

    An arm that counts epochs keeps them. Rate, rank and weight of the file are for its own base:
    another has those of the recipe for its size.
    """

    path: Path
    base: str | None = None
    steps: int | None = None

    @property
    def base_name(self) -> str:
        """What its base is called."""
        return Path(self.base or self._settings["train"]["base"]).name

    def pipeline(
        self, common: Changes, arm: Arm, seed: int, missed: Path | None = None
    ) -> PartialPipeline:
        """Return the settings of one arm with one seed.

        ``missed`` is the file of what the arm that it comes after missed.

        Raises:
            SettingsError: names every mistake.
        """
        data = self._settings
        given: dict[str, Any] = {"schedule": {"seed": seed}}
        if self.base and self.base != data["train"]["base"]:
            given |= {"base": self.base, **dict.fromkeys(("learning_rate", "rank", "alpha"))}
        given |= {"steps": self.steps, "epochs": None} if self.steps else {}
        more = {"generate": {"more": {"facts": str(missed)}}} if missed else {}
        for change in (common, {"train": given}, more, arm.on(self.base_name).change):
            data = merged(data, change)
        if arm.examinations:
            data = merged(data, _examined(arm.examinations, data["train"].get("steps"), arm.name))
        return parse(PartialPipeline, data, f"arm {arm.name}", folder=self.path.parent)

    @property
    def _settings(self) -> dict[str, Any]:
        data = read_yaml(self.path)
        if not isinstance(data, dict):
            raise SettingsError(f"{self.path}: no settings in it; give a folder with a sample")
        return data


def _examined(times: int, steps: int | None, name: str) -> Changes:
    """Return how often a training of so many steps is examined.

    Raises:
        SettingsError: if it counts epochs.
    """
    if steps is None:
        raise SettingsError(f"arm {name}: it is examined by its steps; give --steps")
    return {"train": {"choice": {"every": max(1, steps // times)}}}


def read_arms() -> Arms:
    """Return the arms of the study."""
    return parse(Arms, read_yaml(ARMS), ARMS.name)


def merged(settings: Changes, change: Changes) -> dict[str, Any]:
    """Return settings with a change, section by section; None takes a setting out."""
    found = dict(settings)
    for name, value in change.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            found[name] = merged(found.get(name) or {}, value)
        else:
            found[name] = value
    return found


def _leaves(change: Changes, above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in change.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value
