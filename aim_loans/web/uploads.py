"""Files that are sent: how large, and where they lie until they are sealed."""

import io
from typing import IO

from flask import Request, request

from aim_loans.mou.partner_reading import MOST_BYTES
from aim_loans.web.surroundings import around

_TAKES_AN_ATTACHMENT = "attachments.send"
_TAKES_A_FILE_OF_SMEDA = "smeda_files.send"


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
    """Let the forms that send a file be larger than the others by a file."""
    if request.mimetype != "multipart/form-data":
        return
    most = 0
    if request.endpoint == _TAKES_AN_ATTACHMENT:
        most = around().settings.attachments.most_bytes
    elif request.endpoint == _TAKES_A_FILE_OF_SMEDA:
        most = MOST_BYTES
    request.max_content_length = (request.max_content_length or 0) + most
