"""sentence-transformers with the built-in model, in a process of a Python that has it."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

_PROGRAM = Path(__file__).with_name("reference_embedder.py")

Reference: TypeAlias = subprocess.Popen[str]
Took: TypeAlias = tuple[float, float]  # seconds by the clock, and of processor time


@contextmanager
def started(python: Path) -> Iterator[Reference]:
    """Yield the process, warm; it uses as many cores as it would by itself."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    with subprocess.Popen(
        [python, _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        embed(process, ["warm up"])
        yield process
        assert process.stdin is not None
        process.stdin.close()


def embed(reference: Reference, texts: Sequence[str]) -> Took:
    """Return what embedding these texts took."""
    assert reference.stdin is not None
    assert reference.stdout is not None
    reference.stdin.write(json.dumps(list(texts)) + "\n")
    reference.stdin.flush()
    clock, processor = reference.stdout.readline().split()
    return float(clock), float(processor)
