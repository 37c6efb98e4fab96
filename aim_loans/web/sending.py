"""Files on their way to the browser: a paper to be read there, a file to be kept."""

import re
from collections.abc import Iterator

from werkzeug.wrappers import Response


def to_read(pdf: bytes, name: str) -> Response:
    """Send a paper that opens in the browser, under a name without blanks."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    headers = {"Content-Disposition": f'inline; filename="{plain}.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=headers)


def to_keep(body: bytes | str | Iterator[bytes], name: str, media: str) -> Response:
    """Send a file that the browser keeps; its name is one of ours, in plain letters."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, headers=headers, content_type=media)
