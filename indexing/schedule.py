"""When a source is due: cron expressions as cron reads them, in UTC."""

from datetime import UTC, datetime, timedelta

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # 0 is Sunday, and so is 7
_FIELDS = "minute, hour, day of the month, month, day of the week"


def next_due(expression: str, since: datetime) -> datetime | None:
    """Return the first time after `since` that a cron expression names; None where it names none.

    Raises ValueError with what is wrong in the expression.
    """
    # APScheduler is 0.1 s of every run, and few runs ask.
    from apscheduler.triggers.combining import OrTrigger  # noqa: PLC0415
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    fields = expression.split()
    if len(fields) != len(_FIELDS.split(",")):
        raise ValueError(f"it has {len(fields)} fields of five: {_FIELDS}")
    minute, hour, day, month, weekday = fields
    each = [CronTrigger(None, month, at, None, on, hour, minute, timezone=UTC) for at, on in _when(day, weekday)]
    found: datetime | None = OrTrigger(each).get_next_fire_time(None, since + timedelta(microseconds=1))
    return found


def require_cron(expression: str) -> None:
    """Raise ValueError where cron could not read an expression, or its time never comes."""
    try:
        due = next_due(expression, datetime.now(UTC))
    except ValueError as error:
        raise ValueError(
            f'schedule: {expression!r} is no cron expression: {error}. Write one such as "0 * * * *"'
        ) from error
    if due is None:
        raise ValueError(f"schedule: the time {expression!r} never comes")


def _when(day: str, weekday: str) -> list[tuple[str, str]]:
    """Return days of the month and of the week that must both hold; where both are named, cron lets one be enough."""
    days = "*" if weekday == "*" else ",".join(name for part in weekday.split(",") for name in _days(part))
    both = not day.startswith("*") and not weekday.startswith("*")
    return [(day, "*"), ("*", days)] if both else [(day, days)]


def _days(part: str) -> list[str]:
    """Return the names of the days of one part, for APScheduler counts from Monday."""
    span, _, step = part.lower().partition("/")
    first, _, last = ("0-6" if span == "*" else span).partition("-")
    start = _day(first)
    end = _day(last) if last else 6 if step else start
    if end < start or (step and not (step.isdecimal() and int(step))):
        raise ValueError(f"{part!r} is no span of days of the week")
    return [_DAYS[number % 7] for number in range(start, end + 1, int(step or 1))]


def _day(name: str) -> int:
    if name in _DAYS:
        return _DAYS.index(name)
    if not name.isdecimal() or int(name) > len(_DAYS):
        raise ValueError(f"{name!r} is no day of the week: 0 to 7, or sun to sat")
    return int(name)
