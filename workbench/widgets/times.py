"""Times and sizes in words."""

import time


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: "14 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    for limit, unit, name in ((7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"


def ago(at: float) -> str:
    """Return how long ago a moment was, in seconds since 1970: "14 min ago"."""
    return f"{duration(max(time.time() - at, 0.0))} ago"
