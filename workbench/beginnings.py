"""What pages begin: indexing, refreshing, releasing. Each is a job of its own."""

from collections.abc import Sequence

from evals.batch import Batch
from evals.evidence import Evidence
from evals.shelf import place_of
from rag.config import Bundle
from rag.errors import UsageError
from workbench import state
from workbench.example import HANDBOOK
from workbench.working import IndexWork, ReleaseWork


def index_example() -> str:
    """Index the example handbook; return the job's id."""
    return _index("Index the example handbook", IndexWork(action="build", sources_file=HANDBOOK))


def index_folder(path: str, roles: Sequence[str]) -> str:
    """Index a folder or a file that these roles may read; return the job's id. Raises UsageError where there is none.

    The roles of a folder that is indexed already are replaced.
    """
    place = place_of(path.strip())
    if not path.strip() or not place.exists():
        raise UsageError(f"There is no file or folder {path!r} on the machine where the workbench runs.")
    if not roles:
        raise UsageError("Nobody could read it. Choose the roles that may; `public` is for everybody.")
    return _index(f"Index {place.name}", IndexWork(action="build", paths=(place,), roles=tuple(roles)))


def refresh_all() -> str:
    """Take up what changed in all sources; return the job's id."""
    return _index("Refresh all sources", IndexWork(action="refresh"))


def exclude(document_id: str, uri: str, reason: str) -> str:
    """Take a document out of every answer; return the job's id."""
    return _index(f"Exclude {uri}", IndexWork(action="exclude", document=document_id, reason=reason))


def include(document_id: str, uri: str) -> str:
    """Index a document that was excluded; return the job's id."""
    return _index(f"Take back {uri}", IndexWork(action="include", document=document_id))


def reindex(document_id: str, uri: str) -> str:
    """Read and index a document anew; return the job's id."""
    return _index(f"Index {uri} anew", IndexWork(action="reindex", document=document_id))


def release(bundle: Bundle, name: str, evidence: Evidence | None = None) -> str:
    """Let a bundle serve, once its generation is whole; return the job's id. The evidence is kept with the job."""
    request = ReleaseWork(action="serve", bundle=bundle, evidence=evidence).model_dump(mode="json")
    return state.jobs().begin("release", f"Serve {name}", request)


def step_back() -> str:
    """Let the former release serve again; return the job's id."""
    return state.jobs().begin("release", "One step back", ReleaseWork(action="roll_back").model_dump(mode="json"))


def experiment(batch: Batch, set_name: str) -> str:
    """Measure the bundles of a batch; return the job's id."""
    state.prepare_home()
    title = f"{set_name}: {', '.join(named.name for named in batch.bundles)}"
    return state.jobs().begin("experiment", title, batch.model_dump(mode="json"))


def _index(title: str, wanted: IndexWork) -> str:
    state.prepare_home()
    return state.jobs().begin("index", title, wanted.model_dump(mode="json"))
