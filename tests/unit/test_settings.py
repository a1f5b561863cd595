"""Flags beat the environment, the environment beats YAML, YAML beats defaults."""

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from rag.config import AnswerConfig, Bundle, IndexConfig, load_bundle
from rag.errors import UsageError
from rag.settings import Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PLUMBLINE_")]:
        monkeypatch.delenv(name)


def test_the_order_of_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plumbline.yaml").write_text("home: from-yaml\napi: {roles: [staff], threads: 7}\n")
    assert Settings.load().home == tmp_path / "from-yaml"
    monkeypatch.setenv("PLUMBLINE_HOME", "from-env")
    monkeypatch.setenv("PLUMBLINE_API__ROLES", "public,hr")
    settings = Settings.load()
    assert (settings.home, settings.api.roles, settings.api.threads) == (tmp_path / "from-env", ("public", "hr"), 7)
    assert Settings.load(home=tmp_path / "flag").home == tmp_path / "flag"


def test_an_empty_variable_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", "")
    monkeypatch.setenv("PLUMBLINE_API__ROLES", "")
    assert Settings.load().home == tmp_path / ".plumbline"
    assert Settings.load().api.roles == ("public",)


def test_a_relative_home_stands_beside_its_yaml_file(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "plumbline.yaml"
    file.parent.mkdir()
    file.write_text("home: data\n")
    assert Settings.load(config=file).home == tmp_path / "etc" / "data"


@pytest.mark.parametrize("content", ["nonsense: 1\n", "api: {threads: many}\n", "api: {what: 1}\n", "- a\n", "a: [\n"])
def test_a_settings_file_that_cannot_be_used_says_why(tmp_path: Path, content: str) -> None:
    (tmp_path / "plumbline.yaml").write_text(content)
    with pytest.raises(UsageError, match=r"setting|lines|read"):
        Settings.load()


def test_a_settings_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        Settings.load(config=tmp_path / "absent.yaml")


def test_a_bundle_has_defaults_and_a_digest_that_follows_its_content(tmp_path: Path) -> None:
    file = tmp_path / "bundle.yaml"
    file.write_text("query: {top_k: 7}\n")
    bundle = load_bundle(file)
    assert bundle.query.top_k == 7
    assert bundle.index.digest == Bundle().index.digest
    assert bundle.digest != Bundle().digest
    file.write_text("")
    assert load_bundle(file) == Bundle()


@pytest.mark.parametrize(
    "content",
    [
        "query: {topk: 7}\n",
        "index: {chunk_tokens: 1}\n",
        "query: {fusion: magic}\n",
        "{",
        "query: {legs: []}\n",
        "index: {chunk_tokens: 64, overlap_tokens: 64}\n",
        "query: {rerank: late_interaction}\n",
        "index: {token_vectors: true, embedder: ./my-model}\n",
        "answer: {prompt: no-such-prompt}\n",
    ],
)
def test_a_bundle_that_cannot_be_used_says_where(tmp_path: Path, content: str) -> None:
    file = tmp_path / "bundle.yaml"
    file.write_text(content)
    with pytest.raises(UsageError, match="bundle"):
        load_bundle(file)


def test_late_interaction_says_what_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "bundle.yaml"
    file.write_text("query: {rerank: late_interaction}\n")
    with pytest.raises(UsageError, match=r"late_interaction needs index\.token_vectors: true"):
        load_bundle(file)
    file.write_text("index: {token_vectors: true, embedder: ./my-model}\n")
    with pytest.raises(UsageError, match="needs the built-in embedder"):
        load_bundle(file)
    file.write_text("index: {token_vectors: true}\nquery: {rerank: late_interaction}\n")
    assert load_bundle(file) == Bundle()


@pytest.mark.parametrize(
    "content", ["index: {token_vectors: false}", "index: {embedder: ./my-model}", "query: {legs: [lexical]}"]
)
def test_nothing_is_reranked_where_there_is_nothing_to_do_it_with_or_one_leg_is_wanted(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "bundle.yaml"
    file.write_text(content)
    bundle = load_bundle(file)
    assert bundle.query.rerank == "none"
    assert Bundle.model_validate(bundle.model_dump()) == bundle


def test_what_does_not_concern_a_bundle_leaves_its_digest_as_it_was_released() -> None:
    plain = Bundle(index=IndexConfig(token_vectors=False))
    assert (plain.digest, plain.index.digest) == ("04d1af7ddf9a", "1c939e744d33")
    assert (Bundle().digest, Bundle().index.digest) == ("ec8f9a844d14", "4aae0190172d")


def test_a_bundle_s_prompt_and_model_are_part_of_its_digest() -> None:
    written = ({}, {"prompt": "brief"}, {"model": "m"}, {"temperature": 0.5})
    answers = [AnswerConfig.model_validate({"answerer": "generative", **each}) for each in written]
    assert len({Bundle(answer=answer).digest for answer in answers}) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "x"),
        ("STORE_URL", "ftp://x"),
        ("MODEL__URL", "http://"),
        ("MODEL__URL", "http://[::1"),
        ("MODEL__URL", "http://host:port/v1"),
        ("MODEL__URL", "http://host:99999/v1"),
        ("MODEL__URL", "http://host/v1\nx"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PLUMBLINE_{name}", value)
    with pytest.raises(UsageError, match=name.lower().replace("__", ".")):
        Settings.load()


def test_every_spelling_of_postgresql_is_taken() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert (
            Settings.load(database_url=f"{scheme}://me@host/name").database_url == "postgresql+psycopg://me@host/name"
        )


SECRETS = {
    "DATABASE_URL": lambda settings: settings.database_url,
    "STORE_API_KEY": lambda settings: settings.store_api_key.get_secret_value(),
    "MODEL__API_KEY": lambda settings: settings.model.api_key.get_secret_value(),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    secret = "postgresql+psycopg://me:geheim@host/name" if name == "DATABASE_URL" else "geheim \u2603"
    (tmp_path / "secret").write_text(f"{secret}\n", encoding="utf-8")
    monkeypatch.setenv(f"PLUMBLINE_{name}_FILE", str(tmp_path / "secret"))
    settings = Settings.load()
    assert SECRETS[name](settings) == secret
    assert "geheim" not in repr(settings)


def test_the_files_of_secrets_leave_other_settings_of_their_section_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("geheim")
    (tmp_path / ".env").write_text("PLUMBLINE_MODEL__API_KEY_FILE=key\nPLUMBLINE_MODEL__NAME=large\n")
    monkeypatch.setenv("PLUMBLINE_MODEL__URL", "http://model")
    model = Settings.load().model
    assert (model.url, model.name, model.api_key.get_secret_value()) == ("http://model", "large", "geheim")


def test_the_password_of_the_database_may_lie_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("p@ss/w:rd\n")
    monkeypatch.setenv("PLUMBLINE_DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    assert Settings.load().database_url == ""
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", "postgres://me@host:5432/name")
    url = make_url(Settings.load().database_url)
    assert (url.username, url.password, url.host, url.database) == ("me", "p@ss/w:rd", "host", "name")


@pytest.mark.parametrize("url", ["postgres://me:other@host/name", "postgres://host/name"])
def test_a_password_without_its_place_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_PASSWORD", "geheim")
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", url)
    with pytest.raises(UsageError, match="names a user and no password") as refused:
        Settings.load()
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"\n", "empty"), (b"\xff", "not UTF-8")])
def test_a_secret_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("PLUMBLINE_STORE_API_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(UsageError, match=f"PLUMBLINE_STORE_API_KEY_FILE names .*{said}"):
        Settings.load()


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv("PLUMBLINE_STORE_API_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("PLUMBLINE_STORE_API_KEY", "two")
    with pytest.raises(UsageError, match="both set"):
        Settings.load()
