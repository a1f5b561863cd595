"""Question and hits -> a prompt within the model's token budget: sources fenced, numbered, and marked as data.

Prompts are Markdown files in `prompts/`, named by bundles. A released one never changes: a new version is a new file.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rag.errors import UsageError
from rag.ports import Prompt
from rag.types import Hit

_PARTS = "\n---\n"  # between what the model is for and what it is asked; split before anything is filled in
_MARGIN = 1.25  # our tokenizer is not the model's
_FENCE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt is made of."""

    question: str
    hits: Sequence[Hit]  # best first: the last are left out where they do not fit
    max_sentences: int
    max_tokens: int  # of the whole prompt


def render_prompt(name: str, asked: Asked, count_tokens: Callable[[Sequence[str]], list[int]]) -> tuple[Prompt, int]:
    """Return the prompt, and how many of the hits it holds, numbered from 1.

    Raises UsageError for a prompt that does not exist, or where not even one source fits.
    """
    templates = _templates(name)
    for sources in range(len(asked.hits), 0, -1):
        prompt = _filled(templates, asked, asked.hits[:sources])
        (tokens,) = count_tokens([f"{prompt.system}\n{prompt.user}"])
        if tokens * _MARGIN <= asked.max_tokens:
            return prompt, sources
    raise UsageError(f"Not one source fits into the model's {asked.max_tokens} tokens. Raise model.context_tokens.")


def prompt_names() -> list[str]:
    """Return the names that a bundle may give."""
    files = resources.files("rag").joinpath("prompts").iterdir()
    return sorted(file.name.removesuffix(".md") for file in files if file.name.endswith(".md"))


def environment() -> ImmutableSandboxedEnvironment:
    """Return what fills prompts in: it reaches nothing of Python, and fails at a name that it was not given."""
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _filled(templates: tuple[Template, Template], asked: Asked, hits: Sequence[Hit]) -> Prompt:
    given = {
        "question": asked.question,
        "sources": [
            {"number": number, "context": hit.chunk.context, "text": hit.chunk.text}
            for number, hit in enumerate(hits, 1)
        ],
        "max_sentences": asked.max_sentences,
        "fence": _fence(asked.question, hits),
    }
    system, user = (template.render(given) for template in templates)
    return Prompt(system, user)


def _fence(question: str, hits: Sequence[Hit]) -> str:
    """Return a word of this request alone that nothing inside the fences contains."""
    inside = "\n".join([question, *(hit.chunk.indexed_text for hit in hits)]).lower()
    while (word := secrets.token_hex(_FENCE_BYTES)) in inside:
        pass
    return word


@cache
def _templates(name: str) -> tuple[Template, Template]:
    if name not in prompt_names():
        raise UsageError(f"There is no prompt {name!r}. There are: {', '.join(prompt_names())}.")
    content = resources.files("rag").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
    system, _, user = content.partition(_PARTS)
    made = environment()
    return made.from_string(system.strip()), made.from_string(user.strip())
