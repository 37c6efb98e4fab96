"""A backup: taken while others work, restored elsewhere, the same to the paisa and to the seal."""

import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from aim_loans.db import snapshot
from aim_loans.db.engine import open_engine, reading, writing
from aim_loans.db.snapshot import dump, load
from aim_loans.errors import Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Role
from aim_loans.identity.queries import staff_exists
from tests.book import AUDIT_KEY, SHELL, TODAY
from tests.postgres import drop_postgres_database, fresh_postgres_database
from tests.stories.shell import Shell


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep two files beside the book."""
    folder = tmp_path / "files"
    (folder / "ab").mkdir(parents=True)
    (folder / "ab" / "card").write_bytes(b"\x00bytes of a card")
    (folder / "رسید").write_bytes(b"")
    monkeypatch.setenv("AIM_FILES", str(folder))
    return folder


@pytest.fixture
def elsewhere(database_kind: str, tmp_path: Path) -> Iterator[Shell]:
    """Give a shell over another database, which is empty."""
    folder = tmp_path / "elsewhere"
    if database_kind == "sqlite":
        yield Shell(f"sqlite:///{folder / 'book.sqlite'}", folder)
        return
    url = fresh_postgres_database()
    yield Shell(url, folder)
    drop_postgres_database(url)


def figures(shell: Shell) -> str:
    asked = ("portfolio", "--as-of", "2025-12-31", "--by", "sector", "--format", "csv")
    return shell.good(*asked).out


def test_a_restored_book_has_the_same_figures_files_and_chains(
    worked: Shell, files: Path, elsewhere: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "book.backup"
    said = worked.good("backup", "--out", backup)
    assert "the database and 2 files" in said.err
    assert len(said.out.strip()) == 64
    assert backup.stat().st_mode & 0o777 == 0o600
    assert "is whole" in elsewhere.good("restore", "--check", "--from", backup).err
    assert not elsewhere.folder.exists()
    other_files = tmp_path / "other files"
    monkeypatch.setenv("AIM_FILES", str(other_files))
    elsewhere.good("restore", "--from", backup)
    assert figures(elsewhere) == figures(worked)
    assert "FAILED" not in elsewhere.good("verify").out
    elsewhere.good("audit", "verify")
    for kept in (path for path in files.rglob("*") if path.is_file()):
        assert (other_files / kept.relative_to(files)).read_bytes() == kept.read_bytes()
    # What is there is overwritten by nothing: no book, no folder, no earlier backup.
    again = elsewhere.run("restore", "--from", backup)
    assert (again.code, "is not empty" in again.err) == (1, True)
    monkeypatch.setenv("AIM_FILES", str(tmp_path / "third"))
    again = elsewhere.run("restore", "--from", backup)
    assert (again.code, "There is a book already" in again.err) == (1, True)
    again = worked.run("backup", "--out", backup)
    assert (again.code, "is there already" in again.err) == (1, True)
    # The restored book goes on from where the other stood.
    add = ("staff", "add", "--username", "zainab", "--name", "Zainab", "--role", "auditor")
    elsewhere.good(*add)
    elsewhere.good("audit", "verify")


def test_a_copy_made_while_somebody_writes_holds_what_was_committed(
    shell: Shell, elsewhere: Shell, tmp_path: Path
) -> None:
    engine = open_engine(shell.url)
    copy = tmp_path / "copy"
    with writing(engine, audit_key=AUDIT_KEY) as tx:
        add_staff(tx, AddStaff("late", "Late", Role.AUDITOR, TODAY), actor=SHELL)
        other = open_engine(shell.url)
        copying = threading.Thread(target=dump, args=(other, copy))
        copying.start()
        copying.join(timeout=30)
        assert not copying.is_alive()
        other.dispose()
    elsewhere.folder.mkdir()
    restored = open_engine(elsewhere.url)
    load(restored, copy)
    with reading(engine) as now, reading(restored) as then:
        assert staff_exists(now, "late")
        assert not staff_exists(then, "late")
    engine.dispose()
    restored.dispose()


@pytest.fixture
def quick(tmp_path: Path) -> Shell:
    """A shell on SQLite alone, for what does not depend on the database."""
    opened = Shell(f"sqlite:///{tmp_path / 'book.sqlite'}", tmp_path)
    opened.good("init")
    return opened


@pytest.mark.usefixtures("files")
def test_a_backup_that_was_damaged_is_told_from_a_sound_one(quick: Shell, tmp_path: Path) -> None:
    backup = tmp_path / "book.backup"
    quick.good("backup", "--out", backup)
    whole = backup.read_bytes()
    changed, cut_off = tmp_path / "changed", tmp_path / "cut off"
    cut_off.write_bytes(whole[: len(whole) // 2])
    shutil.copyfile(backup, changed)
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            new.writestr(member, data[:-1] + b"?" if member.filename.endswith("card") else data)
    more = tmp_path / "more"
    shutil.copyfile(backup, more)
    with zipfile.ZipFile(more, "a") as archive:
        archive.writestr("folders/files/slipped in", b"x")
    text = tmp_path / "text"
    text.write_text("no backup", encoding="utf-8")
    for file, sentence in (
        (changed, "damaged"),
        (cut_off, "no backup"),
        (more, "no backup"),
        (text, "no backup"),
    ):
        said = quick.run("restore", "--check", "--from", file)
        assert (said.code, sentence in said.err) == (1, True), (file, said.err)
    assert quick.run("restore", "--check", "--from", tmp_path / "nowhere").code == 2
    assert quick.run("backup", "--out", tmp_path / "no folder" / "x").code == 1


def test_a_backup_of_one_kind_of_database_is_not_put_into_the_other(
    quick: Shell, tmp_path: Path
) -> None:
    backup = tmp_path / "book.backup"
    quick.good("backup", "--out", backup)
    said = Shell("postgresql+psycopg://nobody@/nothing", tmp_path).run("restore", "--from", backup)
    assert (said.code, "of the same kind" in said.err) == (1, True)


def test_a_missing_client_of_postgresql_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(snapshot, "DEBIAN_PROGRAMS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="pg_dump is not on this machine"):
        dump(open_engine("postgresql+psycopg://nobody@/nothing"), tmp_path / "copy")
