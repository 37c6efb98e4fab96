"""What an edition tells and holds back as JSON and back, for the proof of others. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from aim_loans.mou.disclosure import Edition, Key, Published


def withheld_text(told: Mapping[str, Published]) -> str:
    """Write the counts, their sums and what is held back, by block."""
    blocks = {name: _block(each) for name, each in told.items()}
    return json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))


def read_withheld(text: str) -> dict[str, Published]:
    """Read what `withheld_text` wrote."""
    return {name: _published(each) for name, each in json.loads(text).items()}


def _block(published: Published) -> dict[str, Any]:
    counts = published.edition.counts
    places = {key: place for place, key in enumerate(counts)}
    return {
        "counts": [[key.by, key.values, count] for key, count in counts.items()],
        "sums": [
            [places[whole], [places[part] for part in parts]]
            for whole, parts in published.edition.sums
        ],
        "held": sorted(places[key] for key in published.held),
    }


def _published(block: dict[str, Any]) -> Published:
    keys = [Key(tuple(by), tuple(values)) for by, values, _ in block["counts"]]
    counts = {key: each[2] for key, each in zip(keys, block["counts"], strict=True)}
    sums = tuple(
        (keys[whole], tuple(keys[part] for part in parts)) for whole, parts in block["sums"]
    )
    return Published(Edition(counts, sums), frozenset(keys[place] for place in block["held"]))
