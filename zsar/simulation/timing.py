"""The time courses of motions: ramps, oscillations, jumps, uneven tempo, idle wandering."""

import numpy as np

GRAVITY = 9.81
RATE = 30.0  # frames per second


def ramp(phase: np.ndarray, start: float, end: float) -> np.ndarray:
    """A movement's progress [T] from 0 at start to 1 at end, with minimum jerk as in reaching."""
    if end - start < 1e-6:
        return (phase >= start).astype(float)
    s = np.clip((phase - start) / (end - start), 0, 1)
    return s**3 * (10 - 15 * s + 6 * s * s)


def wave(phase, start: float, end: float, times: float, shift: float = 0.0) -> np.ndarray:
    """A to-and-fro course [T] in -1..1 of ``times`` periods, fading in and out."""
    s = np.clip((phase - start) / max(end - start, 1e-6), 0, 1)
    fade = np.clip(6 * np.minimum(s, 1 - s), 0, 1)
    return np.sin(2 * np.pi * (times * s + shift)) * fade


def tap(phase, start: float, end: float, times: float, shift: float = 0.0) -> np.ndarray:
    """A there-and-back course [T] in 0..1 with ``times`` visits; ``shift`` in periods."""
    s = np.clip((phase - start) / max(end - start, 1e-6), 0, 1)
    course = 0.5 - 0.5 * np.cos(2 * np.pi * (times * s + shift))
    return course if not shift else course * np.clip(6 * np.minimum(s, 1 - s), 0, 1)


def jumps(phase, start: float, end: float, times: int, height: float) -> tuple[np.ndarray, np.ndarray]:
    """The height off the ground and the depth of crouching, [T] metres each, of ``times`` jumps.

    The flight is ballistic: its duration follows from the height. The crouch comes before and after
    it.
    """
    frames = np.arange(len(phase)) / RATE
    begin, finish = np.interp([start, end], phase, frames)
    flight = np.sqrt(8 * height / GRAVITY)
    times = max(1, min(times, int(0.8 * (finish - begin) / flight)))  # rather fewer than lower
    period = (finish - begin) / times
    air, crouch = np.zeros(len(phase)), np.zeros(len(phase))
    for i in range(times):
        middle = begin + (i + 0.5) * period
        s = (frames - middle) / (flight / 2)
        air += height * np.maximum(1 - s * s, 0)
        aside = max((period - flight) / 4, 1 / RATE)
        for edge in (middle - flight / 2 - aside, middle + flight / 2 + aside):
            crouch += 0.4 * height * np.cos(np.clip((frames - edge) / aside, -1, 1) * np.pi / 2) ** 2
    return air, crouch


def uneven(count: int, rng: np.random.Generator) -> np.ndarray:
    """The phase [T] of a clip of ``count`` frames: from about 0 to about 1, unevenly."""
    first, last = rng.uniform(0, 0.04), rng.uniform(0.95, 1.0)
    s = np.linspace(first, last, count)
    slow, late = rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2)
    return s + slow * np.sin(np.pi * s) / np.pi + late * np.sin(2 * np.pi * s) / (2 * np.pi)


def wandering(count: int, width: int, rng: np.random.Generator, spacing: float = 12.0) -> np.ndarray:
    """Slow random courses [T, width] of unit size, linear between knots ``spacing`` frames."""
    place = np.arange(count) / spacing + rng.uniform()
    knot = place.astype(int)
    values = rng.standard_normal((knot[-1] + 2, width))
    share = (place - knot)[:, None]
    return (1 - share) * values[knot] + share * values[knot + 1]


def smoothed(courses: np.ndarray, reach: int) -> np.ndarray:
    """Courses [T, D] averaged over ``reach`` frames to either side, the nearest weighing most."""
    weights = np.cos(np.arange(-reach, reach + 1) / (reach + 1) * np.pi / 2) ** 2
    padded = np.concatenate([courses[:1]] * reach + [courses] + [courses[-1:]] * reach)
    count = len(courses)
    return sum(w * padded[i : i + count] for i, w in enumerate(weights / weights.sum()))


def feasible(times: int, seconds: float, amplitude: float, fastest: float = 2.4, often: float = 5.0) -> int:
    """As many of ``times`` repetitions as fit: at most ``fastest`` m/s and ``often`` per second.

    Two remain of two or more: what is done once isn't recognised as a repetition.
    """
    fit = int(seconds * min(often, fastest / (np.pi * max(amplitude, 1e-6))))
    return min(times, max(fit, 2))
