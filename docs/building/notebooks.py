"""The notebooks as pages, to read without running them."""

import json
from pathlib import Path

from mkdocs.structure.files import File

FOLDER = Path(__file__).parents[2] / "notebooks"


def on_files(files, config):
    """Add a page per notebook."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page(path)))
    return files


def page(path: Path) -> str:
    """A notebook's text and code as Markdown."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title, *rest = (_cell(cell) for cell in cells)
    hint = f"*To run it: `jupyter lab notebooks/{path.name}`. Outputs are not kept in the repository.*"
    return "\n\n".join([title.replace("\n", f"\n\n{hint}\n", 1), *rest]) + "\n"


def _cell(cell: dict) -> str:
    # Beside each other here, but in folders of the repository there.
    text = "".join(cell["source"]).replace("](../docs/", "](../")
    return f"```python\n{text}\n```" if cell["cell_type"] == "code" else text
