"""Draw docs/pictures: a contact sheet of each page, wide and narrow, in English and Urdu.

Run it from the root: `python -m tests.browser.pictures [part of a page's name ...]`.
"""

import base64
import re
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from html import escape
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.site import NARROW, WIDE, served, started
from tests.browser.town import Town, empty_town, full_town
from tests.browser.walk import LANGUAGES, walk
from tests.conftest import find_chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
# How wide a page stands on its sheet, and how much of a long one: pixels of the sheet.
SHOWN = {WIDE: 560, NARROW: 230}
TALLEST = 620
QUALITY = 40
_SHEET = """<!doctype html><meta charset="utf-8"><style>
body { margin: 12px; background: #e4e8eb; font: 13px "Noto Sans", sans-serif; color: #1b2733; }
h1 { font-size: 18px; margin: 0 0 8px; }
.row { display: flex; gap: 12px; align-items: start; margin: 0 0 12px; }
figure { margin: 0; } figcaption { margin: 0 0 4px; }
div.seen { overflow: hidden; border: 1px solid #7b8894; }
img { display: block; }
</style>"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it looked: in which language and book, how wide, the picture as PNG."""

    book: str
    language: str
    width: int
    png: bytes

    def figure(self) -> str:
        """Write it as a piece of the sheet."""
        shown = SHOWN[self.width]
        data = base64.b64encode(self.png).decode()
        caption = f"{self.book} book, {self.language}, {self.width} px"
        return (
            f"<figure><figcaption>{caption}</figcaption>"
            f'<div class="seen" style="max-height: {TALLEST}px">'
            f'<img width="{shown}" src="data:image/png;base64,{data}"></div></figure>'
        )


def draw(browser: Browser, wanted: list[str]) -> int:
    """Draw the sheets whose page's name holds one of the texts, or all; gives their bytes."""
    seen: dict[str, list[Picture]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for book, fill in (("full", full_town), ("empty", empty_town)):
            town = fill(Path(tempfile.mkdtemp(dir=folder)))
            for name, picture in _look(browser, town, book):
                seen[name].append(picture)
            town.screens.book.engine.dispose()
    drawn = {name: seen[name] for name in seen if not wanted or any(w in name for w in wanted)}
    return sum(_draw_sheet(browser, name, pictures) for name, pictures in drawn.items())


def _look(browser: Browser, town: Town, book: str) -> list[tuple[str, Picture]]:
    with served(town.screens.app) as site:
        return [
            (scene.name, Picture(book, language, width, page.screenshot(full_page=True)))
            for language in LANGUAGES
            for width in (WIDE, NARROW)
            for scene, page in walk(browser, site, town, language=language, width=width)
        ]


def _draw_sheet(browser: Browser, name: str, pictures: list[Picture]) -> int:
    rows: dict[str, list[str]] = defaultdict(list)
    for picture in pictures:
        rows[picture.book].append(picture.figure())
    body = "".join(f'<div class="row">{"".join(row)}</div>' for row in rows.values())
    window = browser.new_context(viewport={"width": 1660, "height": 400})
    page = window.new_page()
    page.set_content(f"{_SHEET}<h1>{escape(name)}</h1>{body}")
    path = FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.jpg"
    page.screenshot(path=path, full_page=True, type="jpeg", quality=QUALITY)
    window.close()
    return path.stat().st_size


def main() -> None:
    """Draw with the chromium of this system."""
    chromium = find_chromium()
    if not chromium:
        sys.exit("There is no program chromium on the path. Install it, and draw again.")
    wanted = sys.argv[1:]
    if not wanted:
        for old in FOLDER.glob("*.jpg"):
            old.unlink()
    with started(chromium) as browser:
        size = draw(browser, wanted)
    sys.stdout.write(f"{len(list(FOLDER.glob('*.jpg')))} sheets, {size // 1024} KB drawn\n")


if __name__ == "__main__":
    main()
