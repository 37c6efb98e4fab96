"""The pack of a joint report in the shell: made, read back by `export check`, never overwritten."""

import hashlib
import json

from tests.stories.shell import Shell


def test_the_shell_makes_a_pack_that_whoever_receives_it_can_check(
    shell: Shell,
) -> None:
    out = shell.folder / "pack"
    asked = ("report", "mou", "--period", "2026-H1", "--language", "en", "--out", out)
    shell.good(*asked)
    assert shell.good("export", "check", out).out.count("ok") == 3
    pack = json.loads((out / "joint-report.2026-H1.pack.json").read_text("utf-8"))
    assert pack["state"] == "provisional"
    for each in pack["files"]:
        content = (out / each["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
    assert "never overwritten" in shell.run(*asked).err
    csv = out / "smeda_joint_lines.feeder-v1.2026-H1.csv"
    csv.write_bytes(csv.read_bytes().replace(b"aim", b"ai-"))
    assert "SHA-256" in shell.run("export", "check", out).out
    shell.good("report", "mou", "--period", "2026-02", "--out", shell.folder / "brief")
    assert (shell.folder / "brief" / "joint-brief.2026-02.pdf").read_bytes().startswith(b"%PDF")
