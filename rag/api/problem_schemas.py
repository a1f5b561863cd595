"""What an error looks like: problem documents, as RFC 9457 has them."""

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    """One field that is wrong."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(description="Address of a description of this kind of error.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What happened and what to do.")
    instance: str = Field(description="The path that was asked for.")
    code: str
    request_id: str
    errors: list[FieldError]
    checks: dict[str, str] | None = Field(default=None, description="Of /readyz: a status per dependency.")


class ProblemKind(BaseModel):
    """A kind of error."""

    code: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
