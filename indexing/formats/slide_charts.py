"""A chart of any type -> its figures as rows, from the values that it holds for drawing."""

from collections.abc import Mapping

from lxml import etree

from indexing.formats.cells import shown

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_MAX_POINTS = 20_000


def chart_rows(space: etree._Element) -> list[list[str]]:
    """Return a header with the names of the series, then a row per category or x value."""
    series = list(space.iter(f"{_C}ser"))
    values = [_points(each, "val", "yVal") for each in series]
    categories: dict[int, str] = {}
    for each in series:
        categories = _points(each, "cat", "xVal") | categories
    names = [" ".join(_points(each, "tx").values()) or str(each.findtext(f"{_C}tx/{_C}v", "")) for each in series]
    places = sorted({*categories, *(at for each in values for at in each)})[:_MAX_POINTS]
    rows = [[categories.get(at, ""), *(_number(each, at) for each in values)] for at in places]
    return [["Category", *names], *rows] if rows else []


def _points(series: etree._Element, *names: str) -> dict[int, str]:
    """Return the cached values below the first of these elements, by their place; of several levels the innermost."""
    found = next((each for name in names if (each := series.find(f"{_C}{name}")) is not None), None)
    if found is None:
        return {}
    level = next(found.iter(f"{_C}lvl"), found)
    points = [(each.get("idx", ""), each.findtext(f"{_C}v") or "") for each in level.iter(f"{_C}pt")]
    return {int(at): " ".join(value.split()) for at, value in points[:_MAX_POINTS] if at.isdigit()}


def _number(values: Mapping[int, str], at: int) -> str:
    text = values.get(at, "")
    try:
        return shown(float(text)) or text
    except ValueError:
        return text
