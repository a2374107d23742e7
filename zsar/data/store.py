"""The prepared store: every clip of a dataset end to end in one memory-mapped array, and an index beside it.

A folder with ``frames.npy`` [sum of T, M, V, 3] float32 metres, ``index.npz`` (offsets, and per clip its label,
subject, view, sample, source and content hash) and ``manifest.json``. Written whole or not at all.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from zsar import __version__, storage
from zsar.errors import DataError
from zsar.skeletons.clip import Clip
from zsar.skeletons.layouts import layout
from zsar.skeletons.normalise import centre
from zsar.skeletons.resample import resample_all
from zsar.skeletons.retarget import retarget

FORMAT = 1
_TEXTS = ("labels", "subjects", "views", "samples", "sources", "hashes")


class Prepared:
    """A prepared dataset: ``labels``, ``subjects``, ``views``, ``samples``, ``sources`` [N] are arrays of strings."""

    def __init__(self, path: Path, manifest: dict, frames: np.ndarray, index: dict[str, np.ndarray]):
        self.path, self.manifest = path, manifest
        self.id, self.layout, self.version = manifest["dataset"], manifest["layout"], manifest["version"]
        self._frames, self.offsets = frames, index["offsets"]
        self.labels, self.subjects, self.views, self.samples, self.sources, self.hashes = (index[k] for k in _TEXTS)

    def __len__(self) -> int:
        return len(self.labels)

    def frames(self, i: int) -> np.ndarray:
        """One clip at native length and layout, [T, M, V, 3] float32."""
        return np.array(self._frames[self.offsets[i] : self.offsets[i + 1]])

    def clips(self, indices: np.ndarray, length: int = 50, joints: str = "kinect_v2", centred: bool = True) -> np.ndarray:
        """Clips [N, 3, T, V, M] float32, resampled to ``length`` frames, in the layout ``joints``, centred on the
        first frame's spine."""
        target = layout(joints)
        out = np.empty((len(indices), 3, length, len(target.joints), self._frames.shape[1]), np.float32)
        for start in range(0, len(indices), 512):  # bounds the memory of the intermediate arrays
            part = np.asarray(indices[start : start + 512], dtype=np.int64)
            x = retarget(resample_all(self._frames, self.offsets, part, length), self.layout, joints)
            if centred:
                x = centre(x, target.spine)
            out[start : start + 512] = x.transpose(0, 4, 1, 3, 2)
        return out


def write_store(path: Path, dataset: str, layout_id: str, bodies: int, clips: Iterable[Clip],
                left_out: list | None = None) -> Prepared:
    """Write clips to a store, streaming, and open it. The same clips give the same bytes and the same ``version``.

    Raises `DataError` for a clip of the wrong shape, with values that aren't finite, or with the name of another,
    and when there are no clips at all. ``left_out`` are files that were skipped, listed in the manifest.
    """
    joints = len(layout(layout_id).joints)
    rows: dict[str, list] = {name: [] for name in _TEXTS}
    offsets = [0]
    with storage.folder_written_whole(Path(path)) as folder:
        with open(folder / "frames.raw", "wb") as raw:
            for clip in clips:
                frames = np.ascontiguousarray(clip.frames, dtype="<f4")
                if frames.ndim != 4 or frames.shape[1:] != (bodies, joints, 3) or not len(frames):
                    raise DataError(f"{clip.source}: clip {clip.sample} has the shape {frames.shape}, "
                                    f"expected [frames, {bodies}, {joints}, 3]")
                if not np.isfinite(frames).all():
                    raise DataError(f"{clip.source}: clip {clip.sample} holds NaN or infinite coordinates")
                raw.write(frames.tobytes())
                offsets.append(offsets[-1] + len(frames))
                values = (clip.label, clip.subject, clip.view, clip.sample, clip.source,
                          hashlib.sha256(frames.tobytes()).hexdigest()[:16])
                for name, value in zip(_TEXTS, values, strict=True):
                    rows[name].append(value)
        if len(offsets) == 1:
            raise DataError(f"no clip of {dataset} was found")
        twice = {s for s in rows["samples"] if rows["samples"].count(s) > 1} if \
            len(set(rows["samples"])) < len(rows["samples"]) else ()
        if twice:
            raise DataError(f"{dataset}: clips given twice: {', '.join(sorted(twice)[:5])}")
        _raw_to_npy(folder, (offsets[-1], bodies, joints, 3))
        index = {name: np.array(values) for name, values in rows.items()}
        np.savez(folder / "index.npz", offsets=np.array(offsets, dtype=np.int64), **index)
        version = storage.fingerprint(FORMAT, dataset, layout_id, bodies, offsets,
                                      [rows[k] for k in _TEXTS if k != "sources"])
        manifest = {"format": FORMAT, "dataset": dataset, "layout": layout_id, "bodies": bodies, "clips": len(offsets) - 1,
                    "frames": offsets[-1], "version": version, "left_out": left_out or [], "zsar": __version__}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return open_store(path)


def _raw_to_npy(folder: Path, shape: tuple[int, ...]) -> None:
    """Put the .npy header, whose size is known only at the end, before the frames."""
    with open(folder / "frames.npy", "wb") as out, open(folder / "frames.raw", "rb") as raw:
        np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": shape})
        while block := raw.read(1 << 24):
            out.write(block)
    (folder / "frames.raw").unlink()


def open_store(path: Path) -> Prepared:
    """Open a prepared store. Raises `DataError` when it is missing, damaged or of another version of zsar."""
    path = Path(path)
    again = f"Delete {path} and import the dataset again."
    if not path.is_dir():
        raise DataError(f"no prepared dataset in {path}")
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        if manifest.get("format") != FORMAT:
            raise DataError(f"{path / 'manifest.json'}: format {manifest.get('format')}, this version of zsar reads {FORMAT}", again)
        with np.load(path / "index.npz", allow_pickle=False) as content:
            index = {name: content[name] for name in ("offsets", *_TEXTS)}
        frames = np.load(path / "frames.npy", mmap_mode="r", allow_pickle=False)
    except DataError:
        raise
    except Exception as e:
        raise DataError(f"the prepared dataset in {path} is damaged: {type(e).__name__}: {e}", again) from e
    if len(index["labels"]) != manifest["clips"] or len(frames) != manifest["frames"] or index["offsets"][-1] != len(frames):
        raise DataError(f"the prepared dataset in {path} is damaged: frames, index and manifest disagree", again)
    return Prepared(path, manifest, frames, index)
