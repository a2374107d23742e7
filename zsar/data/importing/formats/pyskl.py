"""pyskl's pickles of NTU RGB+D: ``ntu60_3danno.pkl``, ``ntu120_3danno.pkl``.

``split`` maps names like ``xsub_train`` to lists of clips, ``annotations`` is a list of {frame_dir, label, keypoint
[M, T, 25, 3] in metres, total_frames}. ``frame_dir`` is the recording's name, so subject, camera and setup are known.
Read without unpickling (`zsar.data.pickles`).
"""

import functools
import re
from collections import Counter
from pathlib import Path

import numpy as np

from zsar.data import pickles
from zsar.data.cards import TRAINING, DatasetCard, card
from zsar.data.importing.sources import KINECT_V2, ClipSource, only_file, unnamed_dataset
from zsar.data.pickles import PickledArray
from zsar.errors import DataError, listing
from zsar.skeletons.movement import most_moving
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading, check_frames
from zsar.skeletons.readers.source import Source
from zsar.storage import fingerprint

TITLE = "pyskl's pickle of 3-D skeletons"
FILE = re.compile(r".*3danno.*\.pkl|(ntu|pku)[^/]*\.pkl", re.IGNORECASE)
RECORDING = re.compile(r"S(?P<setup>\d{3})C(?P<camera>\d{3})P(?P<subject>\d{3})R\d{3}A(?P<action>\d{3})")
BODIES = 2


def recognises(source: Source) -> bool:
    """Whether there is a file named like pyskl's pickles."""
    return len(source.find(FILE)) > 0


def examine(path: Path, name: str, of: DatasetCard | None) -> ClipSource:
    """Open the pickle without running anything of it, check its clips' names and labels and find the dataset.

    Raises `DataError` for a pickle that isn't plain data, for 2-D keypoints, labels that contradict the names and
    lists that contradict the protocols.
    """
    path = only_file(Path(path), FILE, "ntu60_3danno.pkl")
    annotations = _Annotations(path)
    of = of or card(_dataset(path, annotations))
    reading = PickleReading(path, of.id, annotations)
    actions = {m["action"] for m in reading.recordings.values() if m}
    beyond = sorted(a for a in actions if not 0 < int(a) <= len(of.classes))
    if beyond:
        raise DataError(
            f"{path} holds clips of action A{beyond[0]}, which {of.id} doesn't have", "Is it another dataset's?"
        )
    if of.layout != "kinect_v2" or (actions and not of.id.startswith("ntu")):
        raise DataError(f"{path} holds clips of NTU RGB+D's, not of {of.id}", "Name its dataset: --of ntu60")
    classes = {reading.label(part) for part in reading.parts}
    lines = [f"{of.title} ({of.id}): {len(reading.parts)} clips of {len(classes)} classes"]
    lines += [f"{split}: {len(members)} clips" for split, members in annotations.splits.items()]
    reading.hold_against(of)
    return ClipSource(functools.partial(PickleReading, path, of.id), lines, of.id)


def _dataset(path: Path, annotations: "_Annotations") -> str:
    """The dataset that a pickle is of: NTU 120 has cross-setup lists, NTU 60 cross-view ones."""
    lists = {name.partition("_")[0] for name in annotations.splits}
    datasets = [name for kind, name in {"xview": "ntu60", "xset": "ntu120"}.items() if kind in lists]
    if len(datasets) != 1:
        raise unnamed_dataset(path)
    return datasets[0]


class _Annotations:
    """A pickle's content, checked: ``splits`` maps names to lists of clips, ``clips`` names to their annotation."""

    def __init__(self, path: Path):
        content = pickles.load(path)
        if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
            raise DataError(f"{path} is not a pickle of pyskl's: it should hold {{split, annotations}}")
        split = content.get("split", {})
        if not isinstance(split, dict) or not all(_names(members) for members in split.values()):
            raise DataError(f"{path}: its split should map names to lists of clips")
        self.splits: dict[str, list[str]] = split
        self.clips: dict[str, dict] = {}
        for i, annotation in enumerate(content["annotations"]):
            if not isinstance(annotation, dict) or not isinstance(annotation.get("frame_dir"), str):
                raise DataError(f"{path}: annotation {i} should be a dict with a frame_dir")
            self.clips[annotation["frame_dir"]] = annotation
        if len(self.clips) < len(content["annotations"]):
            counts = Counter(a["frame_dir"] for a in content["annotations"])
            raise DataError(f"{path} holds {listing(n for n, c in counts.items() if c > 1)} twice")
        if not self.clips:
            raise DataError(f"{path} holds no annotations")
        for name, members in self.splits.items():
            strange = [m for m in members if m not in self.clips]
            if strange:
                raise DataError(f"{path}: {name} lists clips that aren't annotated: {listing(strange)}")


def _names(members) -> bool:
    return isinstance(members, list) and all(isinstance(member, str) for member in members)


class PickleReading(Reading):
    """Clips of a pickle; a part is a clip, named by its ``frame_dir``."""

    parallel = True

    def __init__(self, path: Path, of: str, annotations: _Annotations | None = None):
        self._annotations, self._path, self.origin = annotations or _Annotations(path), path, str(path)
        self._classes = list(card(of).classes)
        self.recordings = {name: RECORDING.fullmatch(name) for name in self._annotations.clips}
        self.parts = list(self._annotations.clips)
        self._training = {
            kind: set(self._annotations.splits.get(f"{kind}_train", ())) for kind in ("xsub", "xview", "xset")
        }

    def label(self, part: str) -> int:
        """The class number of a clip, from 0. Raises `DataError` when it contradicts the clip's name."""
        number, match = self._annotations.clips[part].get("label"), self.recordings[part]
        if type(number) is not int or number < 0:
            raise DataError(f"{self._path}: {part} has the label {number!r:.40}, expected a class number from 0")
        if match is not None and int(match["action"]) != number + 1:
            should = f"by its name it should be {int(match['action']) - 1}"
            base = " (do its labels count from 1?)" if int(match["action"]) == number else ""
            raise DataError(f"{self._path}: {part} has the label {number}; {should}{base}")
        if match is None and number >= len(self._classes):
            raise DataError(f"{self._path}: {part} has the label {number}, there are {len(self._classes)} classes")
        return number

    def hold_against(self, of: DatasetCard) -> None:
        """Raises `DataError` when the list of cross-subject training clips isn't that of the dataset's protocol."""
        protocol = of.protocols.get("cross-subject")
        listed_for_training = self._training["xsub"]
        if protocol is None or not listed_for_training or TRAINING in protocol.train:
            return
        for part, match in self.recordings.items():
            trains = match is not None and str(int(match["subject"])) in protocol.train
            if match is not None and trains != (part in listed_for_training):
                raise DataError(
                    f"{self._path}: xsub_train {'lacks' if trains else 'lists'} {part}, though subject "
                    f"{int(match['subject'])} {'trains' if trains else 'tests'} in the protocol of {of.id}",
                    "Is it another dataset's, or a split of somebody's own?",
                )

    def clips(self, part: str) -> list[Clip]:
        """The one clip of a name. Raises `DataError` for keypoints that are not a 3-D skeleton of 25 joints."""
        annotation = self._annotations.clips[part]
        keypoint = annotation.get("keypoint")
        if not isinstance(keypoint, PickledArray):
            raise DataError("has no array keypoint")
        if len(keypoint.shape) != 4 or keypoint.shape[2:] != (KINECT_V2, 3) or keypoint.dtype.kind not in "fiu":
            hint = ": 2-D keypoints, which zsar has no use for" if keypoint.shape[-1:] == (2,) else ""
            raise DataError(
                f"has keypoints of shape {list(keypoint.shape)}, expected [bodies, frames, {KINECT_V2}, 3]{hint}"
            )
        total = annotation.get("total_frames", keypoint.shape[1])
        if total != keypoint.shape[1]:
            raise DataError(f"says it has {total!r:.20} frames, its keypoints have {keypoint.shape[1]}")
        with np.errstate(over="ignore", invalid="ignore"):
            frames, note = most_moving(keypoint.array().transpose(1, 0, 2, 3).astype(np.float32), BODIES)
        subject, view = self._divided(part)
        label = self._classes[self.label(part)]
        return [Clip(check_frames(frames, KINECT_V2), label, part, subject, view, self._path.name, note)]

    def _divided(self, part: str) -> tuple[str, str]:
        match = self.recordings[part]
        if match is not None:
            return str(int(match["subject"])), f"{int(match['camera'])}"
        sides = {True: TRAINING, False: "validation"}
        view = self._training["xview"] or self._training["xset"]
        return sides[part in self._training["xsub"]], sides[part in view] if view else ""

    def identity(self) -> str:
        """Of the file: its name, size and time."""
        state = self._path.stat()
        return fingerprint([self._path.name, state.st_size, state.st_mtime_ns])
