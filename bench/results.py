"""What an entry of the bench found, and the table of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.timing import Contest

HEADINGS = ("entry", "database", "loans", "ours", "peer", "ratio", "mark", "result", "memory")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table; `held` says whether the mark was held, None where there is none."""

    entry: str
    database: str
    loans: int
    ours: str
    peer: str = ""
    ratio: float | None = None
    mark: str = ""
    held: bool | None = None
    memory: str = ""

    def cells(self) -> tuple[str, ...]:
        """Give the texts of its columns."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        held = "" if self.held is None else "ok" if self.held else "OVER"
        return (
            self.entry,
            self.database,
            f"{self.loans:,}",
            self.ours,
            self.peer,
            ratio,
            self.mark,
            held,
            self.memory,
        )


def against_peer(
    entry: str, kind: str, loans: int, found: Contest, mark: float, *, memory: str = ""
) -> Result:
    """Hold a contest to its mark: so many times the peer's time ours may take."""
    times = seconds(found.ours), seconds(found.peer), found.ratio
    return Result(entry, kind, loans, *times, f"<= {mark} x", found.ratio <= mark, memory)


def seconds(value: float) -> str:
    """Write seconds so that three digits count."""
    return f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def table(results: Sequence[Result]) -> str:
    """Draw the table."""
    rows = [HEADINGS, *(result.cells() for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
