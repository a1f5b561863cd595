"""A comparison as one page: no script, no network, light and dark; everything from runs is escaped."""

from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from evals.charts import charts_of, left_out
from evals.findings import Comparison
from evals.report_content import LEGEND, heading, overview, pair_report
from evals.verdicts import figure
from rag.api.view import visible

_TEMPLATE = "report.html"


def page_of(found: Comparison) -> str:
    """Return the report as one HTML document."""
    source = resources.files("evals").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    page = Environment(
        autoescape=True, finalize=_shown, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return page.from_string(source).render(_content(found))


def _shown(value: object) -> object:
    """Return a value without what would turn the text around it; charts and parts of the page as they are."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _content(found: Comparison) -> dict[str, object]:
    if not found.comparable:
        return {"found": found}
    return {
        "found": found,
        "heading": heading(found),
        "grids": overview(found),
        "reports": [pair_report(found, pair, wide=True) for pair in found.pairs],
        "charts": {title: Markup(svg) for title, svg in charts_of(found).items()},
        "left_out": left_out(found),
        "legend": LEGEND,
        "figure": figure,
    }
