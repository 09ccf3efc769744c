"""One word, one meaning: no two classes and no two modules share a name."""

import ast
from collections import defaultdict
from pathlib import Path

import gabarito
from gabarito.cli import COMMANDS
from gabarito.pipeline.stages import STAGES

PACKAGE = Path(gabarito.__file__).parent
REPEATED = {"__init__.py", "config.py", "job.py"}
"""What every stage has."""


def shared(names: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in names.items() if len(places) > 1}


def test_no_two_classes_share_a_name() -> None:
    found = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    assert shared(found) == {}


def test_no_two_modules_share_a_name() -> None:
    found = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        if path.name not in REPEATED:
            found[path.name].append(str(path.relative_to(PACKAGE)))
    assert shared(found) == {}


def test_the_commands_of_stages_are_those_of_the_pipeline() -> None:
    listed = [name for name, (place, _) in COMMANDS.items() if place.startswith("run_one_stage:")]
    assert listed == list(STAGES)
