"""Where measurements go."""

import json
from pathlib import Path

from zsar.storage import write_text


def keep(result: dict, file: Path | None) -> None:
    """Write a result to a file, whole or not at all; without one, print it."""
    text = json.dumps(result, indent=1) + "\n"
    if file is None:
        print(text, end="")
    else:
        write_text(file, text)
