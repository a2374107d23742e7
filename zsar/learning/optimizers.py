"""torch's optimizers without its compiler, which they import when they are made: a second for every process."""

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
Adagrad = _plain(torch.optim.Adagrad)
SGD = _plain(torch.optim.SGD)
