"""Opens the service while the app already answers `/healthz`, and tells how far it is."""

import threading
from contextlib import ExitStack

import structlog

from rag.bootstrap import Service, open_service
from rag.database import schema
from rag.database.reader import IndexFacts
from rag.database.record_keeper import RecordKeeper
from rag.errors import RagError, UnavailableError
from rag.settings import Settings

RETRY_S = 1.0  # an index that is built later is found without a restart

log = structlog.stdlib.get_logger("plumbline.api")


class Opening:
    """The service with its query log: opened in the background, again and again until it works."""

    def __init__(self, settings: Settings, service: Service | None = None) -> None:
        self._settings, self._given = settings, service
        self._service: Service | None = None
        self._records: RecordKeeper | None = None
        self._error: RagError = UnavailableError("The service is starting. Try again in a second.")
        self._resources = ExitStack()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)

    def start(self) -> None:
        """Begin to open."""
        self._thread.start()

    def close(self) -> None:
        """Write what is waiting and close what was opened."""
        self._closing.set()
        self._thread.join()
        self._resources.close()

    @property
    def service(self) -> Service:
        """The service. Raises why it is not open yet."""
        if self._service is None:
            raise self._error
        return self._service

    @property
    def records(self) -> RecordKeeper:
        """The query log. Raises why it is not open yet."""
        if self._records is None:
            raise self._error
        return self._records

    def checks(self) -> dict[str, str]:
        """Return "ok", or what is wrong, per dependency."""
        return {"service": str(self._error)} if self._service is None else self._service.health()

    def facts(self) -> IndexFacts | None:
        """Return what is indexed; None while nothing serves."""
        try:
            return self.service.index_facts()
        except RagError:  # a page of metrics without the index's is better than none
            return None

    def dropped(self) -> int:
        """Return how many records could not be kept."""
        return self._records.dropped if self._records else 0

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                return self._open()
            except RagError as error:  # kept for whoever asks: the route, or /readyz
                if str(error) != str(self._error):
                    log.warning("not_ready", code=error.code, reason=str(error))
                self._error = error
            self._closing.wait(RETRY_S)
        return None

    def _open(self) -> None:
        with ExitStack() as resources:
            service = self._given or resources.enter_context(open_service(self._settings))
            service.warm_up()
            schema.upgrade(service.backends.records, "records")
            self._records = RecordKeeper(service.backends.records, service.backends.database)
            resources.callback(self._records.close)
            self._resources, self._service = resources.pop_all(), service
        log.info("ready")
