"""Pages to PDF: the one place that draws with reportlab.

Text goes in as glyph codes of the shipped fonts, of which the file carries the glyphs it uses.
Every line holds its own letters beside its glyphs (ActualText, PDF 32000-1, 14.9.4), so that
copying and reading aloud give the words in their order. Equal pages give equal bytes: the file
holds no moment and no random number.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from reports.marks import Box, Mark, Page, Rule, Stroke, Words
from reports.text import Line
from reports.type import SANS, UNITS, Font
from reports.untyped import Canvas, HexColor, TTFont, document_of, pdfdoc, pdfmetrics, uharfbuzz

# A canvas begins with a font; this one is only named, where the default would be listed.
_FIRST_FONT = "papers"
_MOST_IN_A_MAP = 100
_DASHES = (3, 2)
_NOT_EMBEDDED = (b"GSUB", b"GPOS", b"GDEF", b"name", b"post", b"OS/2")


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: its title holds no name of a person."""

    title: str
    author: str
    language: str


def to_pdf(pages: Sequence[Page], about: About) -> bytes:
    """Draw pages; the bytes depend on nothing else."""
    file = io.BytesIO()
    canvas = _canvas(file, about)
    fonts = _embedded(canvas, _glyphs_used(pages))
    for page in pages:
        canvas.setPageSize((page.width, page.height))
        for placed in page.placed:
            for mark in placed.marks:
                _draw(canvas, mark, placed.x, page.height - placed.y, fonts)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _canvas(file: io.BytesIO, about: About) -> Any:
    if _FIRST_FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_FIRST_FONT, str(SANS.path)))
    canvas = Canvas(
        file, invariant=1, pageCompression=1, initialFontName=_FIRST_FONT, lang=about.language
    )
    canvas.setTitle(about.title)
    canvas.setSubject(about.title)
    canvas.setAuthor(about.author)
    canvas.setCreator("aim-loans")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    if about.language == "ur":
        canvas.setViewerPreference("Direction", "/R2L")
    return canvas


def _glyphs_used(pages: Sequence[Page]) -> dict[Font, set[int]]:
    used: dict[Font, set[int]] = {}
    for page in pages:
        for placed in page.placed:
            for mark in placed.marks:
                for run in mark.line.runs if isinstance(mark, Words) else ():
                    used.setdefault(run.font, set()).update(glyph.code for glyph in run.glyphs)
    return used


def _embedded(canvas: Any, used: dict[Font, set[int]]) -> dict[Font, str]:
    """Put the used glyphs of each font into the file; gives the fonts' names there."""
    document = document_of(canvas)
    names: dict[Font, str] = {}
    for number, font in enumerate(sorted(used, key=lambda font: font.name), start=1):
        names[font] = f"F{number}"
        document.idToObject["BasicFonts"].dict[names[font]] = document.Reference(
            _font_object(document, font, sorted(used[font])), names[font]
        )
    return names


def _font_object(document: Any, font: Font, codes: list[int]) -> Any:
    """Make the composite font whose codes are the glyphs' own (PDF 32000-1, 9.7)."""
    name = f"{_tag(codes)}+{font.name}"
    widths = [
        part
        for code in codes
        for part in (code, pdfdoc.PDFArray([font.scaled.get_glyph_h_advance(code)]))
    ]
    descendant = _dictionary(
        Type="Font",
        Subtype="CIDFontType2",
        BaseFont=name,
        CIDSystemInfo=pdfdoc.PDFDictionary(
            {
                "Registry": pdfdoc.PDFString("Adobe"),
                "Ordering": pdfdoc.PDFString("Identity"),
                "Supplement": 0,
            }
        ),
        FontDescriptor=document.Reference(_descriptor(document, font, name, codes)),
        CIDToGIDMap="Identity",
        DW=0,
        W=pdfdoc.PDFArray(widths),
    )
    return _dictionary(
        Type="Font",
        Subtype="Type0",
        BaseFont=name,
        Encoding="Identity-H",
        DescendantFonts=pdfdoc.PDFArray([document.Reference(descendant)]),
        ToUnicode=document.Reference(_stream(_letters_of(font, codes))),
    )


def _descriptor(document: Any, font: Font, name: str, codes: list[int]) -> Any:
    extents = font.scaled.get_font_extents("ltr")
    file = _stream(_cut(font, codes))
    return _dictionary(
        Type="FontDescriptor",
        FontName=name,
        Flags=4,
        FontBBox=pdfdoc.PDFArray([-UNITS, extents.descender, 2 * UNITS, extents.ascender]),
        ItalicAngle=0,
        Ascent=extents.ascender,
        Descent=extents.descender,
        CapHeight=714,
        StemV=80,
        FontFile2=document.Reference(file),
    )


def _cut(font: Font, codes: list[int]) -> bytes:
    """Cut the font to these glyphs, which keep their codes."""
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(codes)
    flags = uharfbuzz.SubsetFlags
    wanted.flags = flags.RETAIN_GIDS | flags.NOTDEF_OUTLINE | flags.NO_LAYOUT_CLOSURE
    # The glyphs are placed already: the file needs their outlines alone.
    dropped = wanted.sets(uharfbuzz.SubsetInputSets.DROP_TABLE_TAG)
    dropped.update(int.from_bytes(table, "big") for table in _NOT_EMBEDDED)
    return bytes(uharfbuzz.subset(font.face, wanted).blob.data)


def _tag(codes: list[int]) -> str:
    """Name a subset by its glyphs, with six letters."""
    number = sum((place + 1) * code for place, code in enumerate(codes))
    return "".join(chr(ord("A") + number // 26**place % 26) for place in range(6))


def _letters_of(font: Font, codes: list[int]) -> bytes:
    """Say which glyph is which letter, for readers that do not know ActualText (9.10.3)."""
    known = [
        f"<{code:04x}> <{font.letter_of_glyph[code].encode('utf-16-be').hex()}>"
        for code in codes
        if code in font.letter_of_glyph
    ]
    parts = [
        known[start : start + _MOST_IN_A_MAP] for start in range(0, len(known), _MOST_IN_A_MAP)
    ]
    said = "\n".join(
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Letters def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{said}\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")


def _stream(content: bytes) -> Any:
    return pdfdoc.PDFStream(
        dictionary=pdfdoc.PDFDictionary({"Length1": len(content)}),
        content=content,
        filters=[pdfdoc.PDFZCompress],
    )


def _dictionary(**entries: Any) -> Any:
    """Make a dictionary; texts are names."""
    named = {
        key: pdfdoc.PDFName(entry) if isinstance(entry, str) else entry
        for key, entry in entries.items()
    }
    return pdfdoc.PDFDictionary(named)


def _draw(canvas: Any, mark: Mark, x: float, top: float, fonts: dict[Font, str]) -> None:
    """Draw a mark; the paper's own zero is at its lower left."""
    if isinstance(mark, Words):
        canvas.setFillColor(_colour(mark.colour))
        for operation in _spoken(mark.line, mark.size, x + mark.x, top - mark.y, fonts):
            canvas.addLiteral(operation)
    elif isinstance(mark, Rule):
        canvas.setStrokeColor(_colour(mark.colour))
        canvas.setLineWidth(mark.width)
        canvas.line(x + mark.x, top - mark.y, x + mark.to_x, top - mark.to_y)
    elif isinstance(mark, Box):
        canvas.setLineWidth(mark.edge_width)
        if mark.fill:
            canvas.setFillColor(_colour(mark.fill))
        if mark.edge:
            canvas.setStrokeColor(_colour(mark.edge))
        canvas.rect(
            x + mark.x,
            top - mark.y - mark.height,
            mark.width,
            mark.height,
            stroke=int(mark.edge is not None),
            fill=int(mark.fill is not None),
        )
    else:
        _stroke(canvas, mark, x, top)


def _stroke(canvas: Any, mark: Stroke, x: float, top: float) -> None:
    canvas.setStrokeColor(_colour(mark.colour))
    canvas.setLineWidth(mark.width)
    canvas.setDash(*(_DASHES if mark.dashed else ()))
    path = canvas.beginPath()
    (first_x, first_y), *others = mark.points
    path.moveTo(x + first_x, top - first_y)
    for to_x, to_y in others:
        path.lineTo(x + to_x, top - to_y)
    canvas.drawPath(path)
    canvas.setDash()


def _spoken(line: Line, size: float, x: float, y: float, fonts: dict[Font, str]) -> Iterator[str]:
    """Give the operations that show a line, with what it says around them."""
    said = ("\ufeff" + line.text).encode("utf-16-be").hex()
    yield f"/Span <</ActualText <{said}>>> BDC BT"
    pen = 0
    for run in line.runs:
        yield f"/{fonts[run.font]} {_number(size)} Tf"
        for glyph in run.glyphs:
            at_x = x + (pen + glyph.right) * size / UNITS
            at_y = y + glyph.up * size / UNITS
            yield f"1 0 0 1 {_number(at_x)} {_number(at_y)} Tm <{glyph.code:04x}> Tj"
            pen += glyph.advance
    yield "ET EMC"


@cache
def _colour(token: str) -> Any:
    """Read a colour once: the library would read its text at every mark."""
    return HexColor(token)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
