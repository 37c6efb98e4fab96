"""A folder of files, each kept once under a name made from its contents, and encrypted.

The name is an HMAC, not a plain digest: whoever has the folder alone cannot ask it whether it
holds a file that they know. The contents are sealed with AES-GCM, the name with them, so that a
file that was changed, or put in the place of another, is not read. Files are only added; what
refers to them is a fact of the book, and is written after the file lies safely on the disk.
"""

import hmac
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aim_loans.config.environment import derived_key
from aim_loans.errors import NotFound, Refused

NONCE_BYTES = 12
_LETTERS_OF_A_FOLDER = 2


@dataclass(frozen=True, slots=True)
class Store:
    """The folder, and the key (32 bytes) from which those of names and contents are derived."""

    folder: Path
    key: bytes

    def put(self, content: bytes) -> str:
        """Keep some bytes; gives their name, the same for the same bytes.

        A file that lies there damaged is written anew. Refused when the disk does not take it.
        """
        name = hmac.digest(derived_key(self.key, "names"), content, "sha256").hex()
        with _disk_faults():
            if not self._is_whole(name):
                self._write(name, self._sealed(name, content))
        return name

    def get(self, name: str) -> bytes:
        """Give the bytes of a name; NotFound when they are not there, Refused when not whole."""
        with _disk_faults():
            try:
                sealed = self._path(name).read_bytes()
            except FileNotFoundError as fault:
                raise NotFound(
                    "The file {name} is not in its folder. Put the folder back from the backup.",
                    name=name,
                ) from fault
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as fault:
            raise Refused(
                "The file {name} is damaged, or AIM_SECRET_KEY is not the one that it was kept "
                "with. Put the key right, or the file back from the backup.",
                name=name,
            ) from fault

    def check(self, name: str) -> None:
        """Refuse a file that is missing, damaged or sealed with another key."""
        self.get(name)

    @property
    def _cipher(self) -> AESGCM:
        return AESGCM(derived_key(self.key, "contents"))

    def _sealed(self, name: str, content: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def _path(self, name: str) -> Path:
        return self.folder / name[:_LETTERS_OF_A_FOLDER] / name

    def _is_whole(self, name: str) -> bool:
        try:
            self.check(name)
        except Refused:
            return False
        return True

    def _write(self, name: str, sealed: bytes) -> None:
        """Write under a temporary name and rename: a file of this name is always a whole one."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).rename(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        for folder in (path.parent, self.folder, self.folder.parent):
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _disk_faults() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise Refused(
            "The folder of files cannot be used: {reason}. Tell whoever keeps the machine.",
            reason=fault.strerror or type(fault).__name__,
        ) from fault
