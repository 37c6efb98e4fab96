"""What stands on a page: words, rules, boxes and strokes, in points from its upper left."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from reports.style import HAIR, INK, LINE
from reports.text import Line


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text whose first glyph on the left stands at (x, y), on its foot."""

    x: float
    y: float
    line: Line
    size: float
    colour: str = INK

    def moved(self, right: float, down: float) -> Self:
        """Move it, in points."""
        return replace(self, x=self.x + right, y=self.y + down)


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    width: float = HAIR
    colour: str = LINE

    def moved(self, right: float, down: float) -> Self:
        """Move it, in points."""
        to_x, to_y = self.to_x + right, self.to_y + down
        return replace(self, x=self.x + right, y=self.y + down, to_x=to_x, to_y=to_y)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle whose upper left is (x, y); filled, outlined or both."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    edge: str | None = None
    edge_width: float = HAIR

    def moved(self, right: float, down: float) -> Self:
        """Move it, in points."""
        return replace(self, x=self.x + right, y=self.y + down)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    width: float
    colour: str
    dashed: bool = False

    def moved(self, right: float, down: float) -> Self:
        """Move it, in points."""
        return replace(self, points=tuple((x + right, y + down) for x, y in self.points))


Mark = Words | Rule | Box | Stroke


class Placed(NamedTuple):
    """Marks moved to the right and down, in points."""

    x: float
    y: float
    marks: tuple[Mark, ...]


class Page(NamedTuple):
    """A page: its size in points, and what stands on it."""

    width: float
    height: float
    placed: tuple[Placed, ...]
