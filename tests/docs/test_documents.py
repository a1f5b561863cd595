"""What the README and the docs say is what the product does."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from pydantic.fields import FieldInfo

from indexing.sources import SourceSpec
from rag.config import Bundle
from rag.settings import Settings
from tests.conftest import HANDBOOK_SOURCES, REPOSITORY, plumbline, write

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ \.venv/bin/plumbline (.*?)(?:\s+#.*)?$", re.MULTILINE)
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def transcript(command: str) -> list[str]:
    """Return the lines that the README shows below a command."""
    block = README.split(f"$ .venv/bin/plumbline {command}\n")[1]
    return [line for line in re.split(r"\n\$ |\n```", block)[0].splitlines() if line.strip()]


def without_seconds(text: str) -> str:
    """Return a text with its blanks evened out, and no times."""
    return " ".join(re.sub(r"\d+\.\d s\.", "s.", text).split())


def test_every_command_of_the_readme_runs_in_its_order(home_at: Callable[[Path], Settings], tmp_path: Path) -> None:
    settings = home_at(tmp_path / "home")
    write(tmp_path / "documents", {"bikes.md": "# Bicycles\n\nA leased bicycle costs 35 euro per month.\n"})
    built = plumbline(settings.home, "index", "build", "--sources", str(HANDBOOK_SOURCES))
    assert built.returncode == 5  # the scan
    assert without_seconds(built.stdout) in without_seconds(README)
    commands = COMMAND.findall(README)
    assert len(commands) >= 5
    for command in commands:
        arguments = shlex.split(command.replace("~/documents", str(tmp_path / "documents")))
        done = plumbline(settings.home, *arguments)
        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("command", [each for each in COMMAND.findall(README) if each.startswith("ask")])
def test_the_transcripts_are_what_is_printed(indexed_home: Settings, command: str) -> None:
    printed = " ".join(plumbline(indexed_home.home, *shlex.split(command)).stdout.split())
    for line in transcript(command):
        for part in line.split("..."):
            assert " ".join(part.split()) in printed


def test_the_configuration_page_names_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| (`PLUMBLINE_[^|]*) \| [^|]* \| ([^|]*) \|", CONFIGURATION, re.MULTILINE)
    shown = {name: default for names, default in rows for name in re.findall(r"PLUMBLINE_([A-Z_]+)", names)}
    defaults = dict(settings_with_defaults(Settings.model_fields))
    assert shown.keys() == defaults.keys()
    said = {name: value_of(shown[name]) for name, default in defaults.items() if isinstance(default, int | float)}
    assert said == {name: defaults[name] for name in said}
    assert shown["API__ROLES"] == "`public`"


def settings_with_defaults(fields: Mapping[str, FieldInfo], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield each setting as its variable is named, and its default where that is the same on every machine."""
    for name, field in fields.items():
        nested = getattr(field.annotation, "model_fields", None)
        if nested:
            yield from settings_with_defaults(nested, f"{prefix}{name}__".upper())
        else:
            yield f"{prefix}{name}".upper(), field.default


def value_of(shown: str) -> float | bool:
    """Return what a default of the page is in the setting's own unit."""
    if shown in ("true", "false"):
        return shown == "true"
    number, _, unit = shown.replace(",", "").partition(" ")
    return float(number) * {"": 1, "MiB": 1024**2, "GiB": 1024**3}[unit]


def test_the_bundle_of_the_configuration_page_is_the_default_one() -> None:
    block = CONFIGURATION.split("## A bundle")[1].split("```yaml")[1].split("```")[0]
    assert Bundle.model_validate(yaml.safe_load(block)) == Bundle()


def test_the_sources_of_the_configuration_page_can_be_used() -> None:
    block = CONFIGURATION.split("## A sources file")[1].split("```yaml")[1].split("```")[0]
    spec = SourceSpec.model_validate(yaml.safe_load(block)["sources"][0])
    assert spec.freshness_s == 7200
    assert spec.rule_for("hr/pay.md").roles == ("hr",)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target
