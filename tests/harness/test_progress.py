"""What a benchmark says while it runs, where there is no terminal."""

from zsar.harness import progress
from zsar.harness.plan import plan
from zsar.harness.run import Event


def test_off_a_terminal_a_line_per_run_and_per_minute(capsys, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    jobs = plan(["sadvae"], "pku-sim", splits=["smie.split-7"], seeds=[0, 1])
    with progress.Progress(jobs) as report:
        for epoch in range(1, 122):  # a second each
            now += 1
            report(Event("epoch", 0, "main", epoch, 0.5))
        report(Event("done", 0))
        report(Event("done", 1))
    lines = capsys.readouterr().out.split("\n")
    assert [line.split(": ")[-1] for line in lines[:2]] == [
        f"main epoch {epoch} of {jobs[0].keywords['cycles']}, loss 0.500" for epoch in (60, 120)
    ]
    assert [line[:3] for line in lines[2:4]] == ["1/2", "2/2"] and lines[4] == "2 of 2 runs in 121 s"
    assert lines[5:] == [""] and not any("\r" in line for line in lines)
