"""Files that are sent: how large, and where they lie until they are sealed."""

import io
from typing import IO

from flask import Request, request

from aim_loans.web.surroundings import around

_TAKES_A_FILE = "attachments.send"


class RequestInMemory(Request):
    """A request whose files lie in memory: on the disk anybody could read them."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def make_room() -> None:
    """Let the one form that sends a file be larger than the others by a file."""
    if request.endpoint == _TAKES_A_FILE and request.mimetype == "multipart/form-data":
        most = around().settings.attachments.most_bytes
        request.max_content_length = (request.max_content_length or 0) + most
