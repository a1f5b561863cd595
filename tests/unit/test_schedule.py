"""Cron expressions mean what they mean to cron."""

from datetime import UTC, datetime

import pytest

from indexing.schedule import next_due, require_cron

SATURDAY = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("0 * * * *", "2026-11-21 13:00"),
        ("*/5 * * * *", "2026-11-21 12:35"),
        ("0 6 * * 0", "2026-11-22 06:00"),  # Sunday is 0, and 7
        ("0 6 * * 7", "2026-11-22 06:00"),
        ("0 6 * * 1", "2026-11-23 06:00"),
        ("0 6 * * 1-5", "2026-11-23 06:00"),
        ("0 6 * * Wed,mon", "2026-11-23 06:00"),
        ("0 6 * * 5-7", "2026-11-22 06:00"),
        ("0 6 * * */2", "2026-11-22 06:00"),  # Sunday, Tuesday, Thursday, Saturday
        ("0 6 * * 2/3", "2026-11-24 06:00"),
        ("0 0 1 1 *", "2027-01-01 00:00"),
        ("0 6 1 * 2", "2026-11-24 06:00"),  # the first of the month, or a Tuesday
        ("0 6 23 * 4", "2026-11-23 06:00"),
    ],
)
def test_the_next_time_is_the_one_that_cron_would_take(expression: str, due: str) -> None:
    require_cron(expression)
    assert next_due(expression, SATURDAY).strftime("%Y-%m-%d %H:%M") == due


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 * * *", "4 fields of five: minute"),
        ("@hourly", "1 fields of five"),
        ("61 * * * *", "61"),
        ("0 24 * * *", "24"),
        ("0 6 * * 8", "no day of the week: 0 to 7"),
        ("0 6 * * someday", "no day of the week"),
        ("0 6 * * 5-1", "no span of days"),
        ("0 6 * * */0", "no span of days"),
        ("0 0 * janember *", "janember"),
        ("0 0 31 2 *", "never comes"),
    ],
)
def test_what_cron_could_not_read_is_refused_with_the_reason(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^schedule: .*" + said):
        require_cron(expression)
