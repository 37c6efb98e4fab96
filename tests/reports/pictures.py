"""Draw docs/pictures/papers: of the portfolio paper a contact sheet of its pages in each language.

Run it from the root with a statement that `aim-loans report statement` wrote, such as that of the
demonstration: `python -m tests.reports.pictures STATEMENT.json`.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from aim_loans.portfolio.statement_json import from_json
from aim_loans.texts import LANGUAGES
from reports.loan_values import Letterhead
from reports.portfolio_pdf import portfolio_pdf

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "papers"
DOTS_PER_INCH = 60
COLUMNS = 5
BETWEEN = 8  # pixels
GROUND = "#7b8894"
QUALITY = 55


def draw(pdf: bytes, path: Path) -> int:
    """Turn every page into a picture and put them on one sheet; gives the sheet's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder) / "paper.pdf"
        paper.write_bytes(pdf)
        dots = str(DOTS_PER_INCH)
        subprocess.run(
            [program(), "-r", dots, "-png", paper, Path(folder) / "page"],
            check=True,
        )
        pages = [Image.open(file) for file in sorted(Path(folder).glob("page*.png"))]
        width, height = pages[0].width + BETWEEN, pages[0].height + BETWEEN
        rows = -(-len(pages) // COLUMNS)
        size = (COLUMNS * width + BETWEEN, rows * height + BETWEEN)
        sheet = Image.new("RGB", size, GROUND)
        for place, page in enumerate(pages):
            down, along = divmod(place, COLUMNS)
            sheet.paste(page, (along * width + BETWEEN, down * height + BETWEEN))
        sheet.save(path, quality=QUALITY, optimize=True)
    return path.stat().st_size


def program() -> str:
    """Find the program that turns pages into pictures."""
    found = shutil.which("pdftoppm")
    if found is None:
        sys.exit("There is no program pdftoppm on the path. Install Poppler, and draw again.")
    return found


def main() -> None:
    """Draw a sheet for each language."""
    statement = from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    letterhead = Letterhead(statement.identity.institution, "thousands", synthetic=True)
    for language in LANGUAGES:
        path = FOLDER / f"portfolio-{language}.jpg"
        size = draw(portfolio_pdf(statement, letterhead, language), path)
        sys.stdout.write(f"{path.name}: {size // 1024} KB\n")


if __name__ == "__main__":
    main()
