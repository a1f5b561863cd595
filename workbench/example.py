"""The example that can be indexed without having documents."""

from pathlib import Path

HANDBOOK = Path(__file__).resolve().parent.parent / "examples" / "handbook.yaml"  # not part of an installed package
