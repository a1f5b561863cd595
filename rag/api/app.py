"""The HTTP API: settings in, app out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import FastAPI

from rag.api import operations, problems, routes
from rag.api.asking import Asking
from rag.api.disconnects import Disconnects
from rag.api.metrics import Metrics
from rag.api.opening import Opening
from rag.api.security import Guard
from rag.api.writing_slots import WritingSlots
from rag.bootstrap import Service
from rag.settings import Settings


def create_app(settings: Settings, service: Service | None = None) -> FastAPI:
    """Return the app; it opens its service when it starts, unless it is given one."""
    app = FastAPI(
        title="Plumbline",
        description="Questions to cited answers.",
        version=version("plumbline"),
        lifespan=_lifespan,
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    opening = Opening(settings, service)
    app.state.settings, app.state.opening = settings, opening
    app.state.metrics = Metrics(opening.facts, opening.dropped)
    app.state.asking = Asking(opening, app.state.metrics, settings.api)
    problems.install(app)
    app.state.slots = WritingSlots(settings.model.concurrency)
    app.add_middleware(Disconnects, path="/v1/answers")
    app.add_middleware(Guard, max_body_bytes=settings.api.max_body_bytes)
    app.include_router(routes.router)
    app.include_router(operations.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = app.state.settings.api.threads
    opening: Opening = app.state.opening
    opening.start()
    yield
    await run_sync(opening.close)
