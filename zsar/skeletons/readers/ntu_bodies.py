"""From whatever a Kinect took for bodies to at most two people: noise dropped, tracks joined, empty frames cut.

The rules are those of the field's common preprocessing (Zhang et al., View Adaptive Neural Networks, TPAMI 2019, whose
scripts SGN, CTR-GCN and those after them pass on as ``data/ntu/get_raw_denoised_data.py``), with its thresholds. They
apply where more than one id occurs, since a lone body is never noise:

1. length: an id seen in `SHORT` frames or fewer is noise;
2. spread: an id of whose frames `MOSTLY_WIDE` or more are wider than `WIDE` of their height is noise; the last one
   left never is;
3. motion energy (the variance of x, y and z over all joints and frames, without too wide frames where that is less)
   orders the ids. The one with most is the first body; each further one joins the first body where their spans of
   frames don't overlap, else the second, else it is dropped. The scripts define thresholds of motion too and don't
   apply them; neither does this.

Frames that no kept body is in are cut. Where the scripts move an id's later frames up when it is lost for a while,
here every body keeps the frames it was seen in, so that two people stay in step; and where they count the second
body as present from the first frame on, here its span begins when it does.
"""

import numpy as np

from zsar.errors import DataError

SHORT = 11
WIDE = 0.8
MOSTLY_WIDE = 0.69754


def two_bodies(frames: int, times: np.ndarray, ids: list[int], joints: np.ndarray) -> tuple[np.ndarray, str]:
    """Clip [T', 2, V, 3] float32 of at most two bodies, and a note of what was dropped and cut (empty: nothing).

    Takes the number of frames, and per tracked body its frame [N], id [N] and joints [N, V, 3]. Raises `DataError`
    when nobody is there.
    """
    notes: list[str] = []
    tracks = _tracks(times, ids, joints, notes)
    if not tracks:
        raise DataError("has no body in any of its frames")
    if len(tracks) > 1:
        tracks = _without_noise(tracks, notes)
    clip = np.zeros((frames, 2, *joints.shape[1:]), np.float32)
    spans: list[tuple[int, int]] = []
    for body, (when, what) in tracks.items():
        slot = _slot(spans, int(when[0]), int(when[-1]))
        if slot is None:
            notes.append(f"body {body} dropped: two others move more")
        else:
            clip[when, slot] = what
    present = clip.any(axis=(1, 2, 3))
    if not present.any():
        raise DataError("holds nothing but zeros")
    if not present.all():
        notes.append(f"{int((~present).sum())} of {frames} frames without a body cut")
    return clip[present], "; ".join(notes)


def _tracks(times, ids, joints, notes) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Frames and joints of each id, in order of appearance."""
    order: dict[int, list[int]] = {}
    for row, body in enumerate(ids):
        order.setdefault(body, []).append(row)
    tracks = {}
    for body, rows in order.items():
        when = times[rows]
        once = np.diff(when, prepend=-1) > 0
        if not once.all():
            notes.append(f"body {body} twice in {int((~once).sum())} frames: the first kept")
        tracks[body] = when[once], joints[rows][once]
    return tracks


def _without_noise(tracks, notes):
    """The tracks that are people's, those with most motion first."""
    long_enough = {body for body, (when, _) in tracks.items() if len(when) > SHORT}
    if not long_enough:  # the rule would leave nobody
        long_enough = {max(tracks, key=lambda body: len(tracks[body][0]))}
    left = {}
    for body, track in tracks.items():
        if body in long_enough:
            left[body] = track
        else:
            notes.append(f"body {body} dropped: {len(track[0])} frames long")
    motion = {body: _energy(what) for body, (_, what) in left.items()}
    for body, (when, what) in list(left.items()):
        if len(left) == 1:
            break
        size = np.ptp(what, axis=1)
        fine = size[:, 0] <= WIDE * size[:, 1]
        wide = 1 - fine.mean()
        if wide >= MOSTLY_WIDE:
            del left[body]
            notes.append(f"body {body} dropped: too wide in {int((~fine).sum())} of {len(when)} frames")
        elif wide:
            motion[body] = min(motion[body], _energy(what[fine]))
    return {body: left[body] for body in sorted(left, key=lambda body: -motion[body])}


def _energy(joints: np.ndarray) -> float:
    return float(joints.reshape(-1, 3).astype(np.float64).var(axis=0).sum())


def _slot(spans: list[tuple[int, int]], start: int, end: int) -> int | None:
    """Which of two bodies a track is of: the first whose span it doesn't overlap. Widens that body's span."""
    for slot, (begin, until) in enumerate(spans):
        if min(until, end) - max(begin, start) <= 0:
            spans[slot] = min(begin, start), max(until, end)
            return slot
    if len(spans) < 2:
        spans.append((start, end))
        return len(spans) - 1
    return None
