"""What commands print: JSON, or text that reads well on a terminal. Data goes to stdout, everything else to stderr."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import fill

import orjson
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from rag.answers import Answer, Answered, Citation, Trace
from rag.api.view import visible
from rag.errors import UsageError
from rag.settings import Settings
from rag.types import Caller, Filter, Hit

_WHERE_KEYS = ("source", "type", "language", "tag", "owner")
_WIDTH = 100
_SHOWN = 12  # candidates and sentences in the terminal; --json has all


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every command."""

    config: Path | None = None
    no_color: bool = False

    def settings(self, **flags: object) -> Settings:
        return Settings.load(config=self.config, **flags)


def console(options: Options) -> Console:
    """Return a console on stdout; no colours where it is no terminal or NO_COLOR is set."""
    return Console(no_color=options.no_color or None, highlight=False, soft_wrap=not sys.stdout.isatty())


def note(text: str) -> None:
    """Print a line for the person, not the program."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_json(content: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def caller_of(roles: Sequence[str]) -> Caller:
    if any(not role.strip() for role in roles):
        raise UsageError("--role needs a name.")
    return Caller(frozenset(roles or ["public"]), feature="cli")


def filter_of(pairs: Sequence[str]) -> Filter:
    """Return the filter of `KEY=VALUE` options. Raises UsageError for an unknown key or a date that is none."""
    keywords: dict[str, frozenset[str]] = {}
    days: dict[str, date] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not value:
            raise UsageError(f"--where {pair!r} must be KEY=VALUE.")
        if key in {"after", "before"}:
            days[key] = _day(key, value)
        elif key in _WHERE_KEYS:
            keywords[key] = keywords.get(key, frozenset()) | {value}
        else:
            raise UsageError(f"--where {key}: unknown key. Known are {', '.join(_WHERE_KEYS)}, after, before.")
    return Filter(keywords=keywords, after=days.get("after"), before=days.get("before"))


def print_answer(screen: Console, answer: Answer) -> None:
    """Print an answer with its numbered citations: title, place and quote."""
    if answer.reason:
        screen.print(Text("No answer. ", "bold yellow") + Text(answer.reason.detail))
    else:
        screen.print(Text(fill(visible(answer.text), _WIDTH)))
    for citation in answer.citations:
        screen.print(Text(f"\n[{citation.marker}] ", "bold cyan") + Text(visible(citation.title), "bold"))
        screen.print(Text(f"    {visible(place_of(citation))}", "dim"))
        screen.print(
            Text(
                fill(
                    f"“{visible(' '.join(citation.quote.split()))}”",
                    _WIDTH,
                    initial_indent="    ",
                    subsequent_indent="    ",
                )
            )
        )
    for notice in answer.notices:
        screen.print(Text(f"\n{notice.kind}: ", "bold yellow") + Text(visible(notice.detail)))


def place_of(citation: Citation) -> str:
    """Return "uri, page 2, Leave > Parental"."""
    page = f", page {citation.page}" if citation.page else ""
    return f"{citation.uri}{page}" + (f", {' > '.join(citation.heading_path)}" if citation.heading_path else "")


def print_hits(screen: Console, hits: Sequence[Hit]) -> None:
    """Print hits, best first, with their scores and the beginning of their text."""
    if not hits:
        screen.print("Nothing was found that this caller may read.")
    for number, hit in enumerate(hits, 1):
        scores = ", ".join(f"{name} {score:.3f}" for name, score in hit.scores.items())
        screen.print(
            Text(f"{number}. ", "bold cyan")
            + Text(visible(hit.document.title), "bold")
            + Text(f"  {hit.score:.3f}  ({scores})", "dim")
        )
        path = f", {' > '.join(hit.chunk.heading_path)}" if hit.chunk.heading_path else ""
        screen.print(Text(f"   {hit.document.uri}{f', page {hit.chunk.page}' if hit.chunk.page else ''}{path}", "dim"))
        shown = visible(" ".join(hit.chunk.text.split()))
        screen.print(
            Text(
                fill(
                    shown[:300] + ("…" if len(shown) > 300 else ""),
                    _WIDTH,
                    initial_indent="   ",
                    subsequent_indent="   ",
                )
            )
        )


def print_trace(screen: Console, answered: Answered) -> None:
    """Print what each stage did: candidates with their fate, sentences with their support, times."""
    trace = answered.trace
    screen.print(_candidates(trace))
    if trace.sentences:
        screen.print(_sentences(trace))
    screen.print(_times(trace.timings_ms))
    screen.print(
        f"answerability {answered.answer.answerability:.2f}, revision {answered.answer.revision}, "
        f"generation {answered.answer.generation}, bundle {answered.answer.bundle}"
    )


def _candidates(trace: Trace) -> Table:
    legs = list(trace.legs)
    table = Table(
        "score",
        *legs,
        Column("document", overflow="fold"),
        "what became of it",
        title="Candidates",
        title_justify="left",
    )
    for each in trace.candidates[:_SHOWN]:
        own = [f"{each.scores[leg]:.3f}" if leg in each.scores else "" for leg in legs]
        table.add_row(f"{each.score:.3f}", *own, Text(visible(f"{each.title} ({each.uri})")), each.fate)
    return table


def _sentences(trace: Trace) -> Table:
    table = Table("fit", "support", "sentence", "what became of it", title="Sentences", title_justify="left")
    for each in sorted(trace.sentences, key=lambda sentence: -sentence.score)[:_SHOWN]:
        support = "" if each.support is None else f"{each.support:.2f}"
        table.add_row(f"{each.score:.3f}", support, Text(visible(" ".join(each.text.split())[:160])), each.fate)
    return table


def _times(timings_ms: Mapping[str, float]) -> str:
    return "times in ms: " + ", ".join(f"{name} {value:.1f}" for name, value in timings_ms.items())


def _day(key: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"--where {key}={value}: not a date such as 2026-01-31.") from error
