"""What a process loads: an unused back end costs nothing. What the extras bring can be loaded."""

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rag.diagnosis import EXTRAS
from tests.conftest import REPOSITORY

HEAVY = {
    *("torch", "litellm", "openai", "spacy", "ragas", "streamlit", "ray", "pandas", "qdrant_client"),
    *("llama_index", "sentence_transformers", "transformers", "onnx", "openvino", "alembic", "presidio_analyzer"),
}


def loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_the_api_loads_no_heavy_library():
    assert loaded_by("import rag.api.app, rag.api.server") & HEAVY == set()


def extras() -> dict[str, list[str]]:
    """Return the packages that each extra asks for on this machine."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {extra: map(Requirement, lines) for extra, lines in project["optional-dependencies"].items()}
    return {
        extra: [each.name for each in lines if each.marker is None or each.marker.evaluate()]
        for extra, lines in needed.items()
        if extra != "all"  # names the others
    }


def is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def modules_of(package: str) -> list[str]:
    """Return what a program imports of an installed package: what is named like it, else all that it brings."""
    wanted = canonicalize_name(package)
    brought = [
        module
        for module, packages in packages_distributions().items()
        if wanted in map(canonicalize_name, packages) and module.isidentifier() and not module.startswith("_")
    ]
    return [module for module in brought if canonicalize_name(module) == wanted] or brought


def test_doctor_tells_of_every_extra() -> None:
    assert EXTRAS.keys() == extras().keys() - {"dev"}


@pytest.mark.parametrize("extra", sorted(extras()))
def test_every_package_of_an_extra_can_be_imported(extra: str) -> None:
    packages = extras()[extra]
    if missing := [package for package in packages if not is_installed(package)]:
        pytest.skip(f"{', '.join(missing)} of the extra `{extra}` not installed: `make install-extras` installs all")
    modules = {package: modules_of(package) for package in packages if not package.startswith("types-")}  # stubs
    assert all(modules.values())
    statement = "; ".join(f"import {', '.join(each)}" for each in modules.values())
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
