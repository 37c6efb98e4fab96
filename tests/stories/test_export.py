"""The command that makes the files of a month: what it makes, leaves out, refuses and checks."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.stories.shell import Shell

SAFE = (
    "secp_loan_tape",
    "secp_classification_summary",
    "secp_gender_portfolio",
    "secp_complaints",
    "smeda_formalisation",
)
OF_PEOPLE = ("secp_loan_tape_identified", "waiver_writeoff_register", "programme_report")


def manifest(folder: Path, name: str, edition: str = "") -> dict[str, Any]:
    path = folder / f"{name}.feeder-v1.2025-12{edition}.manifest.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def export(shell: Shell, name: str, out: Path, *more: str) -> tuple[int, str, str]:
    said = shell.run("export", name, "--month", "2025-12", "--out", out, *more)
    return said.code, said.out, said.err


def test_all_files_of_a_month_then_a_new_edition(worked: Shell) -> None:
    out = worked.folder / "out"
    code, _, err = export(worked, "all", out)
    assert code == 0, err
    assert all(name in err for name in OF_PEOPLE)
    assert "provisional" in err
    assert {path.name.partition(".")[0] for path in out.iterdir()} == set(SAFE)
    assert worked.good("export", "check", out).out.count("ok ") == len(SAFE)
    tape, classes = (manifest(out, name) for name in SAFE[:2])
    assert tape["known_at"] == classes["known_at"]
    assert (tape["privacy_level"], tape["state"], tape["edition"]) == ("B", "provisional", 1)
    assert tape["control_totals"]["outstanding"] == "206900"
    assert classes["control_totals"]["outstanding"] == str(206_900 * 8)
    with (out / "secp_loan_tape.feeder-v1.2025-12.csv").open(encoding="utf-8", newline="") as file:
        held = list(csv.DictReader(file))
    assert len(held) == tape["rows"] == 11
    assert not {"W02", "Bushra"} & {cell for row in held for cell in row.values()}
    assert export(worked, "secp_loan_tape", out, "--bom")[0] == 0
    second = manifest(out, "secp_loan_tape", ".edition-2")
    assert (second["edition"], second["previous_sha256"]) == (2, tape["sha256"])
    assert second["encoding"] == "utf-8-sig"
    assert worked.good("export", "check", out).out.count("ok ") == len(SAFE) + 1
    worked.good("verify")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_is_refused_leaves_nothing(shell: Shell) -> None:
    out = shell.folder / "out"
    for name in OF_PEOPLE:
        code, _, err = export(shell, name, out)
        assert code == 1
        assert "one person asks for it in the browser" in err
    later = shell.run("export", "all", "--month", "2099-01", "--out", out)
    assert later.code == 1
    assert "not over yet" in later.err
    assert shell.run("export", "all", "--month", "soon", "--out", out).code == 2
    assert shell.run("export", "nothing", "--month", "2025-12", "--out", out).code == 2
    assert not out.exists()
    assert shell.run("export", "check", shell.folder).code == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_file_that_was_changed_fails_the_check(shell: Shell) -> None:
    out = shell.folder / "out"
    assert export(shell, "secp_gender_portfolio", out)[0] == 0
    path = out / "secp_gender_portfolio.feeder-v1.2025-12.csv"
    path.write_bytes(path.read_bytes().replace(b",0,", b",9,", 1))
    said = shell.run("export", "check", out)
    assert said.code == 1
    assert "SHA-256" in said.out
    assert "new_borrowers adds up to 9" in said.out
    # Where a file of the name stands, nothing is written over it, nor recorded as issued.
    taken = shell.folder / "taken"
    taken.mkdir()
    (taken / "secp_gender_portfolio.feeder-v1.2025-12.edition-2.csv").write_text("mine")
    assert export(shell, "secp_gender_portfolio", taken)[0] == 1
    assert [path.read_text() for path in taken.iterdir()] == ["mine"]
    assert export(shell, "secp_gender_portfolio", out)[0] == 0
    assert manifest(out, "secp_gender_portfolio", ".edition-2")["edition"] == 2


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_page_about_the_files_is_printed(shell: Shell) -> None:
    assert "## secp_loan_tape_identified" in shell.good("export", "describe").out
