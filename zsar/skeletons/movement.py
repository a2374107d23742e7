"""From any number of bodies to a fixed one."""

import numpy as np


def most_moving(frames: np.ndarray, bodies: int) -> tuple[np.ndarray, str]:
    """Frames [T, M, V, 3] with M = ``bodies``, and a note: absent ones are zeros, those with most motion are kept.

    Motion is the variance of a body's coordinates over the frames where it is present; the kept stay in their order.
    """
    present = frames.any(axis=(0, 2, 3))
    if frames.shape[1] <= bodies:
        absent = np.zeros((len(frames), bodies - frames.shape[1], *frames.shape[2:]), frames.dtype)
        return np.concatenate([frames, absent], axis=1), ""
    motion = [_motion(frames[:, m]) for m in range(frames.shape[1])]
    kept = sorted(np.argsort(motion)[::-1][:bodies].tolist())
    lost = int(present.sum() - present[kept].sum())
    note = f"{int(present.sum())} bodies, the {bodies} with most motion kept" if lost else ""
    return frames[:, kept], note


def _motion(body: np.ndarray) -> float:
    present = body[body.any(axis=(1, 2))]
    return float(present.var(axis=0, dtype=np.float64).sum()) if len(present) else -1.0
