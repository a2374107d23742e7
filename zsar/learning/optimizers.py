"""torch's optimizers without its compiler, which torch imports when it makes the first one: 1.2 s for every process.

Loading it ahead would not help: ``zsar predict`` is one process, and its methods train a classifier for new labels.
"""

import inspect

import torch


def _plain(optimizer: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """The same class, its methods without the wrappers that keep a compiler from tracing them; it never does here."""
    methods = {
        name: inspect.unwrap(getattr(optimizer, name))
        for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict", "step")
    }
    methods["step"] = torch.no_grad()(methods["step"])
    return type(optimizer.__name__, (optimizer,), methods | {"__doc__": optimizer.__doc__, "__module__": __name__})


Adam = _plain(torch.optim.Adam)
AdamW = _plain(torch.optim.AdamW)
Adagrad = _plain(torch.optim.Adagrad)
SGD = _plain(torch.optim.SGD)
