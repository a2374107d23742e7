"""Maps of a split's subsets, what an encoder gives before pooling: computed once, kept on disk and read as needed."""

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import plugins, storage
from zsar.configuration import parse_json, require_shape
from zsar.data.clip_sets import clips_of
from zsar.data.partition import Subsets
from zsar.data.store import BLOCK
from zsar.encoders.contract import Encoder
from zsar.encoders.features import EncoderChoice, fitted, subset_features, train_encoder
from zsar.errors import DataError, ZsarError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class MapFile:
    """Maps [N, T', V, D] float32 of a subset on disk, mapped into memory; read like a dataset's clips."""

    maps: np.ndarray

    def __len__(self) -> int:
        return len(self.maps)

    def clips(self, indices: np.ndarray, length: int = 0, joints: str = "") -> np.ndarray:
        """The maps of these rows, as `zsar.data.clip_sets` reads them; they have the length and joints they have."""
        return np.array(self.maps[indices])


def require_maps(choice: EncoderChoice, who: str) -> None:
    """Raise `ZsarError` for an encoder without maps, which ``who`` learns from."""
    if not plugins.find("encoder", choice.name).has_maps:
        others = [name for name in plugins.available("encoder") if plugins.find("encoder", name).has_maps]
        raise ZsarError(
            f"{who} learns from an encoder's maps, and {choice.name} has none: its features are not a mean over joints",
            f"Name one that has: {', '.join(f'--encoder {name}' for name in others)}",
        )


def subset_maps(dataset, subsets: Subsets, choice: EncoderChoice, seed: int, device: str = "cpu") -> dict[str, MapFile]:
    """Maps of ``train``, ``seen_test`` and ``unseen_test``, by the encoder of `subset_features`, which is fitted first.

    They are kept beside the features, under the same key: a map is T' times V as large as its feature (Shift-GCN
    at 64 frames: 400 KiB a clip, 20 GiB for the 53,000 of an NTU RGB+D split of 55 and 5 classes), and only what is
    indexed is read. Damaged files are computed anew with a warning that names them; maps with NaN are not used
    again. Raises `ZsarError` for an encoder without maps.
    """
    from zsar.learning.distributed import agreed, rank

    require_maps(choice, "this")
    folder = storage.cache() / "maps" / choice.key(dataset, subsets, seed)
    if agreed(folder.is_dir()):
        try:
            return _open(folder)
        except DataError as e:
            warnings.warn(f"{e.message}; computed anew", stacklevel=2)
    subset_features(dataset, subsets, choice, seed, device)
    if rank() == 0:
        try:
            encoder = fitted(dataset, subsets, choice, seed, device)
        except DataError:  # features of clips with NaN are not kept
            encoder = train_encoder(dataset, subsets, choice, seed, device)[0]
        _write(folder, encoder, dataset, subsets, choice, device)
    agreed(True)  # the others wait for the files
    return _open(folder, finite=False)


def _write(folder: Path, encoder: Encoder, dataset, subsets: Subsets, choice: EncoderChoice, device: str) -> None:
    files = {}
    with storage.folder_written_whole(folder) as temporary:
        for name, rows in (
            ("train", subsets.seen_train),
            ("seen_test", subsets.seen_test),
            ("unseen_test", subsets.unseen_test),
        ):
            if not len(rows):
                continue
            clips = clips_of(dataset, rows, choice.frames, encoder.joints, device, encoder.streams)
            array, at, digest, finite = None, 0, hashlib.sha256(), True
            for part in clips.split(BLOCK):
                maps = np.ascontiguousarray(encoder.maps(part).float().cpu().numpy())
                if array is None:
                    path, shape = temporary / f"{name}.npy", (len(rows), *maps.shape[1:])
                    array = np.lib.format.open_memmap(path, "w+", np.dtype("<f4"), shape)
                array[at : at + len(maps)] = maps
                at, finite = at + len(maps), finite and bool(np.isfinite(maps).all())
                digest.update(maps)
            array.flush()
            files[name] = {"sha256": digest.hexdigest(), "finite": finite}
        storage.write_text(temporary / MANIFEST, json.dumps({"files": files}, indent=1))


def _open(folder: Path, finite: bool = True) -> dict[str, MapFile]:
    """The maps in a folder. Raises `DataError` for one that is damaged or, where asked for, holds NaN."""
    again = f"Delete {folder}; it is computed anew."
    try:
        files = parse_json((folder / MANIFEST).read_bytes())["files"]
        require_shape(files, {"*": {"sha256": str, "finite": bool}}, str(folder / MANIFEST))
        result = {}
        for name, its in files.items():
            path = folder / f"{name}.npy"
            maps = np.load(path, mmap_mode="r", allow_pickle=False)
            storage.verify_once(path, its["sha256"], lambda: _verify(path, maps, its["sha256"]))  # noqa: B023
            if finite and not its["finite"]:
                raise DataError(f"{path} holds NaN", again)
            result[name] = MapFile(maps)
        return result
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, ZsarError) as e:
        raise DataError(f"{folder} is damaged ({e})", again) from e


def _verify(path: Path, maps: np.ndarray, expected: str) -> None:
    digest = hashlib.sha256()
    for at in range(0, len(maps), BLOCK):
        digest.update(np.ascontiguousarray(maps[at : at + BLOCK]))
    if digest.hexdigest() != expected:
        raise DataError(f"{path} holds other numbers than were written")
