"""The splitters of LlamaIndex: a text to its pieces, in order, as the library gives them."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial

from llama_index.core import node_parser
from llama_index.core.node_parser import NodeParser, TextSplitter
from llama_index.core.schema import Document, MetadataMode

from rag.errors import UsageError

_NEEDING = ("llm", "embed_model")  # would be taken from the library's global settings, and so from a provider


def split_text(name: str, text: str, *, limit: int, count_tokens: Callable[[Sequence[str]], list[int]]) -> list[str]:
    """Return the pieces that a splitter makes of a text; none overlaps where the splitter can be told so.

    limit: tokens of a piece, for splitters that have a size. Raises UsageError for what is no splitter, for one that
    needs more than a size, and where it cannot read the text.
    """
    parser = _made(name, limit, count_tokens)
    try:
        if isinstance(parser, TextSplitter):
            return parser.split_text(text)  # the way by nodes prints advice to standard output
        nodes = parser.get_nodes_from_documents([Document(text=text)])
    except (ImportError, ValueError, TypeError, LookupError) as error:
        raise UsageError(f"The splitter {name} of LlamaIndex cannot read a text: {_said(error)}") from error
    return [node.get_content(MetadataMode.NONE) for node in nodes]


def _made(name: str, limit: int, count_tokens: Callable[[Sequence[str]], list[int]]) -> NodeParser:
    kind = _class_named(name)
    known = {*inspect.signature(kind.__init__).parameters, *kind.model_fields}
    if wanted := sorted(known.intersection(_NEEDING)):
        raise UsageError(f"The splitter {name} of LlamaIndex needs a model ({', '.join(wanted)}): it cannot be used.")
    given = {
        "chunk_size": limit,
        "chunk_overlap": 0,
        "chunk_lines_overlap": 0,
        "include_metadata": False,
        "include_prev_next_rel": False,
        "tokenizer": partial(_tokens, count_tokens),
    }
    make: Callable[..., NodeParser] = kind
    try:
        return make(**{field: value for field, value in given.items() if field in known})
    except (ImportError, ValueError, TypeError, OSError) as error:
        raise UsageError(f"The splitter {name} of LlamaIndex cannot be made: {_said(error)}") from error


def _class_named(name: str) -> type[NodeParser]:
    found = getattr(node_parser, name, None)
    if not (inspect.isclass(found) and issubclass(found, NodeParser)) or inspect.isabstract(found):
        raise UsageError(f"LlamaIndex has no splitter {name!r} in `llama_index.core.node_parser`.")
    return found


def _tokens(count_tokens: Callable[[Sequence[str]], list[int]], text: str) -> Sequence[int]:
    """Return as many items as the text has tokens: the library takes their number only."""
    return range(count_tokens([text])[0])


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
