"""The one error tree: what a caller can act on. Each class carries its HTTP status, exit code and title."""


class RagError(Exception):
    """Base of all: the message says what happened and what to do."""

    status = 500
    exit_code = 1
    code = "internal"
    title = "Something went wrong"
    retryable = False


class QuestionRejectedError(RagError):
    """The question cannot be used as it is."""

    status = 422
    exit_code = 2
    code = "question_rejected"
    title = "The question cannot be answered as it is"


class UsageError(RagError):
    """A setting, option, path or bundle that cannot be used as it is."""

    status = 422
    exit_code = 2
    code = "usage"
    title = "The request cannot be used as it is"


class NotFoundError(RagError):
    """Does not exist, or is not the caller's to read: the two look the same."""

    status = 404
    code = "not_found"
    title = "Not found"


class NotReadyError(RagError):
    """A bundle whose generation is not whole."""

    status = 409
    code = "not_ready"
    title = "Not ready"


class DeadlineError(RagError):
    """The request's deadline passed before its answer was ready."""

    status = 504
    code = "deadline"
    title = "The deadline has passed"
    retryable = True


class UnavailableError(RagError):
    """Something that this request depends on does not answer."""

    status = 503
    exit_code = 4
    code = "unavailable"
    title = "Temporarily unavailable"
    retryable = True


class StoreUnavailableError(UnavailableError):
    code = "store_unavailable"


class DatabaseUnavailableError(UnavailableError):
    code = "database_unavailable"


class ModelUnavailableError(UnavailableError):
    code = "model_unavailable"


class ModelTimeoutError(ModelUnavailableError):
    """A model that did not answer in the time it had."""


class ModelNotBegunError(ModelUnavailableError):
    """A model whose service is not there, or turned the call down: nothing was written, and nothing is owed."""


class CancelledError(RagError):
    """Whoever asked has gone."""

    status = 499
    code = "cancelled"
    title = "The request was cancelled"


class NoIndexError(UnavailableError):
    """Nothing has been indexed yet."""

    code = "no_index"
    title = "There is no index yet"

    def __init__(self, detail: str = "Nothing is indexed yet. `plumbline index build PATH` indexes a folder.") -> None:
        super().__init__(detail)


class SnapshotGoneError(UnavailableError):
    """The build, or what a revision needs of it, is no longer there: read the pointer again."""

    code = "snapshot_gone"


class DatabaseVersionError(RagError):
    """The database was written by a newer version of the product."""

    status = 503
    exit_code = 4
    code = "database_version"
    title = "The database is of another version"


class DamagedError(RagError):
    """A database or store file that cannot be read, with what mends it."""

    status = 503
    exit_code = 4
    code = "damaged"
    title = "Stored data is damaged"


class DiskFullError(RagError):
    """No space is left: nothing was published, what was there still serves."""

    status = 507
    code = "disk_full"
    title = "The disk is full"


class ModelMismatchError(RagError):
    """The embedder at hand is not the one that made the index."""

    status = 503
    exit_code = 4
    code = "model_mismatch"
    title = "The index was made by another embedder"


class ParseError(RagError):
    """One document that cannot be indexed; the others go on."""

    status = 422
    code = "parse"
    title = "The document cannot be read"


class JobError(RagError):
    """A job that is not in the state that the step needs."""

    status = 409
    code = "job"
    title = "The job cannot do this now"
