"""Small files to attach: pictures, a PDF, and what only looks like one."""

import io
import struct
import zlib

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str = "PNG", *, shade: int = 120) -> bytes:
    """Draw a small picture; another shade gives other bytes."""
    drawn = io.BytesIO()
    Image.new("L", (8, 8), shade).save(drawn, kind)
    return drawn.getvalue()


def vast_picture(width: int, height: int) -> bytes:
    """Write a PNG of a few bytes that says it has so many dots."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)
