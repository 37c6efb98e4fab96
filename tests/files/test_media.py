"""The kind of a file is told by its contents; everything but a photograph or a PDF is refused."""

import pytest

from aim_loans.errors import Refused
from aim_loans.files.media import MOST_PIXELS, MediaType, media_type
from tests.papers import PDF, picture, vast_picture

MOST = 50_000
PNG, JPEG = picture(), picture("JPEG")


@pytest.mark.parametrize(
    ("content", "told"),
    [(PNG, MediaType.PNG), (JPEG, MediaType.JPEG), (PDF, MediaType.PDF)],
    ids=str,
)
def test_the_contents_tell_the_kind(content: bytes, told: MediaType) -> None:
    assert media_type(content, most_bytes=MOST) is told
    assert media_type(content, most_bytes=len(content)) is told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"MZ\x90\x00 this program cannot be run", "no photograph"),
        (b"\x7fELF\x02\x01\x01", "no photograph"),
        (b"<html><script>alert(1)</script>", "no photograph"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photograph"),
        (b"GIF89a\x01\x00\x01\x00", "no photograph"),
        (b" " + PNG, "no photograph"),
        (PNG[:40], "damaged or not whole"),
        (PNG[:-20] + b"x" * 20, "damaged or not whole"),
        (JPEG[:20], "damaged or not whole"),
        (PDF[:20], "damaged or not whole"),
        (b"\xff\xd8\xff" + b"x" * 100, "damaged or not whole"),
        (PNG + b"x" * MOST, "too large: at most 0.05 megabytes"),
        (vast_picture(30_000, 30_000), "too many dots"),
        (vast_picture(MOST_PIXELS + 1, 1), "too many dots"),
        (vast_picture(10_000, 10_000), "too many dots"),
    ],
)
def test_what_is_none_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        media_type(content, most_bytes=MOST)
    assert refused.value.field == "file"
