"""A joint report on its way: a period closed, both parts confirmed, prepared, released, signed."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading, writing
from aim_loans.files.store import Store
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.mou.editions import JointEdition, edition_by_id
from aim_loans.mou.periods import parse_period
from aim_loans.mou.signing import (
    ConfirmPart,
    ReleaseEdition,
    SignEdition,
    confirm_part,
    release_edition,
    sign_edition,
)
from aim_loans.web.joint_packs import JointPacks
from tests.book import AUDIT_KEY, HEAD_OFFICE, TODAY, Book
from tests.joint import PARTNER
from tests.web.desk import FILES_KEY

SECOND = Actor("second", (Grant(Role.HEAD_OFFICE),))
SETTINGS = read_settings(None, {})


@dataclass
class ReportOnItsWay:
    """The report of a closed period of a book; its files lie in a folder of their own."""

    book: Book
    folder: Path
    period: str = "2026-02"
    today: date = field(default=TODAY)

    @property
    def store(self) -> Store:
        return Store(self.folder, FILES_KEY)

    def confirm(self, actor: Actor) -> None:
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            confirm_part(tx, ConfirmPart(self.period), actor=actor, today=self.today)

    def prepare(self, reason: str = "") -> int:
        packs = JointPacks(self.book.engine, SETTINGS, AUDIT_KEY, HEAD_OFFICE, self.book.clock)
        return packs.prepare(parse_period(self.period), self.store, reason=reason)

    def release(self, edition_id: int, actor: Actor = SECOND) -> None:
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            release_edition(tx, ReleaseEdition(edition_id), actor=actor)

    def sign(self, edition_id: int, actor: Actor, digest: str = "") -> None:
        command = SignEdition(edition_id, digest or self.edition(edition_id).digest)
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            sign_edition(tx, command, actor=actor)

    def edition(self, edition_id: int) -> JointEdition:
        with reading(self.book.engine) as connection:
            return edition_by_id(connection, edition_id)

    def walk(self, reason: str = "") -> int:
        """Bring an edition to both signatures; gives its id."""
        for actor in (HEAD_OFFICE, PARTNER):
            self.confirm(actor)
        edition_id = self.prepare(reason)
        self.release(edition_id)
        for actor in (HEAD_OFFICE, PARTNER):
            self.sign(edition_id, actor)
        return edition_id
