"""Papers in the shell: drawn into a file, refused with a sentence, the same each time."""

from pathlib import Path

from tests.reports.reading import extracted, spoken
from tests.stories.shell import Shell, import_worked


def test_a_loans_papers_are_drawn_into_files(tmp_path: Path) -> None:
    shell = Shell(f"sqlite:///{tmp_path / 'book.sqlite'}", tmp_path)
    shell.good("init")
    assert import_worked(shell).code == 0
    out = tmp_path / "statement.pdf"
    command = ("report", "loan", "W02", "--paper", "statement", "--out", out)
    said = shell.good(*command)
    assert "statement.pdf is written" in said.err
    first = out.read_bytes()
    assert "Statement of loan W02" in extracted(first)
    shell.good(*command)
    assert out.read_bytes() == first
    shell.good(*command, "--language", "both")
    assert len(spoken(out.read_bytes())) == 2 * len(spoken(first))
    for paper, refusal in (("clearance", "not closed"), ("agreement", "without an application")):
        other = tmp_path / f"{paper}.pdf"
        refused = shell.run("report", "loan", "W02", "--paper", paper, "--out", other)
        assert refused.code == 1
        assert refusal in refused.err
        assert not other.exists()
    assert shell.run("report", "loan", "W99", "--paper", "schedule", "--out", out).code == 1
