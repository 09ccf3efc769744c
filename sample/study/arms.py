"""The arms: which settings each changes, and the pipeline that comes of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gabarito.core.errors import SettingsError, UsageError
from gabarito.core.settings import Settings, parse, read_yaml
from gabarito.pipeline.schema import PartialPipeline

ARMS = Path(__file__).with_name("arms.yaml")

Changes = Mapping[str, Any]
"""Settings by section, as a pipeline file has them."""


class Arm(Settings):
    """One arm: its name, what a table calls it, and what it changes.

    ``after`` names an arm before it: more wordings are asked for of what that one missed.
    """

    name: str
    title: str
    change: dict[str, Any]
    after: str | None = None

    @property
    def changed(self) -> list[str]:
        """The settings it changes, each as ``train.replay: 0``."""
        given = [f"generate.more.facts: missed by {self.after}"] if self.after else []
        return given + [f"{path}: {json.dumps(value)}" for path, value in _leaves(self.change)]


class Arms(Settings):
    """All arms, and what is changed in every one."""

    common: dict[str, Any]
    arms: tuple[Arm, ...]

    def chosen(self, names: Sequence[str]) -> list[Arm]:
        """Return the arms of these names, in the order of the table; all without any.

        Raises:
            UsageError: names those that do not exist, or that another one comes after.
        """
        known = [arm.name for arm in self.arms]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UsageError(
                f"--arms: no arm {', '.join(map(repr, unknown))}; choose of {', '.join(known)}"
            )
        chosen = [arm for arm in self.arms if not names or arm.name in names]
        for arm in chosen:
            if names and arm.after and arm.after not in names:
                raise UsageError(f"--arms: {arm.name} comes after {arm.after}; name both")
        return chosen


@dataclass(frozen=True)
class Sample:
    """A sample's pipeline file; with another base, and with fewer steps, if these are given.

    An arm that counts epochs keeps them.
    """

    path: Path
    base: str | None = None
    steps: int | None = None

    def pipeline(
        self, common: Changes, arm: Arm, seed: int, missed: Path | None = None
    ) -> PartialPipeline:
        """Return the settings of one arm with one seed.

        ``missed`` is the file of what the arm that it comes after missed.

        Raises:
            SettingsError: names every mistake.
        """
        data = read_yaml(self.path)
        if not isinstance(data, dict):
            raise SettingsError(f"{self.path}: no settings in it; give a folder with a sample")
        given: dict[str, Any] = {"schedule": {"seed": seed}}
        given |= {"base": self.base} if self.base else {}
        given |= {"steps": self.steps, "epochs": None} if self.steps else {}
        more = {"generate": {"more": {"facts": str(missed)}}} if missed else {}
        for change in (common, {"train": given}, more, arm.change):
            data = merged(data, change)
        return parse(PartialPipeline, data, f"arm {arm.name}", folder=self.path.parent)


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
