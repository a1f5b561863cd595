"""Reads a sources file: the sources that a person wrote down, checked before anything is done with them."""

import re
from collections.abc import Hashable, Sequence
from itertools import chain
from pathlib import Path

import yaml
from pathspec import GitIgnoreSpec
from pydantic import ValidationError

from indexing.schedule import require_cron
from indexing.sources import Rule, SourceSpec
from rag.config import validation_message
from rag.errors import UsageError
from rag.types import ALL_ROLES

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_NO_PATH = re.compile(r"(?:^!?|/)\.\.?(?:/|$)|//|\\\w")  # ./hr, ../hr, hr//pay, hr\pay
_DECIDES = ("roles", "type", "language", "owner", "tags")  # what a rule may say


class _Once(yaml.SafeLoader):
    """Reads YAML, and refuses a mapping that says something twice: the last would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"`{twice}` stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load_sources(file: Path) -> list[SourceSpec]:
    """Read a sources file; paths are relative to it. Raises UsageError with what is wrong where."""
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), _Once)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"The sources file {file} cannot be read: {error}") from error
    if not isinstance(content, dict) or set(content) != {"sources"} or not isinstance(content["sources"], list):
        raise UsageError(f"The sources file {file} must hold one list named `sources`.")
    specs = [_checked(file, number, each) for number, each in enumerate(content["sources"], 1)]
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"The sources file {file} names {', '.join(twice)} twice. Give each source its own name.")
    return specs


def _checked(file: Path, number: int, content: object) -> SourceSpec:
    try:
        spec = SourceSpec.model_validate(content)
        _require_usable(spec)
    except ValueError as error:
        said = validation_message(error) if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"Source {number} of {file} cannot be used: {said}.") from error
    path = (file.absolute().parent / spec.path.expanduser()).resolve()
    if not path.exists():
        raise UsageError(f"Source {spec.name!r} of {file}: {path} does not exist.")
    return spec.model_copy(update={"path": path, "single_file": path.is_file()})


def _require_usable(spec: SourceSpec) -> None:
    """Raise ValueError for what would be read in silence as something else than what was meant."""
    if spec.schedule:
        require_cron(spec.schedule)
    _require_language("language", spec.language)
    _require_roles("roles", spec.roles)
    for pattern in chain(spec.include, spec.exclude):
        _require_pattern("include and exclude", pattern)
    for number, rule in enumerate(spec.rules, 1):
        at = f"rules.{number}"
        _require_pattern(f"{at}.match", rule.match)
        _require_match(f"{at}.match", rule)
        _require_language(f"{at}.language", rule.language or "")
        _require_roles(f"{at}.roles", rule.roles or ())
        if rule.roles == ():
            raise ValueError(f"{at}.roles: name at least one role, or leave it out for the roles of the source")
        if not rule.model_fields_set & set(_DECIDES):
            raise ValueError(f"{at}: it decides nothing; add one of {', '.join(_DECIDES)}")


def _require_language(at: str, language: str) -> None:
    if language and not _LANGUAGE.fullmatch(language):
        raise ValueError(f"{at}: {language!r} is no language code such as en")


def _require_roles(at: str, roles: Sequence[str]) -> None:
    unusable = [role for role in roles if role != role.strip() or not role or "," in role or role == ALL_ROLES]
    if unusable:
        named = ", ".join(map(repr, unusable))
        raise ValueError(f"{at}: {named} cannot be a role; a role has no comma and no blanks around it, and is not '*'")


def _require_match(at: str, rule: Rule) -> None:
    if rule.match.startswith("!"):
        raise ValueError(f"{at}: {rule.match!r} matches no file; of the rules the first that matches decides")


def _require_pattern(at: str, pattern: str) -> None:
    if _NO_PATH.search(pattern):
        raise ValueError(f"{at}: {pattern!r} matches no file; write paths below the source, such as hr/** or *.md")
    try:
        found = GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise ValueError(f"{at}: {pattern!r} is no pattern of .gitignore: {error}") from error
    if not any(each.include is not None for each in found.patterns):
        raise ValueError(f"{at}: {pattern!r} matches no file")
