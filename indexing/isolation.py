"""Which limits hold for the processes that read files: measured by asking one."""

import orjson

from indexing.sandbox import Sandbox
from rag.errors import ParseError, UnavailableError
from rag.settings import ParsingLimits


def limits_in_force(limits: ParsingLimits) -> dict[str, str]:
    """Return, by limit, whether it is in force on this machine; one entry "parser" where no process answers."""
    sandbox = Sandbox("indexing.probing", limits)
    try:
        (answer,) = sandbox.run([b"%d" % limits.memory_bytes])
    except UnavailableError as error:
        return {"parser": str(error)}
    finally:
        sandbox.close()
    if isinstance(answer, ParseError):
        return {"parser": f"not in force: {answer}"}
    found: dict[str, bool] = orjson.loads(answer)
    return {name: "in force" if holds else "not in force on this system" for name, holds in found.items()}
