"""A drawn sample: who is asked, and how far the answers may be off. Pure.

The draw is stratified in proportion (W. G. Cochran, Sampling Techniques, 3rd edition, 1977,
sections 5.5 and 4.4): each stratum gives its share of the sample. Within a stratum the order
is that of a digest of seed and enterprise, so that anybody can draw the same sample again.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_Z_95 = 1.96


class Drawn(NamedTuple):
    """An enterprise of a sample, and its stratum."""

    enterprise_id: int
    stratum: str


def draw(strata: Mapping[int, str], *, size: int, seed: int) -> list[Drawn]:
    """Draw a sample of `size` from enterprises by id with their strata, in proportion.

    Which share a stratum gives, `shares` tells; all are taken where there are no more than `size`.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for enterprise_id, stratum in strata.items():
        groups[stratum].append(enterprise_id)
    parts = shares({name: len(group) for name, group in groups.items()}, size)
    return [
        Drawn(enterprise_id, name)
        for name in sorted(groups)
        for enterprise_id in _in_order(groups[name], seed)[: parts[name]]
    ]


def shares(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """Give how many each stratum gives to a sample of `size`, from the counts of all of them.

    Every stratum gives at least one; shares are rounded by the largest remainder.
    """
    whole = sum(counts.values())
    if size >= whole:
        return dict(counts)
    exact = {name: divmod(count * size, whole) for name, count in counts.items()}
    parts = {name: max(1, share) for name, (share, _) in exact.items()}
    for name in sorted(exact, key=lambda name: (-exact[name][1], name)):
        if sum(parts.values()) >= size:
            break
        if exact[name][0]:
            parts[name] += 1
    return parts


def margin_per_mille(answered: int, population: int) -> int | None:
    """Give the margin of a share at 95 %, in tenths of a percentage point, rounded up.

    The share is taken to be a half, where the margin is widest; the correction for a finite
    population is applied (Cochran 1977, section 4.4). None without an answer.
    """
    if not answered or population < answered:
        return None
    if population == answered:
        return 0
    spread = 0.25 / answered * (population - answered) / (population - 1)
    return math.ceil(_Z_95 * math.sqrt(spread) * 1000)


def _in_order(ids: Iterable[int], seed: int) -> list[int]:
    return sorted(ids, key=lambda each: hashlib.sha256(f"{seed}:{each}".encode()).digest())
