"""Writing clips in the formats that others release, for reading them back."""

import pickle
from pathlib import Path

import numpy as np

from zsar.data.importing.sources import ClipSource
from zsar.skeletons.clip import Clip
from zsar.skeletons.readers.reading import Reading


def generic_arrays(clips: list[Clip], classes: list[str], joints: list[str]) -> dict[str, np.ndarray]:
    """The generic form of clips [T, M, V, 3] in metres; a clip's label is its class's place."""
    lengths = [len(c.frames) for c in clips]
    numbers = sorted({c.label for c in clips})
    return {
        "frames": np.concatenate([c.frames for c in clips]),
        "offsets": np.cumsum([0, *lengths]),
        "labels": np.array([numbers.index(c.label) for c in clips]),
        "subjects": np.array([c.subject for c in clips]),
        "views": np.array([c.view for c in clips]),
        "samples": np.array([c.sample for c in clips]),
        "classes": np.array(classes),
        "joints": np.array(joints),
        "unit": np.array("m"),
    }


def write_npz(path: Path, arrays: dict, packed: bool = False) -> Path:
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


def write_folder(path: Path, arrays: dict) -> Path:
    path.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array)
    return path


def write_ctrgcn(path: Path, train: list, test: list, classes: int, repeated: bool = False, length: int = 96) -> Path:
    """Pairs (frames [T, M, 25, 3], class number) as CTR-GCN's arrays; ``repeated``: absent bodies as in NTU 120."""
    arrays = {}
    for part, clips in (("train", train), ("test", test)):
        x = np.zeros((len(clips), length, 150), np.float32)
        y = np.zeros((len(clips), classes))
        for i, (frames, number) in enumerate(clips):
            bodies = frames.copy()
            if repeated and not bodies[:, 1].any():
                bodies[:, 1] = bodies[:, 0]
            x[i, : len(frames)] = bodies.reshape(len(frames), 150)
            y[i, number] = 1
        arrays |= {f"x_{part}": x, f"y_{part}": y}
    return write_npz(path, arrays)


def pyskl_content(clips: list[tuple[str, np.ndarray]], trains: set[str], kind: str = "xview") -> dict:
    """Pairs (recording, frames [T, M, 25, 3]) as pyskl keeps them; ``trains`` are the subjects that train."""
    names = [name for name, _ in clips]
    training = [n for n in names if str(int(n[9:12])) in trains]
    lists = {"xsub_train": training, "xsub_val": [n for n in names if n not in training]}
    lists |= {f"{kind}_train": [n for n in names if "C001" not in n], f"{kind}_val": [n for n in names if "C001" in n]}
    annotations = []
    for name, frames in clips:
        keypoint = frames[:, frames.any(axis=(0, 2, 3))].transpose(1, 0, 2, 3).astype(np.float16)
        annotations.append(
            {"frame_dir": name, "label": int(name[-3:]) - 1, "keypoint": keypoint, "total_frames": len(frames)}
        )
    return {"split": lists, "annotations": annotations}


def write_pickle(path: Path, content, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def write_smie(path: Path, subsets: dict[str, tuple[np.ndarray, list[int]]]) -> Path:
    """Subset -> (clips [N, 3, T, 25, 2], class numbers)."""
    path.mkdir(parents=True)
    for subset, (data, labels) in subsets.items():
        np.save(path / f"{subset}_data.npy", data)
        np.save(path / f"{subset}_label.npy", labels)
    return path


def all_clips(found: ClipSource | Reading) -> list[Clip]:
    """The clips of all parts, in order."""
    reading = found.opener() if isinstance(found, ClipSource) else found
    return [clip for part in reading.parts for clip in reading.clips(part)]
