"""Links from pages to files of the repository that are not part of the site: their text stays, the link goes.

Notebooks are part of it, as pages.
"""

import os
import re
from pathlib import Path

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\.?/[^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown, page, config, files):
    """Change links that lead out of the documents' folder. Raises `FileNotFoundError` where they lead nowhere."""
    top = Path(config.docs_dir).absolute()
    folder = top / Path(page.file.src_uri).parent

    def within_the_site(link: re.Match) -> str:
        target = Path(os.path.normpath(folder / link[2]))
        if target.is_relative_to(top):
            return link[0]
        if not target.exists():
            raise FileNotFoundError(f"{page.file.src_uri} links to {link[2]}, which isn't there")
        if target.suffix == ".ipynb":
            place = Path(os.path.relpath(top / "notebooks", folder)) / f"{target.stem}.md"
            return f"[{link[1]}]({place.as_posix()})"
        return link[1]

    return _LINK.sub(within_the_site, markdown)
