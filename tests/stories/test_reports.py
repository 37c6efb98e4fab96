"""The commands that make a month's papers and prove one."""

import json
from pathlib import Path

import pytest

from tests.stories.shell import WORKED, Shell


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_pack_of_a_closed_month_and_its_proof(worked: Shell) -> None:
    worked.good("close", "--month", "2025-12")
    out = worked.folder / "papers"
    run = ("reports", "run", "--month", "2025-12", "--out", out)
    said = worked.good(*run, "--processes", "1")
    assert "portfolio.2025-12.whole.en.pdf" in {path.name for path in out.iterdir()}
    made = {path: path.read_bytes() for path in out.iterdir()}
    assert f"{len(made)} papers are in" in said.err
    # Run again, it makes nothing anew, and puts back what is missing in the folder.
    whole = out / "portfolio.2025-12.whole.en.pdf"
    whole.unlink()
    worked.good(*run, "--processes", "1")
    assert {path: path.read_bytes() for path in out.iterdir()} == made
    proved = worked.good("report", "verify", whole)
    assert "is genuine" in proved.err
    assert "figure by figure" in proved.err
    expect_a_late_receipt_to_restate_the_month(worked, whole)
    whole.write_bytes(whole.read_bytes() + b"\n")
    assert "is not genuine" in worked.run("report", "verify", whole).err
    assert "another file" in worked.run(*run, "--processes", "1").err
    worked.good("worker", "--once")
    worked.good("files", "verify")


def expect_a_late_receipt_to_restate_the_month(shell: Shell, paper: Path) -> None:
    """The closed paper stays genuine; the next month's names the loan, why, and the sums."""
    late = shell.folder / "late.csv"
    late.write_text(
        "receipt_ref,loan_ref,received_on,amount,channel\nLATE-1,W02,2025-12-20,500,cash\n"
    )
    loans = ("--loans", WORKED / "loans.csv", "--receipts", late)
    shell.good("import", "book", *loans, "--create-missing")
    proved = shell.good("report", "verify", paper)
    assert "is genuine" in proved.err
    assert "figure by figure" in proved.err
    kept = shell.folder / "january.json"
    shell.good("report", "statement", "--month", "2026-01", "--out", kept)
    (restated,) = json.loads(kept.read_text("utf-8"))["restatements"]
    assert (restated["month"], restated["loan_ref"]) == ("2025-12-31", "W02")
    assert (restated["reason"], restated["outstanding"]) == ("receipt", -500_00)
