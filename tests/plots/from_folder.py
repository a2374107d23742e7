"""Pictures of a results folder."""

from zsar.plots import Picture, draw
from zsar.results import Results


def draw_folder(kind, folder, **choice) -> Picture:
    """`draw` of the records in a folder."""
    return draw(kind, Results.read(folder), **choice)
