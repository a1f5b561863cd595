"""The addresses for whoever runs the service: is it alive, is it ready, what does it measure."""

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from rag.api.openapi import openapi_of
from rag.api.problem_schemas import ProblemKind
from rag.api.problems import Fault, described, problems, respond

router = APIRouter()


class Overview(BaseModel):
    """What this service is, and its addresses."""

    name: str
    version: str
    routes: dict[str, str]


class Alive(BaseModel):
    """The process lives."""

    status: Literal["alive"]


class Ready(BaseModel):
    """Questions can be answered."""

    status: Literal["ready"]
    checks: dict[str, str]


@router.get("/", operation_id="overview")
async def overview() -> Overview:
    """Say what this is and where things are."""
    return Overview(
        name="Plumbline",
        version=version("plumbline"),
        routes={
            "answers": "POST /v1/answers",
            "search": "POST /v1/search",
            "documents": "GET /v1/documents/{id}",
            "view": "GET /v1/documents/{id}/view",
            "grounding": "POST /v1/checks/grounding",
            "health": "GET /healthz",
            "readiness": "GET /readyz",
            "metrics": "GET /metrics",
            "openapi": "GET /openapi.json",
        },
    )


@router.get("/healthz", operation_id="healthz")
async def healthz() -> Alive:
    """Answer as long as the process lives."""
    return Alive(status="alive")


@router.get("/readyz", operation_id="readyz", response_model=Ready, responses=problems(503))
def readyz(request: Request) -> Ready | Response:
    """Say whether questions can be answered, with a status per check."""
    checks = request.app.state.opening.checks()
    if all(said == "ok" for said in checks.values()):
        return Ready(status="ready", checks=checks)
    detail = "; ".join(f"{name}: {said}" for name, said in checks.items() if said != "ok")
    fault = Fault(503, "not_ready", "Not ready", detail, headers={"Retry-After": "1"}, checks=checks)
    return respond(request, fault)


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus's text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def metrics(request: Request) -> Response:
    """Return stage times, answers by outcome, and the index's size and age."""
    return Response(request.app.state.metrics.page(), media_type=CONTENT_TYPE_LATEST)


@router.get("/problems/{code}", operation_id="describe_problem", responses=problems(404))
async def problem(code: str) -> ProblemKind:
    """Describe a kind of error: the `type` of a problem document points here."""
    return described(code)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """Return the description of this API."""
    return JSONResponse(openapi_of(request.app))
