"""Logs: configured once per process, one event per line, on stderr. Question text never goes there."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

# A dict that is filled in place: a route runs in a thread with a copy of the context, its reply is logged outside.
_FIELDS: ContextVar[dict[str, str] | None] = ContextVar("plumbline_log_fields", default=None)
_LOUD = ("httpx", "httpcore", "alembic", "openai", "LiteLLM")  # some log what is asked


def configure_logging(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Send our events and those of libraries to stderr: as JSON lines, or readable where it is a terminal."""
    target = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(on_terminal=target.isatty()))
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Put the request's id on every line that is logged inside, and what `bind` adds."""
    token = _FIELDS.set({"request_id": request_id})
    try:
        yield
    finally:
        _FIELDS.reset(token)


def bind(**fields: str) -> None:
    """Add fields, such as generation and bundle, to the lines of the present request; outside one, do nothing."""
    present = _FIELDS.get()
    if present is not None:
        present.update(fields)


def _shared() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _with_fields,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(*, on_terminal: bool) -> structlog.stdlib.ProcessorFormatter:
    # plain tracebacks: the others print local variables, a question among them
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if on_terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _with_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**(_FIELDS.get() or {}), **event}
