"""Leaderboards and what lies behind them as one self-contained HTML page."""

from collections.abc import Iterable
from pathlib import Path

from zsar.page.document import document
from zsar.page.maps import Features
from zsar.page.payload import payload
from zsar.results import Results
from zsar.storage import write_text

__all__ = ["document", "payload", "write"]

NAME = "leaderboard.html"


def write(
    results: Results,
    folder: str | Path,
    *,
    features: Features | None,
    rules: Iterable[str] | None = None,
    clips: int | None = None,
) -> Path:
    """Write the page of some results as ``leaderboard.html`` in a folder, whole or not at all, and return its path.

    ``features`` makes a run's features for the maps before training, such as
    `zsar.encoders.recorded.unseen_test_features`; None leaves these maps out. Everything else as in `payload`.
    """
    path = Path(folder) / NAME
    write_text(path, document(payload(results, features=features, rules=rules, clips=clips)))
    return path
