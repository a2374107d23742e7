"""Methods that go wrong, each in its own way; installed by the tests as a third party's package."""

import os
import signal

import torch

from zsar.methods import Method


class Well(Method):
    """Goes right: a random map, changed a little in each epoch."""

    title = "Well"

    def __init__(self, *, epochs: int = 3):
        self.epochs = epochs

    def train(self, seen, text):
        self.map = torch.randn(seen.x.shape[1], text.shape[-1])
        for _ in self.resumable(self.epochs):
            self.step()
            yield {"loss": self.map.square().mean().item()}

    def step(self):
        self.map += 0.1 * torch.randn_like(self.map)

    def score(self, x, text):
        return x @ self.map @ text.mean(1).T


class Raising(Well):
    title = "Raising"

    def step(self):
        super().step()
        if self._epoch == 1:
            raise ValueError("the second epoch went wrong")


class Killed(Well):
    title = "Killed"

    def step(self):
        os.kill(os.getpid(), signal.SIGKILL)


class Diverging(Well):
    title = "Diverging"

    def step(self):
        self.map = self.map * float("nan")


class Idle(Well):
    title = "Idle"

    def train(self, seen, text):
        yield from ()


class Misshapen(Well):
    title = "Misshapen"

    def score(self, x, text):
        return super().score(x, text)[:, :-1]


class Mute(Well):
    title = "Mute"

    def train(self, seen, text):
        for report in super().train(seen, text):
            yield {"accuracy": report["loss"]}


class Slow(Well):
    title = "Slow"

    def step(self):
        import time

        super().step()
        time.sleep(0.05)
