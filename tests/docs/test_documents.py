"""What the README and the docs say is what the product does."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

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


def test_every_command_of_the_readme_runs_in_its_order(home_at: Callable[[Path], Settings], tmp_path: Path) -> None:
    settings = home_at(tmp_path / "home")
    write(tmp_path / "documents", {"bikes.md": "# Bicycles\n\nA leased bicycle costs 35 euro per month.\n"})
    assert plumbline(settings.home, "index", "build", "--sources", str(HANDBOOK_SOURCES)).returncode == 5  # the scan
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
    rows = dict(re.findall(r"\| `PLUMBLINE_([A-Z_]+)`(?:, [^|]*)? \| [^|]* \| ([^|]*) \|", CONFIGURATION))
    settings = Settings.model_fields
    for name, field in settings.items():
        nested = getattr(field.annotation, "model_fields", {})
        named = any(row.lower().startswith(f"{name}__") or row.lower() == name for row in rows)
        assert named or name in {"store_api_key", "model", "accelerator"}, name
        for key in nested if name not in {"model"} else {}:
            row = f"{name}__{key}".upper()
            assert row in rows or key == "max_text_chars", row
    assert rows["API__ROLES"] == "`public`"


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


def test_the_compose_file_listens_on_loopback_only_and_pins_its_images() -> None:
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert all(re.search(r":v?\d+\.\d+", service["image"]) for service in services.values())
    assert all("healthcheck" in services[name] for name in ("postgres", "qdrant"))
