"""The same values give the same bytes, in any process, under any seed, time zone and locale."""

import os
import subprocess
import sys
from pathlib import Path

from aim_loans.portfolio.statement_json import to_json
from reports.accounts import ACCOUNT_PAPERS
from reports.offers import OFFER_PAPERS
from tests.feeder_files import ALL_FILES
from tests.reports.statements import worked_statement

ROOT = Path(__file__).resolve().parents[2]


def test_every_paper_and_file_has_equal_bytes_in_any_process(tmp_path: Path) -> None:
    file = tmp_path / "statement.json"
    file.write_text(to_json(worked_statement()), encoding="utf-8")
    drawing = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.reports.every_paper", file],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **surroundings},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for surroundings in (
            {"PYTHONHASHSEED": "1", "TZ": "America/Lima", "LC_ALL": "C.UTF-8"},
            {"PYTHONHASHSEED": "2", "TZ": "Asia/Karachi", "LC_ALL": "C"},
        )
    ]
    one, other = (process.communicate()[0] for process in drawing)
    assert [process.returncode for process in drawing] == [0, 0]
    assert one == other
    names = [line.partition(" ")[2] for line in one.splitlines()]
    papers = ("portfolio", "joint", *OFFER_PAPERS, *ACCOUNT_PAPERS)
    assert {*papers, *(file.name for file in ALL_FILES)} <= set(names)
