"""Where it runs: addresses, keys, limits. The only reader of the environment."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from rag.config import validation_message
from rag.errors import UsageError
from rag.secret_files import names_a_file, read_secrets, with_password
from rag.types import ALL_ROLES


def _split_roles(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(role.strip() for role in value.split(",") if role.strip())


_HOST = re.compile(r"[A-Za-z0-9._:-]+")
Roles = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_roles)]


def _is_address(url: str) -> bool:
    """Whether a client can be made for an address: with a scheme of the web, a host, and a port that exists."""
    try:
        parts = urlsplit(url)
        has_host = bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        return False
    return has_host and parts.scheme in {"http", "https"} and url.isprintable()


class ModelSettings(BaseModel, extra="forbid"):
    """The language model of generative answers; without an address, or a name for litellm, there is none."""

    via: Literal["openai", "litellm"] = "openai"  # any OpenAI-compatible address; other dialects
    url: str = ""
    name: str = ""
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(default=20, gt=0)  # of one answer, within the request's deadline
    max_output_tokens: int = Field(default=512, ge=16, le=16_384)
    context_tokens: int = Field(default=8192, ge=512)  # that the model reads and writes in all
    concurrency: int = Field(default=8, ge=1, le=1000)  # answers that are written at once
    early: bool = True  # ask before it is known that the documents answer: faster, and costs a prompt where they do not

    @property
    def is_set(self) -> bool:
        return bool(self.url) or (self.via == "litellm" and bool(self.name))

    @property
    def identity(self) -> str:
        """What decides an answer of the same prompt, as text."""
        return f"{self.via} {self.url} {self.name} {self.max_output_tokens} {self.context_tokens}"

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not _is_address(url):
            raise ValueError("must be the http:// or https:// address of an OpenAI-compatible service, or empty")
        return url


class ApiSettings(BaseModel, extra="forbid"):
    roles: Roles = ("public",)  # of a caller without a key
    threads: int = Field(default=40, ge=1, le=1000)
    deadline_s: float = Field(default=30, gt=0)
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)


class WorkbenchSettings(BaseModel, extra="forbid"):
    roles: Roles = (ALL_ROLES,)


class QuestionLimits(BaseModel, extra="forbid"):
    max_chars: int = Field(default=2000, ge=16)


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class ParsingLimits(BaseModel, extra="forbid"):
    """Of the child process that reads a file."""

    max_file_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    max_text_chars: int = Field(default=20_000_000, ge=1)
    timeout_s: float = Field(default=50, gt=0)
    memory_bytes: int = Field(default=2 * 1024**3, ge=256 * 1024**2)
    workers: int = Field(default_factory=lambda: min(64, _cores()), ge=1, le=64)


class Retention(BaseModel, extra="forbid"):
    replaced_hours: float = Field(default=24, ge=0)  # texts of replaced versions, so that citations can be opened
    purge_grace_s: float = Field(default=60, ge=0)  # dead rows of the store, for readers that have just begun
    compact_dead_share: float = Field(default=0.2, gt=0, le=1)
    removal_deadline_hours: float = Field(default=24, gt=0)  # a removed text is physically gone by then
    vector_cache_bytes: int = Field(default=4 * 1024**3, ge=0)
    stage_cache_bytes: int = Field(default=4 * 1024**3, ge=0)  # of evaluations
    experiments_bytes: int = Field(default=8 * 1024**3, ge=0)  # indexes of experiments


class Settings(BaseSettings):
    """Flags beat the environment, the environment beats YAML; an empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="PLUMBLINE_", env_nested_delimiter="__", env_ignore_empty=True, env_file=".env", extra="ignore"
    )

    home: Path = Path(".plumbline")
    database_url: str = Field(default="", repr=False)  # with its password
    database_password: SecretStr = SecretStr("")
    store_url: str = ""
    store_api_key: SecretStr = SecretStr("")
    sets: Path = Path("eval-sets")  # where the workbench keeps eval sets: they quote documents, and outlive the home
    embedder: str = ""
    accelerator: Literal["", "openvino"] = ""  # of embedding many texts; questions are embedded without it
    model: ModelSettings = ModelSettings()
    api: ApiSettings = ApiSettings()
    workbench: WorkbenchSettings = WorkbenchSettings()
    question: QuestionLimits = QuestionLimits()
    parsing: ParsingLimits = ParsingLimits()
    retention: Retention = Retention()

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, url: str) -> str:
        scheme, mark, rest = url.partition("://")
        if url and (not mark or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}):
            raise ValueError("must be postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, or empty for SQLite")
        return f"postgresql+psycopg://{rest}" if url else ""

    @model_validator(mode="after")
    def _has_its_password(self) -> Self:
        self.database_url = with_password(self.database_url, self.database_password.get_secret_value())
        return self

    @field_validator("store_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not _is_address(url):
            raise ValueError("must be the http:// or https:// address of a Qdrant server, or empty")
        return url

    @classmethod
    def load(cls, *, config: Path | None = None, **flags: object) -> Self:
        """Settings from flags (None counts as unset), environment, `.env` and YAML.

        Raises UsageError when a value, the YAML file or the file of a secret cannot be used.
        """
        path = config or Path(os.environ.get("PLUMBLINE_CONFIG") or "plumbline.yaml")
        content = _read_yaml(path, required=config is not None or bool(os.environ.get("PLUMBLINE_CONFIG")))
        known = {name: value for name, value in flags.items() if value is not None}
        try:
            settings = cls(**{"_yaml": content, **known})  # type: ignore[arg-type]  # taken out again below
        except ValidationError as error:
            raise UsageError(f"A setting cannot be used: {validation_message(error)}.") from error
        base = path.absolute().parent if content else Path.cwd()
        places = {name: (base / getattr(settings, name).expanduser()).resolve() for name in ("home", "sets")}
        return settings.model_copy(update=places)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put YAML below the environment; a secret's file counts as its variable."""
        content = init_settings().get("_yaml", {})
        flags = {name: value for name, value in init_settings().items() if name != "_yaml"}
        named = _without_files(dotenv_settings) | _without_files(env_settings)
        secrets = _Fixed(settings_cls, read_secrets(named))
        return (_Fixed(settings_cls, flags), secrets, env_settings, dotenv_settings, _Fixed(settings_cls, content))


class _Fixed(PydanticBaseSettingsSource):
    """A source with values that are known already."""

    def __init__(self, settings_cls: type[BaseSettings], content: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._content = content

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return self._content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._content


def _without_files(source: PydanticBaseSettingsSource) -> dict[str, str]:
    """Return the variables that a source has read, and leave it without those that name the file of a secret."""
    assert isinstance(source, EnvSettingsSource)
    found = {name: value for name, value in source.env_vars.items() if value}
    source.env_vars = {name: value for name, value in found.items() if not names_a_file(name)}
    return found


def _read_yaml(path: Path, *, required: bool) -> dict[str, object]:
    if not path.exists() and not required:
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file {path} cannot be read: {error}") from error
    if not isinstance(content or {}, dict):
        raise UsageError(f"The settings file {path} must hold `name: value` lines.")
    unknown = sorted(set(content or {}) - set(Settings.model_fields))
    if unknown:
        raise UsageError(f"The settings file {path} has unknown settings: {', '.join(unknown)}.")
    return content or {}
