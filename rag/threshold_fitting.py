"""`plumbline check grounding --fit`: labelled examples in, a threshold with its uncertainty out; and its file."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from pydantic import BaseModel, Field, ValidationError
from rich.console import Console

from rag.config import validation_message
from rag.errors import UsageError
from rag.grounding import MIN_SUPPORT, model_digest
from rag.labelled import BadLine, Example, read_examples
from rag.terminal import Options, console, note, print_json
from rag.threshold import FEW, LEAST, NEVER, FittedThreshold, Interval, fit_threshold

_DIGITS = 6  # more than a score has, so that a threshold between two stays there


class ThresholdFile(BaseModel, extra="ignore"):
    """What of a fit's file is read again."""

    threshold: float = Field(ge=0, le=1)
    coefficients: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted threshold, what it was fitted to, and what to mind."""

    found: FittedThreshold
    max_false_alarms: float | None
    figures_missing: int  # supported examples that no threshold passes: a number or date stands in no source
    bad_lines: tuple[BadLine, ...]

    @property
    def warnings(self) -> list[str]:
        """Return what a person should know before using it."""
        return [*self._few(), *self._unreached()]

    def _few(self) -> list[str]:
        counts = {"supported": self.found.supported, "unsupported": self.found.unsupported}
        return [f"Only {count} {kind} examples: label at least {FEW}." for kind, count in counts.items() if count < FEW]

    def _unreached(self) -> list[str]:
        alarms = self.found.fitted.false_alarms
        if self.max_false_alarms is None or alarms <= self.max_false_alarms:
            return []
        return [
            f"No threshold has so few false alarms: with 0 it is {alarms:.3f}. {self.figures_missing} supported "
            "examples have a number or date that no source contains; look at their labels."
        ]

    def body(self) -> dict[str, object]:
        """Return what `--json` prints and `--out` writes."""
        found = self.found
        return {
            "threshold": round(found.threshold.value, _DIGITS),
            "interval": [round(found.threshold.low, _DIGITS), round(found.threshold.high, _DIGITS)],
            "rule": "balanced_accuracy" if self.max_false_alarms is None else "false_alarms",
            "max_false_alarms": self.max_false_alarms,
            "left_out": {
                "balanced_accuracy": _body(found.balanced_accuracy),
                "false_alarms": _body(found.false_alarms),
            },
            "fitted": {name: round(share, 4) for name, share in asdict(found.fitted).items()},
            "examples": {"supported": found.supported, "unsupported": found.unsupported},
            "supported_with_missing_figures": self.figures_missing,
            "coefficients": model_digest(),
            "warnings": self.warnings,
            "errors": [asdict(each) for each in self.bad_lines],
        }


def fit_file(file: Path, max_false_alarms: float | None = None, out: Path | None = None) -> Fit:
    """Return the threshold that fits the labelled examples of a file; write it where `out` says. Raises UsageError."""
    read = list(read_examples(file))
    examples = [each for each in read if isinstance(each, Example)]
    bad = tuple(each for each in read if isinstance(each, BadLine))
    supported = [each.supported for each in examples]
    if min(sum(supported), len(supported) - sum(supported)) < LEAST:
        raise UsageError(_too_few(file, supported, bad))
    found = fit_threshold([each.score for each in examples], supported, max_false_alarms)
    fit = Fit(found, max_false_alarms, sum(each.supported and each.score == NEVER for each in examples), bad)
    if out is not None:
        _write(fit, out)
    return fit


def read_threshold(given: str | None) -> float:
    """Return the threshold of a number or of a fit's file; where nothing is given, the shipped one.

    Notes on stderr where the file was fitted to other coefficients. Raises UsageError.
    """
    if given is None:
        return MIN_SUPPORT
    try:
        return ThresholdFile(threshold=float(given)).threshold
    except ValueError:  # pydantic's is one, too
        found = _read_threshold_file(Path(given))
    if found.coefficients not in ("", model_digest()):
        note(f"{given} was fitted to other scores than this version gives: fit it again.")
    return found.threshold


def print_fit(options: Options, fit: Fit, *, as_json: bool = False) -> None:
    """Print a fit for a person, or as one JSON document."""
    if as_json:
        print_json(fit.body())
        return
    _print_found(console(options), fit)


def _print_found(screen: Console, fit: Fit) -> None:
    found = fit.found
    screen.print(f"threshold {_shown(found.threshold)}")
    if found.balanced_accuracy is not None and found.false_alarms is not None:
        screen.print(f"on examples left out: balanced accuracy {_shown(found.balanced_accuracy)}")
        screen.print(f"                      false alarms {_shown(found.false_alarms)}")
    screen.print(f"as fitted: false alarms {found.fitted.false_alarms:.3f}, missed {found.fitted.missed:.3f}")
    screen.print(f"{found.supported} supported examples, {found.unsupported} unsupported")
    for warning in fit.warnings:
        screen.print(warning, style="yellow")
    for bad in fit.bad_lines:
        screen.print(f"line {bad.line}: {bad.error}", style="red", markup=False)


def _write(fit: Fit, out: Path) -> None:
    try:
        out.write_bytes(orjson.dumps(fit.body(), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from error


def _read_threshold_file(path: Path) -> ThresholdFile:
    try:
        return ThresholdFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--threshold {path}: neither a number from 0 to 1 nor a file that can be read.") from error
    except ValidationError as error:
        raise UsageError(f"--threshold {path}: {validation_message(error)}. --fit with --out writes one.") from error


def _too_few(file: Path, supported: list[bool], bad: tuple[BadLine, ...]) -> str:
    found = f"{sum(supported)} supported and {len(supported) - sum(supported)} unsupported examples"
    lines = f" Line {bad[0].line}: {bad[0].error}." if bad else ""
    return f"{file} has {found}: a threshold needs at least {LEAST} of either, better {FEW}.{lines}"


def _body(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else {name: round(value, 4) for name, value in asdict(interval).items()}


def _shown(interval: Interval) -> str:
    return f"{interval.value:.3f} (95 % interval {interval.low:.3f} to {interval.high:.3f})"
