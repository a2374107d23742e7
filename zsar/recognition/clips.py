"""A clip as a model is given it, of whatever it comes as, and the array that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zsar import configuration
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.movement import most_moving
from zsar.skeletons.normalise import centre
from zsar.skeletons.readers.reading import check_frames
from zsar.skeletons.resample import resample
from zsar.skeletons.retarget import retarget


@dataclass(frozen=True)
class InputClip:
    """A clip ``frames`` [T, M, V, 3] float32 metres of a joint ``layout``; ``note``: what was mended or left out."""

    name: str
    frames: np.ndarray
    layout: str
    note: str = ""


Clips = np.ndarray | Sequence[Clip | InputClip | np.ndarray]
"""Clips in any form that a model takes, see `input_clips`."""


@dataclass(frozen=True)
class Shape:
    """What a model is given: ``frames`` T, the layout ``joints`` and ``bodies`` M."""

    frames: int
    joints: str
    bodies: int


def input_clips(clips: Clips, joints: str | None = None) -> list[InputClip]:
    """Clips in any form that `zsar.recognition.model.Model.predict` takes. Raises `DataError` saying which is wrong.

    An array [N, 3, T, V, M] (metres, y up), or a sequence of `Clip`, `InputClip` or arrays [T, V, 3] and
    [T, M, V, 3]; ``joints`` names their layout where the number of joints doesn't.
    """
    if hasattr(clips, "detach"):
        clips = clips.detach().cpu().numpy()
    if isinstance(clips, np.ndarray):
        if clips.ndim != 5 or clips.shape[1] != 3:
            raise DataError(
                f"an array of clips has the shape {list(clips.shape)}, expected [clips, 3, frames, joints, bodies]",
                "For clips of different lengths, give a list of arrays [frames, bodies, joints, 3].",
            )
        clips = list(clips.transpose(0, 2, 4, 3, 1))
    if isinstance(clips, Clip | InputClip | str) or not isinstance(clips, Sequence):
        raise DataError(f"clips should be an array or a list of clips, not {type(clips).__name__}")
    return [_input_clip(clip, number, joints) for number, clip in enumerate(clips)]


def _input_clip(clip: Clip | InputClip | np.ndarray, number: int, joints: str | None) -> InputClip:
    name, frames, note = f"clip {number}", clip, ""
    if isinstance(clip, Clip):
        name, frames = clip.sample, clip.frames
    elif isinstance(clip, InputClip):
        name, frames, joints, note = clip.name, clip.frames, clip.layout, clip.note
    frames = np.asarray(frames)
    frames = frames[:, None] if frames.ndim == 3 else frames
    try:
        if frames.ndim != 4 or frames.dtype.kind not in "iuf":
            raise DataError(f"is an array of {frames.dtype} {list(frames.shape)}, expected [frames, bodies, joints, 3]")
        name_of_layout = layout_of(frames.shape[2], joints)
        return InputClip(name, check_frames(frames, len(layout(name_of_layout).joints)), name_of_layout, note)
    except DataError as e:
        raise DataError(f"{name} {e.message}", e.hint) from e


def layout_of(count: int, joints: str | None) -> str:
    """The layout of so many joints: the one named, else the only one that has as many. Raises `DataError`."""
    sizes = {name: len(layout(name).joints) for name in configuration.names("layouts")}
    if joints is not None:
        if len(layout(joints).joints) != count:
            raise DataError(f"has {count} joints, the layout {joints} has {len(layout(joints).joints)}")
        return joints
    fitting = [name for name, size in sizes.items() if size == count]
    if len(fitting) != 1:
        layouts = ", ".join(f"{name} ({size} joints)" for name, size in sorted(sizes.items()))
        raise DataError(
            f"has {count} joints, and nothing says which",
            f"Name the layout (--layout) where it is one of {layouts}, or give the joints' names: a CSV file, or an "
            "array `joints` in an .npz.",
        )
    return fitting[0]


def prepare(clips: Sequence[InputClip], shape: Shape) -> np.ndarray:
    """Clips as a prepared dataset gives them to a method, [N, 3, T, V, M] float32: `zsar.data.store.Prepared.clips`.

    Of more bodies than the model takes those with most motion are kept. Raises `ZsarError` for a layout that can't be
    turned into the model's.
    """
    target = layout(shape.joints)
    out = np.empty((len(clips), 3, shape.frames, len(target.joints), shape.bodies), np.float32)
    for i, clip in enumerate(clips):
        frames, _ = most_moving(clip.frames, shape.bodies)
        x = retarget(resample(frames, shape.frames), clip.layout, shape.joints)
        out[i] = centre(x[None], target.spine)[0].transpose(3, 0, 2, 1)
    return out
