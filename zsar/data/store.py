"""The prepared store: all clips of a dataset end to end in one memory-mapped array.

A folder with ``frames.npy`` [sum of T, M, V, 3] float32 metres, ``index.npz`` (offsets, and per
clip its label, subject, view, sample, source and content hash) and ``manifest.json``. Written whole
or not at all.

The manifest's version is a checksum of the index, which holds one of every clip: index and manifest are held against
each other whenever a store is opened, the clips when they are first read (`Prepared.verify`).
"""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from zsar import __version__, storage
from zsar.configuration import parse_json
from zsar.data.contract import ALL, Dataset
from zsar.errors import DamagedData, DataError, listing
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.normalise import align_view, centre
from zsar.skeletons.readers.reading import check_metres
from zsar.skeletons.resample import resample_all
from zsar.skeletons.retarget import retarget

FORMAT = 1
BLOCK = 512  # clips at a time, which bounds the memory of the arrays in between
TEXTS = ("labels", "subjects", "views", "samples", "sources", "hashes")
_MANIFEST = ("dataset", "layout", "bodies", "clips", "version", "left_out")


class Prepared(Dataset):
    """A prepared dataset; its frames stay on the disk until they are needed.

    Beside a `Dataset`'s arrays, ``sources`` and ``hashes`` [N] are arrays of strings, and ``offsets`` [N + 1] says
    where each clip's frames begin.
    """

    def __init__(self, path: Path, manifest: dict, frames: np.ndarray, index: dict[str, np.ndarray]):
        self.path, self.manifest = path, manifest
        self.id, self.layout = manifest["dataset"], manifest["layout"]
        self.version, self.left_out = manifest["version"], manifest["left_out"]
        self._frames, self.offsets = frames, index["offsets"]
        self._verified = False
        self.labels, self.subjects, self.views, self.samples, self.sources, self.hashes = (index[k] for k in TEXTS)

    def __len__(self) -> int:
        return len(self.labels)

    def frames(self, i: int) -> np.ndarray:
        """One clip at native length and layout, [T, M, V, 3] float32."""
        self._verify_once()
        return np.array(self._frames[self.offsets[i] : self.offsets[i + 1]])

    def verify(self) -> None:
        """Hold every clip against its hash. Raises `DamagedData` naming ``frames.npy`` and the clips that differ."""
        parts = (self._frames[start:stop] for start, stop in itertools.pairwise(self.offsets.tolist()))
        damaged = [s for s, part, h in zip(self.samples, parts, self.hashes, strict=True) if _hash(part) != h]
        if damaged:
            raise DamagedData(
                f"{self.path / 'frames.npy'} is damaged: {len(damaged)} of {len(self)} clips are not those that were "
                f"imported: {listing(damaged)}",
                _again(self.path),
            )

    def _verify_once(self) -> None:
        """As `verify`, before anything is read, unless this very file has passed already (`storage.verify_once`)."""
        if not self._verified:
            storage.verify_once(self.path / "frames.npy", self.version, self.verify)
            self._verified = True

    def clips(
        self,
        indices: np.ndarray | slice = ALL,
        length: int = 50,
        joints: str = "kinect_v2",
        centred: bool = True,
        aligned: bool = False,
    ) -> np.ndarray:
        """See `Dataset.clips`; a block of clips at a time is resampled, which bounds the memory in between."""
        self._verify_once()
        target = layout(joints)
        indices = np.arange(len(self))[indices]  # takes masks and refuses numbers that aren't there
        out = np.empty((len(indices), 3, length, len(target.joints), self._frames.shape[1]), np.float32)
        for start in range(0, len(indices), BLOCK):
            part = indices[start : start + BLOCK]
            x = retarget(resample_all(self._frames, self.offsets, part, length), self.layout, joints)
            if centred:
                x = centre(x, target.spine)
            if aligned:
                x = align_view(x, target)
            out[start : start + BLOCK] = x.transpose(0, 4, 1, 3, 2)
        return out


def write_store(
    path: Path,
    dataset: str,
    layout_id: str,
    bodies: int,
    clips: Iterable[Clip],
    left_out: list | None = None,
) -> Prepared:
    """Write clips to a store, one at a time, and open it.

    The same clips give the same bytes and the same ``version``. Raises `DataError` for a clip of
    the wrong shape, with values that `check_metres` refuses, or with the name of another, and when
    not a single clip comes. ``left_out`` are files that were skipped, listed in the manifest.
    """
    rows: dict[str, list] = {name: [] for name in TEXTS}
    offsets = [0]
    with storage.folder_written_whole(Path(path)) as folder:
        with open(folder / "frames.npy", "wb") as out:
            write_header(out, layout_id, bodies, 0)
            begin = out.tell()
            for clip in clips:
                content, row = content_of(clip, layout_id, bodies)
                out.write(content)
                offsets.append(offsets[-1] + len(clip.frames))
                for name, value in zip(TEXTS, row, strict=True):
                    rows[name].append(value)
            out.seek(0)
            write_header(out, layout_id, bodies, offsets[-1])
            assert out.tell() == begin, "numpy's header should leave room for the number of frames"
        seal(folder, dataset, layout_id, bodies, offsets, rows, left_out or [])
    return open_store(path)


def content_of(clip: Clip, layout_id: str, bodies: int) -> tuple[memoryview, tuple[str, ...]]:
    """A clip's bytes as `write_store` keeps them, and its row of the index (label to content hash).

    Raises `DataError` for a clip of the wrong shape or with values that `check_metres` refuses.
    """
    frames, joints = np.ascontiguousarray(clip.frames, dtype="<f4"), len(layout(layout_id).joints)
    if frames.ndim != 4 or frames.shape[1:] != (bodies, joints, 3) or not len(frames):
        raise DataError(
            f"{clip.source}: clip {clip.sample} has the shape {frames.shape}, expected [frames, {bodies}, {joints}, 3]"
        )
    try:
        check_metres(frames)
    except DataError as e:
        raise DataError(f"{clip.source}: clip {clip.sample} {e.message}", e.hint) from e
    return frames.reshape(-1).data, (clip.label, clip.subject, clip.view, clip.sample, clip.source, _hash(frames))


def _hash(frames: np.ndarray) -> str:
    """The checksum of a clip's frames, which lie in one piece of memory."""
    return hashlib.sha256(frames.reshape(-1).data).hexdigest()[:16]


def seal(
    folder: Path,
    dataset: str,
    layout_id: str,
    bodies: int,
    offsets: list[int],
    rows: dict[str, list],
    left_out: list,
) -> None:
    """Write what makes a store of a folder with ``frames.npy``: index and manifest.

    ``rows`` maps labels, subjects, ..., hashes to a value per clip. Raises `DataError` when there are no clips, or two
    have the same name.
    """
    if len(offsets) == 1:
        raise DataError(f"no clip of {dataset} was found")
    twice = [sample for sample, count in Counter(rows["samples"]).items() if count > 1]
    if twice:
        raise DataError(
            f"{dataset}: clips given twice: {', '.join(twice[:5])}",
            "Is the data there both packed and unpacked, or in two folders?",
        )
    index = {name: np.array(rows[name]) for name in TEXTS}
    np.savez(folder / "index.npz", offsets=np.array(offsets, dtype=np.int64), **index)
    manifest = {
        "format": FORMAT,
        "dataset": dataset,
        "layout": layout_id,
        "bodies": bodies,
        "clips": len(offsets) - 1,
        "frames": offsets[-1],
        "version": _version(dataset, layout_id, bodies, offsets, rows),
        "left_out": left_out,
        "zsar": __version__,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _version(dataset: str, layout_id: str, bodies: int, offsets: list[int], rows: dict[str, list]) -> str:
    return storage.fingerprint(FORMAT, dataset, layout_id, bodies, offsets, [rows[k] for k in TEXTS if k != "sources"])


def _again(path: Path) -> str:
    return f"Delete {path} and import the dataset again (a simulated one is made anew by itself); then: zsar data check"


def write_header(out, layout_id: str, bodies: int, frames: int) -> None:
    """The header of ``frames.npy``, of the same length whatever the number of frames."""
    shape = (frames, bodies, len(layout(layout_id).joints), 3)
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": shape})


def open_store(path: Path) -> Prepared:
    """Open a prepared store.

    Raises `DamagedData` that names the file which is missing or damaged, `DataError` for one of another version.
    """
    path = Path(path)
    again = _again(path)
    if not path.is_dir():
        raise DataError(
            f"no prepared dataset in {path}", "Bring it in: zsar data import NAME --source FOLDER_OR_ARCHIVE"
        )
    manifest = _part(path / "manifest.json", lambda file: parse_json(file.read_text(encoding="utf-8")), again)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        number = manifest.get("format") if isinstance(manifest, dict) else manifest
        raise DataError(f"{path / 'manifest.json'}: format {number!r}, this version of zsar reads {FORMAT}", again)
    index = _part(path / "index.npz", _read_index, again)
    frames = _part(path / "frames.npy", lambda file: np.load(file, mmap_mode="r", allow_pickle=False), again)
    absent = [key for key in _MANIFEST if key not in manifest]
    if absent:
        raise DamagedData(f"{path / 'manifest.json'} is damaged: it lacks {', '.join(absent)}", again)
    counts = {len(index[name]) for name in TEXTS} | {len(index["offsets"]) - 1}
    if counts != {manifest["clips"]} or index["offsets"][0] != 0 or (np.diff(index["offsets"]) < 1).any():
        raise DamagedData(f"{path / 'index.npz'} is damaged: it isn't that of {manifest['clips']} clips", again)
    rows = {name: index[name].tolist() for name in TEXTS}
    identity = [manifest[key] for key in ("dataset", "layout", "bodies")]
    if _version(*identity, index["offsets"].tolist(), rows) != manifest["version"]:
        raise DamagedData(
            f"{path / 'index.npz'} or manifest.json is damaged: they don't belong together",
            again,
        )
    shape = (int(index["offsets"][-1]), manifest["bodies"], len(layout(manifest["layout"]).joints), 3)
    if frames.shape != shape or frames.dtype != np.dtype("<f4"):
        raise DamagedData(
            f"{path / 'frames.npy'} is damaged: {frames.dtype} of shape {frames.shape}, "
            f"expected float32 of shape {shape}",
            again,
        )
    return Prepared(path, manifest, frames, index)


def _part(file: Path, read: Callable, hint: str):
    """One file of a store. Raises `DamagedData` naming it when it is missing or can't be read."""
    try:
        return read(file)
    except FileNotFoundError as e:
        raise DamagedData(f"{file} is missing", hint) from e
    except Exception as e:  # whatever numpy, zip or JSON meet in a damaged file
        raise DamagedData(f"{file} is damaged: {type(e).__name__}: {e}", hint) from e


def _read_index(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as content:
        return {name: content[name] for name in ("offsets", *TEXTS)}
