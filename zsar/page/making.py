"""When a page is made and by which zsar, and what the runs behind it were computed on."""

import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from zsar import __version__
from zsar.report import wording
from zsar.results import Results


def making(results: Results) -> dict:
    """``date`` (UTC; that of ``SOURCE_DATE_EPOCH`` where it is set), ``version``, ``commit`` and the runs' machines."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(seconds), timezone.utc) if seconds.isdigit() else datetime.now(timezone.utc)
    return {
        "date": f"{now:%Y-%m-%d}",
        "version": __version__,
        "commit": commit(Path(__file__).parents[2]),
        "machines": sorted({wording.machine(record.environment) for record in results if record.environment}),
    }


def commit(checkout: Path) -> str:
    """The commit of a checkout, with a plus where files differ from it; empty where it is none, or without git."""
    if not (checkout / ".git").exists():
        return ""
    lines = []
    for arguments in (["rev-parse", "--short=10", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(["git", "-C", checkout, *arguments], capture_output=True, text=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode:
            return ""
        lines.append(done.stdout.strip())
    return lines[0] + "+" * bool(lines[1])
