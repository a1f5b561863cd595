"""The description of the API; `python -m rag.api.openapi > docs/openapi.json` writes the committed one."""

import sys

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rag.api.problem_schemas import Problem
from rag.settings import Settings

_REFERENCES = "#/components/schemas/{model}"


def openapi_of(app: FastAPI) -> dict[str, object]:
    """Return the OpenAPI document of an app, with the schema that all its errors share."""
    described: dict[str, object] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = described["components"]
    assert isinstance(components, dict)
    problem = Problem.model_json_schema(ref_template=_REFERENCES)
    components["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    return described


def text_of(app: FastAPI) -> str:
    """Return the document as it is committed."""
    return orjson.dumps(openapi_of(app), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def main() -> None:
    """Print the document."""
    from rag.api.app import create_app  # noqa: PLC0415  # which imports this module

    sys.stdout.write(text_of(create_app(Settings())))


if __name__ == "__main__":
    main()
