"""A cell's value as a person reads it."""

import datetime
import math
from typing import TypeAlias

Moment: TypeAlias = datetime.time | datetime.date | datetime.datetime | datetime.timedelta
CellValue: TypeAlias = int | float | str | bool | Moment | None

_LARGEST_IN_DIGITS = 1e15


def shown(value: CellValue, code: str = "") -> str:
    """Return the text of a cell: dates in ISO form, numbers without the noise of binary fractions.

    code: the number format where it shows a percentage or leading zeros.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(float(value), code) if math.isfinite(value) else ""
        case str():
            return " ".join(value.split())
        case _:
            return _moment(value)


def _moment(value: Moment) -> str:
    match value:
        case datetime.datetime():
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else f"{value.date().isoformat()} {_clock(value.time())}"
        case datetime.date():
            return value.isoformat()
        case datetime.time():
            return _clock(value)
        case datetime.timedelta():
            return _hours(value)


def _number(value: float, code: str) -> str:
    if "%" in code:
        decimals = len(code.partition(".")[2].partition("%")[0])
        return f"{100 * value:.{min(decimals, 10)}f}%"
    if code and value.is_integer():
        return f"{value:0{min(len(code), 30)}.0f}"
    if value.is_integer() and abs(value) < _LARGEST_IN_DIGITS:
        return f"{value:.0f}"
    return f"{value:.15g}"


def _clock(value: datetime.time) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _hours(value: datetime.timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
