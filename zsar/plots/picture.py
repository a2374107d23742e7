"""A picture: a matplotlib figure and the sentence that belongs under it, written to a file."""

import io
from dataclasses import dataclass
from pathlib import Path

from zsar import storage
from zsar.errors import UnknownName, ZsarError

FORMATS = ("pdf", "svg", "png")
WIDTH = 3.4
"""Inches: one column of a two-column page."""
SCREEN_DPI = 144
"""Of the picture in a notebook."""
_NO_DATE = {
    "pdf": {"Creator": "zsar", "Producer": "zsar", "CreationDate": None},
    "svg": {"Creator": "zsar", "Date": None},
    "png": {"Software": "zsar"},
}


@dataclass(frozen=True)
class Picture:
    """A ``figure`` (`matplotlib.figure.Figure`) and its ``caption``: what it shows, of which runs.

    A notebook shows it; `save` writes it.
    """

    figure: object
    caption: str

    def save(self, path: str | Path) -> None:
        """Write the picture, whole or not at all, in the format of the file's ending. Raises `ZsarError`."""
        storage.write_bytes(Path(path), self.content(format_of(path)))

    def content(self, kind: str, dpi: int = 300) -> bytes:
        """The file of the picture in one of `FORMATS`; the same picture gives the same bytes."""
        from zsar.plots.style import drawing

        buffer = io.BytesIO()
        with drawing():
            self.figure.savefig(buffer, format=kind, dpi=dpi, metadata=_NO_DATE[kind])
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.content("png", SCREEN_DPI)


def format_of(path: str | Path) -> str:
    """The format that a file's ending names. Raises `ZsarError` for an ending that isn't one of `FORMATS`."""
    ending = Path(path).suffix.lower().lstrip(".")
    endings = [f".{name}" for name in FORMATS]
    if not ending:
        raise ZsarError(f"{path} has no ending that names a format", f"A picture is one of: {', '.join(endings)}.")
    if ending not in FORMATS:
        raise UnknownName("ending of a picture", f".{ending}", endings)
    return ending


def require_matplotlib() -> None:
    """Raise `ZsarError` that says how to install matplotlib where it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as e:
        raise ZsarError(
            "pictures need matplotlib, which is not installed", 'Install it: pip install "zsar[plots]"'
        ) from e
