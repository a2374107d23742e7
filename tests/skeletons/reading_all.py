"""All clips of a source, as an import reads them: a broken file stops it, or is listed."""

from types import SimpleNamespace

from zsar.skeletons.readers.reading import read_part, refusal

PKU = SimpleNamespace(id="pku", title="PKU-MMD (part I)")


def clips_of(reader, path, left_out: list | None = None, card=PKU) -> list:
    """The clips; what is broken is appended to ``left_out``, and raised where there is no such list."""
    reading = reader.open_reading(path, card)
    clips, broken = [], list(reading.broken)
    for part in reading.parts:
        found, wrong = read_part(reading, part)
        clips += found
        broken += wrong
    if broken and left_out is None:
        raise refusal(reading.origin, broken[0])
    if left_out is not None:
        left_out += [b.entry() for b in broken]
    return clips
