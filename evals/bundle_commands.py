"""What `eval bundle` does: a bundle with every default, and what distinguishes two."""

from pathlib import Path

from rich.table import Table

from evals.bundle_diff import differences
from indexing.build import default_bundle
from rag.config import as_yaml, load_bundle
from rag.terminal import Options, console, print_json


def show(options: Options, file: Path | None, *, as_json: bool) -> int:
    """Print a bundle as YAML that can be saved and changed; without a file, the built-in one."""
    bundle = load_bundle(file) if file else default_bundle(options.settings())
    if as_json:
        content = bundle.model_dump(mode="json")
        print_json({"digest": bundle.digest, "generation": bundle.index.digest, "bundle": content})
        return 0
    console(options).print(as_yaml(bundle), end="", markup=False)
    return 0


def diff(options: Options, a: Path, b: Path, *, as_json: bool) -> int:
    """Print the fields in which two bundles differ."""
    left, right = load_bundle(a), load_bundle(b)
    changed = differences(left, right)
    if as_json:
        fields = [{"field": name, "a": one, "b": other} for name, one, other in changed]
        print_json({"a": left.digest, "b": right.digest, "same": not changed, "differences": fields})
    elif not changed:
        console(options).print(f"The same bundle: {left.digest}.")
    else:
        console(options).print(_table(changed, (f"{a.name} {left.digest}", f"{b.name} {right.digest}")))
        same = "the same generation" if left.index == right.index else "another generation: it must be indexed"
        console(options).print(same)
    return 0


def _table(changed: list[tuple[str, object, object]], names: tuple[str, str]) -> Table:
    table = Table("field", *names)
    for name, one, other in changed:
        table.add_row(name, str(one), str(other))
    return table
