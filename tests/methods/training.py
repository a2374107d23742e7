"""What the tests of the methods share: training with a seed, and class vectors of length one."""

import numpy as np
import torch


def trained(method, seen, text):
    """The method after training, and its losses."""
    torch.manual_seed(0)
    return method, [report["loss"] for report in method.train(seen, text)]


def unit(text):
    """Mean vectors of prompts [C, P, D] at length one, [C, D] float64."""
    mean = text.double().mean(1).numpy()
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
