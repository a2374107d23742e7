"""The interactive page of the committed records of real recordings, made whenever the site is built."""

from pathlib import Path

from mkdocs.structure.files import File

from zsar.page import document, payload
from zsar.results import Results

RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"
PAGE = "interactive/leaderboard.html"


def on_files(files, config):
    """Add the page, which `docs/leaderboard.md` shows."""
    every = Results.read(*(folder for folder in sorted(RECORDS.iterdir()) if folder.is_dir()))
    recorded = Results((record for record in every if not record.dataset.simulated), every.scores)
    files.append(File.generated(config, PAGE, content=document(payload(recorded, features=None))))
    return files
