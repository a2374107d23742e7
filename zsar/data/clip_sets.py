"""Clips that stay on the disk until a batch of them is wanted, for datasets that are larger than memory should be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from zsar.data.store import BLOCK

if TYPE_CHECKING:
    from torch import Tensor

RESIDENT_BYTES = 4 * 2**30
"""On a CPU, clips up to this size are held as one tensor; on a GPU, up to `SHARE_OF_GPU` of what is free there."""
SHARE_OF_GPU = 0.5


class ClipSet:
    """Clips [N, 3, T, V, M] of a prepared dataset, read as they are indexed, onto a device.

    Used like the tensor that it stands for: ``x[rows]``, ``len(x)``, ``x.shape``, ``x.split(n)``, `torch.cat`; every
    number is the same, bit for bit. Memory holds what was asked for and nothing else.
    """

    def __init__(self, dataset, indices: np.ndarray, length: int, joints: str = "kinect_v2", device="cpu"):
        import torch

        self.dataset, self.indices, self.length, self.joints = dataset, np.asarray(indices), length, joints
        self.device = torch.device(device)
        self.shape = (len(self.indices), *dataset.clips(self.indices[:1], length, joints).shape[1:])

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Clips of these row numbers, on the device."""
        return self._there(self.read(rows))

    def read(self, rows: Tensor | slice) -> Tensor:
        """The same in the machine's own memory; pinned where the device is a GPU, so that copying needs no waiting."""
        import torch

        if isinstance(rows, torch.Tensor):
            rows = rows.cpu().numpy()
        clips = torch.from_numpy(self.dataset.clips(self.indices[rows], self.length, self.joints))
        return clips.pin_memory() if self.is_cuda else clips

    def _there(self, clips: Tensor) -> Tensor:
        return clips.to(self.device, non_blocking=True)

    def split(self, size: int) -> Iterator[Tensor]:
        """All clips in order, ``size`` at a time, the next ones read meanwhile."""
        parts = (slice(start, start + size) for start in range(0, len(self), size))
        return (clips for _, clips in fed(self, parts))

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), keywords=None):
        """`torch.cat` of clip sets of one dataset."""
        import torch

        if function is torch.cat and all(isinstance(part, cls) for part in arguments[0]):
            first = arguments[0][0]
            indices = np.concatenate([part.indices for part in arguments[0]])
            return cls(first.dataset, indices, first.length, first.joints, first.device)
        return NotImplemented


def clips_of(dataset, indices: np.ndarray, length: int, joints: str, device: str, streams: bool) -> Tensor | ClipSet:
    """Clips for training or judging: a tensor where they fit (see `RESIDENT_BYTES`), else a `ClipSet`.

    ``streams``: whether who gets them can do with a `ClipSet`; otherwise they are a tensor always.
    """
    import torch

    if streams:
        clips = ClipSet(dataset, indices, length, joints, device)
        if 4 * np.prod(clips.shape, dtype=np.int64) > _room(device):
            return clips
    return torch.from_numpy(dataset.clips(indices, length, joints)).to(device)


def finite(x: Tensor | ClipSet) -> bool:
    """Whether no number is NaN or infinite."""
    import torch

    return all(bool(torch.isfinite(part).all()) for part in x.split(BLOCK))


def _room(device: str) -> float:
    import torch

    if torch.device(device).type != "cuda":
        return RESIDENT_BYTES
    return SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]


def fed(x: Tensor | ClipSet, batches: Iterable) -> Iterator[tuple[Tensor | slice, Tensor]]:
    """Each batch of row numbers with its clips ``x[rows]``; of a `ClipSet` the next ones are read meanwhile."""
    if not isinstance(x, ClipSet):
        yield from ((rows, x[rows]) for rows in batches)
        return
    with contextlib.closing(_ahead(x, batches)) as ahead:
        for rows, clips in ahead:
            yield rows, x._there(clips)


def _ahead(x: ClipSet, batches: Iterable) -> Iterator[tuple]:
    # Row numbers are drawn here, not in the thread: drawing uses the random state, or talks to other processes.
    with ThreadPoolExecutor(1) as reader:
        waiting = None
        for rows in batches:
            following = rows, reader.submit(x.read, rows)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting is not None:
            yield waiting[0], waiting[1].result()
