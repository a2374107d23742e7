"""Who performs: a subject's size, handedness, tempo and manner, and how clips vary."""

from dataclasses import dataclass

import numpy as np

from zsar.simulation.body import LEFT, RIGHT, Proportions
from zsar.simulation.programs import BODY, POSTURES, Role, Step


@dataclass(frozen=True)
class Performer:
    """What stays the same about a subject."""

    proportions: Proportions
    left_handed: bool
    tempo: float  # above one is slow: more frames
    amplitude: float
    slouch: float  # degrees
    stance: float
    arms_out: float  # how far resting arms hang away from the thighs, per arm length
    elbow: np.ndarray  # [3] outwards, up, forward: added to the direction of the elbows

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Performer":
        return cls(
            Proportions.draw(rng),
            bool(rng.random() < 0.13),
            rng.uniform(0.85, 1.15),
            rng.uniform(0.75, 1.25),
            rng.uniform(0, 9),
            rng.uniform(0.8, 1.5),
            rng.uniform(0.03, 0.22),
            rng.normal(0, 0.2, 3),
        )


@dataclass(frozen=True)
class Manner:
    """How a subject performs one clip: what was chosen, how far it deviates from the program."""

    performer: Performer
    steps: tuple[Step, ...]
    windows: tuple[tuple[float, float], ...]
    times: tuple[int, ...]
    amplitude: float
    bias: dict[int, np.ndarray]  # per side, metres [3]: outwards, up, forward
    lead: int  # the foot that steps first

    @classmethod
    def draw(cls, performer: Performer, role: Role, habit: np.random.Generator, rng: np.random.Generator) -> "Manner":
        """``habit`` is the same for all clips of a subject and class, ``rng`` is the clip's own."""

        def choose(options):
            usual, now = habit.integers(len(options)), rng.integers(len(options))
            return options[usual if rng.random() < 0.65 else now]

        posture, style = choose(role.postures), choose(role.styles)
        opening = Step("posture", 0.0, 0.0, values=dict.fromkeys(BODY, 0.0) | POSTURES[posture])
        steps = (opening, *sorted((*role.steps, *style), key=lambda s: s.start))
        bias = {side: habit.normal(0, 0.022, 3) + rng.normal(0, 0.014, 3) for side in (RIGHT, LEFT)}
        eager = habit.integers(0, 2)  # some repeat things often, some only as often as needed
        windows, times = [], []
        for step in steps:
            shift, stretch = rng.normal(0, 0.012), np.exp(rng.normal(0, 0.08))
            until = step.start + (step.until - step.start) * stretch + shift
            window = (max(step.start + shift, 0.0), min(until, 1.0)) if step.until > 0 else (0.0, 0.0)
            windows.append(window if window[0] < window[1] else (step.start, step.until))
            low, high = step.times or (0, 0)
            many = rng.integers(low, high + 1)
            times.append(int(max(many, rng.integers(low, high + 1)) if eager else many))
        return cls(
            performer,
            steps,
            tuple(windows),
            tuple(times),
            performer.amplitude * np.exp(rng.normal(0, 0.12)),
            bias,
            int(rng.choice((LEFT, RIGHT))),
        )

    def planned(self, *kinds: str):
        """The steps of these kinds in order of time, each as (step, start, until, times)."""
        for step, (start, until), times in zip(self.steps, self.windows, self.times, strict=True):
            if step.kind in kinds:
                yield step, start, until, times
