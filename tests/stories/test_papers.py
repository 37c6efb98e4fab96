"""Papers in the shell: drawn into a file, refused with a sentence, the same each time."""

import pytest

from tests.reports.reading import extracted, spoken
from tests.stories.shell import Shell


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_loans_papers_are_drawn_into_files(worked: Shell) -> None:
    out = worked.folder / "statement.pdf"
    command = ("report", "loan", "W02", "--paper", "statement", "--out", out)
    said = worked.good(*command)
    assert "statement.pdf is written" in said.err
    first = out.read_bytes()
    assert "Statement of loan W02" in extracted(first)
    worked.good(*command)
    assert out.read_bytes() == first
    worked.good(*command, "--language", "both")
    assert len(spoken(out.read_bytes())) == 2 * len(spoken(first))
    for paper, refusal in (("clearance", "not closed"), ("agreement", "without an application")):
        other = worked.folder / f"{paper}.pdf"
        refused = worked.run("report", "loan", "W02", "--paper", paper, "--out", other)
        assert refused.code == 1
        assert refusal in refused.err
        assert not other.exists()
    assert worked.run("report", "loan", "W99", "--paper", "schedule", "--out", out).code == 1
