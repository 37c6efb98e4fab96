"""What a PDF says, read back by an independent library."""

import io
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream, DictionaryObject


def spoken(pdf: bytes) -> list[list[str]]:
    """The lines of each page in the order they are drawn, as copying gives them (ActualText)."""
    return [list(_lines(page)) for page in PdfReader(io.BytesIO(pdf)).pages]


def extracted(pdf: bytes) -> str:
    """All text, by the letters of the glyphs: right for lines that run left to right."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    """The width and height of each page, in points."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return [(float(page.mediabox.width), float(page.mediabox.height)) for page in pages]


def font_names(pdf: bytes) -> set[str]:
    """The fonts that the pages name; each must be embedded."""
    names = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            assert "/FontFile2" in descendant.get_object()["/FontDescriptor"].get_object()
            names.add(str(font.get_object()["/BaseFont"]))
    return names


def _lines(page: PageObject) -> Iterator[str]:
    contents = page.get_contents()
    assert isinstance(contents, ContentStream)
    for operands, operator in contents.operations:
        if operator == b"BDC":
            said = operands[1]
            assert isinstance(said, DictionaryObject)
            yield str(said["/ActualText"])


def titles(pdf: bytes) -> list[list[str]]:
    """The headings of each page (12 points and more) and the words of bold heads, in order."""
    return [
        [said for said, size, bold in _set(page) if size >= 12 or (bold and size < 9)]
        for page in PdfReader(io.BytesIO(pdf)).pages
    ]


def _set(page: PageObject) -> Iterator[tuple[str, float, bool]]:
    """Each line with the size and weight of its first letters."""
    resources: Any = page["/Resources"]
    fonts = {name: str(font.get_object()["/BaseFont"]) for name, font in resources["/Font"].items()}
    contents = page.get_contents()
    assert isinstance(contents, ContentStream)
    said = ""
    for operands, operator in contents.operations:
        if operator == b"BDC":
            said = str(operands[1]["/ActualText"])
        elif operator == b"Tf" and said:
            yield said, float(operands[1]), fonts[operands[0]].endswith("bold")
            said = ""
