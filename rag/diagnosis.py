"""`plumbline doctor`: what is installed, configured and reachable."""

import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rag.bootstrap import Service, open_backends
from rag.errors import NoIndexError, RagError
from rag.settings import Settings

# One module per extra tells whether it is installed.
EXTRAS = {
    "parse": "pypdfium2",
    "ui": "streamlit",
    "evals": "rank_bm25",
    "models": "sentence_transformers",
    "fast": "openvino",
    "postgres": "psycopg",
    "llm": "litellm",
}
_LIMITS = {"question", "parsing", "retention", "api"}
_MODEL_LIMITS = {"timeout_s", "max_output_tokens", "context_tokens", "concurrency"}
_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "fastapi", "SQLAlchemy", "qdrant-client", "streamlit")


def diagnose(settings: Settings, isolation: Mapping[str, str]) -> dict[str, object]:
    """Return everything that matters for running; "ok" is false where a dependency does not answer.

    A home without an index is no failure: "index" says what to do.
    isolation: the limits of the processes that read files, and whether each is in force.
    """
    service = Service(open_backends(settings))
    try:
        checks = _checks(service)
    finally:
        service.close()
    return {
        "ok": all(said == "ok" for name, said in checks.items() if name != "index"),
        "versions": {"plumbline": version("plumbline"), "python": platform.python_version()} | _versions(),
        "extras": {name: find_spec(module) is not None for name, module in EXTRAS.items()},
        "checks": checks,
        "addresses": _addresses(settings),
        "limits": settings.model_dump(mode="json", include=_LIMITS)
        | {"model": settings.model.model_dump(mode="json", include=_MODEL_LIMITS)},
        "isolation": dict(isolation),
    }


def print_diagnosis(screen: Console, found: dict[str, object]) -> None:
    """Print what `diagnose` returns, a table per subject."""
    for subject, content in found.items():
        if isinstance(content, dict):
            table = Table("", "", title=subject, title_justify="left", show_header=False)
            for name, value in content.items():
                table.add_row(name, Text(_shown(value)))
            screen.print(table)
    screen.print("All dependencies answer." if found["ok"] else "A dependency does not answer: see `checks`.")


def _checks(service: Service) -> dict[str, str]:
    try:
        facts = service.index_facts()
    except NoIndexError as error:
        return {"index": str(error)}
    except RagError as error:
        return {"index": str(error)} | service.health()
    searchable = facts.documents.get("indexed", 0) + facts.documents.get("flagged", 0)
    said = f"revision {facts.revision}, {searchable} documents, {facts.chunks} chunks, bundle {facts.bundle}"
    return service.health() | {"index": said}


def _addresses(settings: Settings) -> dict[str, str]:
    return {
        "home": str(settings.home),
        "database": settings.database_url.partition("@")[2] or str(settings.home / "truth.db"),
        "store": settings.store_url or str(settings.home / "store"),
        "embedder": settings.embedder or "built in (all-MiniLM-L6-v2)",
        "model": _model(settings),
    }


def _model(settings: Settings) -> str:
    model = settings.model
    if not model.is_set:
        return "none: answers are extractive"
    address = urlsplit(model.url)
    host = address._replace(netloc=address.netloc.rpartition("@")[2], query="", fragment="").geturl()
    key = "with a key" if model.api_key.get_secret_value() else "without a key"
    return f"{model.name or 'as the bundle says'} at {host or model.via}, {key}"


def _versions() -> dict[str, str]:
    found = {"sqlite": sqlite3.sqlite_version}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return {True: "installed", False: "not installed"}[value] if isinstance(value, bool) else str(value)
