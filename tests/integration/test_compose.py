"""The containers: what the Compose file and the image's recipe say, checked without Docker."""

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from indexing.sources import SourceSpec
from rag.settings import Settings
from tests.conftest import PLUMBLINE, REPOSITORY, plumbline, write

COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = ["api", "workbench", "refresher"]
DOCKERFILE = (REPOSITORY / "deploy" / "Dockerfile").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ["rag", "indexing", "evals", "workbench"]


def steps(keyword: str) -> list[str]:
    """Return what the instructions of this kind in the Dockerfile say, line ends joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{keyword} (.*)$", joined, re.MULTILINE)


def installs(text: str) -> list[list[str]]:
    """Return the arguments of each `pip install`, without those that only say how to print or cache."""
    text = text.replace("$(PIP)", "pip install -c constraints.txt").replace("$(WEIGHTS)", weights())
    found = re.findall(r"pip install ([^&\n]*)", text)
    quiet = {"--quiet", "--disable-pip-version-check", "--no-cache-dir", "-e"}
    return [[part for part in shlex.split(each) if part not in quiet] for each in found]


def weights() -> str:
    return re.search(r"^WEIGHTS := (\S+)$", MAKEFILE, re.MULTILINE)[1]


# The Compose file


def test_the_compose_file_keeps_to_the_schema_of_the_specification():
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)
    misspelt = COMPOSE | {"services": {"api": {**SERVICES["api"], "healthchek": {}}}}
    with pytest.raises(jsonschema.ValidationError, match="healthchek"):
        jsonschema.Draft202012Validator(schema).validate(misspelt)


def test_there_are_the_services_that_the_product_needs_and_no_other():
    assert set(SERVICES) == {"api", "workbench", "refresher", "qdrant", "postgres"}
    assert all(SERVICES[name]["build"]["dockerfile"] == "deploy/Dockerfile" for name in OURS)


def test_images_are_named_exactly_and_ours_is_of_this_version():
    named = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(named) == len(SERVICES) + 2
    assert all(re.search(r":v?\d+\.\d+", image) and "latest" not in image for image in named)
    assert {SERVICES[name]["image"] for name in OURS} == {f"plumbline:{PROJECT['project']['version']}"}


def test_what_is_published_listens_on_loopback_and_databases_are_not_published():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"], "workbench": ["127.0.0.1:8501:8501"]}
    inside = {name for name, service in SERVICES.items() if service["networks"] == ["inside"]}
    assert inside == {"postgres", "qdrant", "refresher"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_every_service_says_whether_it_is_well_and_ours_wait_until_the_databases_are():
    assert all(service["healthcheck"]["test"] for service in SERVICES.values())
    for name in OURS:
        healthy = {"condition": "service_healthy"}
        assert SERVICES[name]["depends_on"] == {"postgres": healthy, "qdrant": healthy}


def test_no_secret_stands_in_the_file_and_each_is_a_file_that_its_service_reads():
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    given = re.findall(r"^\s+(\w*(?:PASSWORD|KEY|TOKEN)\w*):\s*(\S+)$", text, re.MULTILINE)
    assert given
    assert all(name.endswith("_FILE") and value.startswith("/run/secrets/") for name, value in given)
    read = re.findall(r"/run/secrets/(\w+)", text)
    assert set(read) == set(COMPOSE["secrets"])
    assert all(set(service["secrets"]) <= set(COMPOSE["secrets"]) for service in SERVICES.values())
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").split()
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert "secrets/" in ignored


def test_the_settings_of_our_services_are_settings_that_the_product_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("geheim")
    for name, value in SERVICES["api"]["environment"].items():
        monkeypatch.setenv(name, str(tmp_path / "secret") if value.startswith("/run/secrets/") else value)
    settings = Settings.load()
    assert settings.database_url == "postgresql+psycopg://plumbline:geheim@postgres:5432/plumbline"
    assert settings.store_api_key.get_secret_value() == "geheim"


def test_no_service_runs_as_root_or_may_become_more_than_it_is():
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
    assert SERVICES["postgres"]["user"] == "postgres"
    assert SERVICES["qdrant"]["image"].endswith("-unprivileged")
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert re.findall(r"^USER (\S+)$", last_stage, re.MULTILINE) == ["plumbline"]


def test_ours_write_only_into_volumes_that_belong_to_their_user():
    made = next(step for step in steps("RUN") if "install --directory" in step).split("--mode")[1].split()
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"] is True
        writable = dict(volume.split(":") for volume in service["volumes"] if not volume.endswith(":ro"))
        assert set(writable) <= set(COMPOSE["volumes"])
        assert set(writable.values()) <= set(made)
        assert service["tmpfs"]
    environment = dict(re.findall(r"(PLUMBLINE_\w+|HOME)=(\S+)", DOCKERFILE))
    assert {environment["PLUMBLINE_HOME"], environment["PLUMBLINE_SETS"]} == set(writable.values())


def test_every_file_that_is_mounted_or_started_is_there():
    for name in OURS:
        mounted = [volume.split(":")[0] for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
        assert all((REPOSITORY / path).is_file() for path in mounted)
    started = re.findall(r"/opt/plumbline/(deploy/[\w.]+)", (REPOSITORY / "docker-compose.yml").read_text())
    assert set(started) <= set(steps("COPY")[-1].split()[:-1])
    assert all((REPOSITORY / path).is_file() for path in started)


def test_the_sources_that_are_shipped_can_be_used_and_are_no_later_than_the_refresher_makes_them():
    content = yaml.safe_load((REPOSITORY / "deploy" / "sources.yaml").read_text(encoding="utf-8"))
    (spec,) = [SourceSpec.model_validate(each) for each in content["sources"]]
    assert str(spec.path) in [volume.split(":")[-2] for volume in SERVICES["refresher"]["volumes"]]
    assert spec.freshness_s > int(SERVICES["refresher"]["command"][1]) == 300


# The image


def test_the_image_is_made_of_the_packages_of_make_install_by_the_same_constraints():
    [_, make] = re.split(r"^\.venv/\.installed:", MAKEFILE, flags=re.MULTILINE)
    product, model = installs(make.split("\n\n")[0])
    in_image, model_in_image = installs("\n".join(steps("RUN")))
    assert product == ["-c", "constraints.txt", ".[parse,ui,evals]"]
    assert in_image == ["-c", "constraints.txt", ".[parse,ui,evals,postgres]"]  # and the driver of its database
    assert model == model_in_image == ["-c", "constraints.txt", "--no-deps", weights()]


def test_the_image_is_built_from_every_package_and_what_pip_reads():
    copied = {part for step in steps("COPY") for part in step.split()[:-1]}
    assert {*PACKAGES, "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "NOTICE"} <= copied
    allowed = (REPOSITORY / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    sources = {part.split("/")[0] for part in copied if not part.startswith(("-", "/"))}
    assert {f"!{name}" for name in sources} <= set(allowed)


def test_the_image_runs_a_python_that_the_product_supports():
    versions = set(re.findall(r"^FROM python:(\d+\.\d+)", DOCKERFILE, re.MULTILINE))
    assert versions == {"3.13"}


@pytest.mark.parametrize("package", PACKAGES)
def test_an_installed_package_has_every_file_that_it_reads(package: str) -> None:
    """In a checkout nothing is missing; in the image only what `package-data` names is there."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"][package]
    lying = [
        path for path in (REPOSITORY / package).rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    names = [path.relative_to(REPOSITORY / package).as_posix() for path in lying]
    left_out = [name for name in names if not any(fnmatch(name, each.removeprefix("**/")) for each in patterns)]
    assert [name for name in left_out if not name.startswith("sets/")] == []  # eval sets are not read at run time


# What runs inside


@pytest.fixture
def service() -> Iterator[int]:
    """The port of a service that says 200 at /readyz, and 503 elsewhere."""

    class Said(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Said)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_probe_tells_a_service_that_is_well_from_one_that_is_not(service: int) -> None:
    def probe(port: int, path: str) -> int:
        command = [sys.executable, REPOSITORY / "deploy" / "probe.py", str(port), path]
        return subprocess.run(command, env={"http_proxy": "http://127.0.0.1:1"}, check=False).returncode

    assert [probe(service, "/readyz"), probe(service, "/other"), probe(1, "/readyz")] == [0, 1, 1]


def test_the_refresher_indexes_then_refreshes_and_ends_when_it_is_asked(
    home_at: Callable[[Path], Settings], tmp_path: Path
) -> None:
    home, mark, file = home_at(tmp_path / "home").home, tmp_path / "mark", tmp_path / "sources.yaml"
    environment = {**os.environ, "PLUMBLINE_HOME": str(home)}
    environment["PATH"] = f"{Path(PLUMBLINE).parent}:{environment['PATH']}"
    command = ["sh", REPOSITORY / "deploy" / "refresher.sh", file, "0.2", mark]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        assert not mark.exists()  # there is no sources file yet
        write(tmp_path / "docs", {"leave.txt": "Leave lasts thirty days.\n"})
        file.write_text("sources: [{name: docs, path: docs}]\n")
        until(mark.exists)
        write(tmp_path / "docs", {"empty.txt": "", "parking.txt": "Parking is free.\n"})
        until(lambda: "parking" in plumbline(home, "index", "documents", "--json").stdout)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
