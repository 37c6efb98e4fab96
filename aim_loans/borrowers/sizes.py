"""How large an enterprise is: the band of its yearly turnover, and the size class. Pure.

A band is what an owner can say without books. Size classes follow SMEDA's limits of yearly
turnover, which are dated settings.
"""

from collections.abc import Mapping

from aim_loans.config.settings import Limits

# Bands by their upper end in paisa a year; the last one has none.
BANDS: Mapping[str, int | None] = {
    "to_500k": 500_000_00,
    "to_2m": 2_000_000_00,
    "to_10m": 10_000_000_00,
    "to_30m": 30_000_000_00,
    "to_150m": 150_000_000_00,
    "to_800m": 800_000_000_00,
    "over_800m": None,
}


def size_class(band: str, limits: Limits) -> str:
    """Give the smallest size class whose limit no turnover of the band passes."""
    most = BANDS[band]
    for name, limit in (
        ("micro", limits.micro_turnover_max),
        ("small", limits.small_turnover_max),
        ("medium", limits.medium_turnover_max),
    ):
        if most is not None and most <= limit:
            return name
    return "large"
