"""A clip written as a file that `zsar.recognition.clip_files.read_clips` reads, and read back before it is kept."""

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.errors import DataError, ZsarError
from zsar.recognition.clip_files import read_clips
from zsar.recognition.clips import InputClip
from zsar.skeletons.layouts import layout
from zsar.skeletons.movement import most_moving


def write_clip(path: Path, clip: InputClip, label: str = "", about: str = "") -> None:
    """Write a clip whole or not at all, in the format that the path's ending names, one of `WRITERS`.

    ``label`` and ``about`` (where it comes from, that it is simulated) stand in it where the format has a place for
    them. Raises `ZsarError` for another ending, and where what is read from the file would not be the clip.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITERS:
        raise ZsarError(f"can't save a clip as {path.name}", f"Known endings: {', '.join(WRITERS)}")
    storage.write_bytes(path, clip_bytes(path.suffix.lower(), clip, label, about))


def clip_bytes(ending: str, clip: InputClip, label: str = "", about: str = "") -> bytes:
    """What `write_clip` writes into a file of this ending."""
    content = WRITERS[ending](clip, label, about)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"clip{ending}"
        file.write_bytes(content)
        try:
            [again] = read_clips(file)
            differs = _difference(clip, again)
        except DataError as e:
            differs = e.message.removeprefix(f"{file} ")
    if differs:
        raise ZsarError(
            f"{clip.name} can't be written as {ending}: {differs}",
            "An .npz keeps every clip as it is." if ending != ".npz" else None,
        )
    return content


def _difference(clip: InputClip, again: InputClip) -> str:
    """What is read again in another way than it was written; empty where nothing is."""
    bodies = max(clip.frames.shape[1], again.frames.shape[1])
    before, after = (most_moving(frames, bodies)[0] for frames in (clip.frames, again.frames))
    if clip.layout == again.layout and np.array_equal(before, after):
        return ""
    if np.array_equal(before[:, ::-1], after):
        return "its readers put the person who moves most first, so the two would change places"
    return again.note or "it would be read as another clip"


def _npz(clip: InputClip, label: str, about: str) -> bytes:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        frames=clip.frames,
        offsets=np.array([0, len(clip.frames)]),
        joints=np.array(layout(clip.layout).joints),
        unit=np.array("m"),
        samples=np.array([clip.name]),
        labels=np.array([label]),
        about=np.array(about),
    )
    return buffer.getvalue()


def _npy(clip: InputClip, label: str, about: str) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, clip.frames)
    return buffer.getvalue()


def _skeleton(clip: InputClip, label: str, about: str) -> bytes:
    """NTU RGB+D's text; of what a Kinect tells besides the joints nothing is known, so it is zeros."""
    joints = len(layout("kinect_v2").joints)
    if clip.layout != "kinect_v2":
        raise ZsarError(
            f"{clip.name} can't be written as .skeleton, which has the {joints} joints of kinect_v2: its are those of "
            f"{clip.layout}",
            "An .npz keeps every clip as it is.",
        )
    lines = [str(len(clip.frames))]
    for frame in clip.frames:
        present = np.flatnonzero(frame.any(axis=(1, 2)))
        lines.append(str(len(present)))
        for body in present:
            lines += [f"{body + 1} 0 0 0 0 0 0 0 0 0", str(joints)]
            lines += [" ".join(f"{v:.9g}" for v in joint) + " 0 0 0 0 0 0 0 0 0" for joint in frame[body]]
    return ("\n".join(lines) + "\n").encode()


def _csv(clip: InputClip, label: str, about: str) -> bytes:
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    names = [joint.replace(" ", "_") for joint in layout(clip.layout).joints]
    table.writerow(["frame", "body", *(f"{name}_{axis}" for name in names for axis in "xyz"), "label"])
    for number, frame in enumerate(clip.frames):
        for body, joints in enumerate(frame):
            table.writerow([number, body, *(f"{v:.9g}" for v in joints.reshape(-1)), label])
    return buffer.getvalue().encode()


WRITERS: dict[str, Callable[[InputClip, str, str], bytes]] = {
    ".npz": _npz,
    ".skeleton": _skeleton,
    ".npy": _npy,
    ".csv": _csv,
}
