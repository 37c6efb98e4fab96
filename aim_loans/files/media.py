"""What kind of file some bytes are, told by the bytes themselves and not by a name. Pure."""

import io
from enum import StrEnum

from PIL import Image, UnidentifiedImageError

from aim_loans.errors import Refused

MEGABYTE = 1_000_000
# The cameras of telephones stay below this; a picture made to exhaust the memory does not.
MOST_PIXELS = 60_000_000
_END_OF_PDF = b"%%EOF"
_END_IS_WITHIN = 1_024


class MediaType(StrEnum):
    """The kinds of files that are taken, each under its name on the wire."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"

    @property
    def suffix(self) -> str:
        """Give how the name of such a file ends."""
        return {MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.PDF: "pdf"}[self]


_SIGNATURES = {
    b"\xff\xd8\xff": MediaType.JPEG,
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
    b"%PDF-": MediaType.PDF,
}


def media_type(content: bytes, *, most_bytes: int) -> MediaType:
    """Tell the kind of a photograph or a PDF; Refused for anything else, nothing, or too much."""
    if not content:
        raise Refused("The file is empty. Choose another.", field="file")
    if len(content) > most_bytes:
        raise Refused(
            "The file is too large: at most {most} megabytes. Photograph it again with fewer "
            "dots, or scan it in black and white.",
            field="file",
            most=f"{most_bytes / MEGABYTE:g}",
        )
    for signature, found in _SIGNATURES.items():
        if content.startswith(signature):
            _check_whole(content, found)
            return found
    raise Refused(
        "This is no photograph (JPEG or PNG) and no PDF, whatever its name says. Choose another "
        "file.",
        field="file",
    )


def _check_whole(content: bytes, found: MediaType) -> None:
    if found is MediaType.PDF:
        if _END_OF_PDF not in content[-_END_IS_WITHIN:]:
            raise _damaged()
        return
    try:
        # The head is read and the picture checked; its dots are never unpacked.
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
            dots = image.width * image.height
            image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise _too_many_dots() from fault
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as fault:
        raise _damaged() from fault
    if dots > MOST_PIXELS:
        raise _too_many_dots()


def _damaged() -> Refused:
    return Refused("The file is damaged or not whole. Photograph or scan it again.", field="file")


def _too_many_dots() -> Refused:
    return Refused(
        "The picture has too many dots: at most {most} million. Photograph it again with fewer.",
        field="file",
        most=MOST_PIXELS // MEGABYTE,
    )
