"""How often the type that the rules decide on is the one that a person gave: `python -m benchmarks.types DATA/docs`.

The labels stand in types.yaml, by name alone; files that have no parser are left out and counted. `--errors` names
each file that a person would type differently, with the rule that decided.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from indexing.parsing import Parsed, Parsers, ParseTask
from indexing.signs import Signs
from indexing.types import Typed, decide
from rag.settings import Settings

LABELS = Path(__file__).with_name("types.yaml")


@dataclass(frozen=True, slots=True)
class Checked:
    """A labelled file and what the rules say of it."""

    path: str
    label: str
    typed: Typed


def labels(group: str) -> dict[str, str]:
    """Return the label of each file of a group, by path."""
    content = yaml.safe_load(LABELS.read_text(encoding="utf-8"))[group]
    return {path: label for label, paths in content.items() for path in paths}


def check(corpus: Path, labelled: Mapping[str, str]) -> Iterator[Checked]:
    """Yield each file that can be read, with its type."""
    tasks = [ParseTask(corpus / path, path) for path in sorted(labelled)]
    with Parsers(Settings().parsing) as parsers:
        for task, found in parsers.parse_all(tasks):
            if isinstance(found, Parsed):
                yield Checked(task.relative, labelled[task.relative], _typed(task.relative, found))


def _typed(path: str, found: Parsed) -> Typed:
    signs = Signs(path, found.format, found.title, found.text, found.blocks)
    return decide(signs, ruled=None, stated="" if found.type == found.format else found.type)


def report(checked: Sequence[Checked]) -> Iterator[str]:
    """Yield a line for each type: how many of its files are found, and how many that are given it are of it."""
    right = [each for each in checked if each.label == each.typed.type]
    yield f"{len(right)} of {len(checked)} as labelled"
    for name in sorted({each.label for each in checked} | {each.typed.type for each in checked}):
        hits = sum(each.label == name for each in right)
        labelled = sum(each.label == name for each in checked)
        given = sum(each.typed.type == name for each in checked)
        yield f"  {name:14} labelled {labelled:2}, given {given:2}, right {hits:2}"


def main() -> None:
    """Print the figures of each group of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder DATA/docs")
    parser.add_argument("--errors", action="store_true", help="name the files that are typed differently")
    given = parser.parse_args()
    for group in ("drawn", "held_out", "chosen"):
        labelled = labels(group)
        checked = list(check(given.data / "corpus", labelled))
        print(f"{group}: {len(labelled)} files, {len(labelled) - len(checked)} without a parser")
        print("\n".join(report(checked)))
        wrong = [each for each in checked if each.label != each.typed.type]
        for each in wrong if given.errors else ():
            print(f"    {each.path}: {each.typed.type} by {each.typed.rule}, labelled {each.label}")


if __name__ == "__main__":
    main()
