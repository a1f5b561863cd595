"""Secrets that lie in files: what Docker, Kubernetes and systemd hand to a service, instead of a variable."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from rag.errors import UsageError

# Settings that may be given as PLUMBLINE_NAME_FILE, the path of a file that holds the value.
SECRETS = ("database_url", "database_password", "store_api_key", "model__api_key")
_PREFIX = "plumbline_"


def names_a_file(variable: str) -> bool:
    """Whether a variable, by its name in small letters, names the file of a secret."""
    return variable in {f"{_PREFIX}{name}_file" for name in SECRETS}


def read_secrets(variables: Mapping[str, str]) -> dict[str, object]:
    """Return the settings whose files these variables (by their names in small letters) name, nested as settings are.

    A line end at the end of the file is not part of the secret. Raises UsageError for a file that cannot be read,
    and where a secret is given twice.
    """
    found: dict[str, object] = {}
    for name in SECRETS:
        path = variables.get(f"{_PREFIX}{name}_file")
        if path:
            _require_once(name, variables)
            section, _, key = name.partition("__")
            found[section] = {key: _read(name, path)} if key else _read(name, path)
    return found


def with_password(url: str, password: str) -> str:
    """Return the address of a database with the password for its user.

    Raises ValueError for an address that has a password already, or no user.
    """
    if not (url and password):
        return url
    scheme, _, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    if not at or not user or ":" in user:
        raise ValueError("database_password needs a database_url that names a user and no password: USER@HOST/NAME")
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def _require_once(name: str, variables: Mapping[str, str]) -> None:
    if f"{_PREFIX}{name}" in variables:
        variable = f"{_PREFIX}{name}".upper()
        raise UsageError(f"{variable} and {variable}_FILE are both set. Unset one of them.")


def _read(name: str, path: str) -> str:
    variable = f"{_PREFIX}{name}_file".upper()
    try:
        content = Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{variable} names {path}, which cannot be read: {said}.") from error
    if not content:
        raise UsageError(f"{variable} names {path}, which is empty. Write the secret into it, or unset the variable.")
    return content
