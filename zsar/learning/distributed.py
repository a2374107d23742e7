"""Pre-training on several processes: the same batches and batch statistics as on one, so the same training.

Outside of a process group everything here does nothing.
"""

import contextlib
import datetime
import os
import warnings
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zsar.errors import ZsarError
from zsar.storage import fingerprint


def processes() -> int:
    """How many processes train together."""
    grouped = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if grouped else 1


def rank() -> int:
    """The number of this process; 0 is the one that prints and writes."""
    return torch.distributed.get_rank() if processes() > 1 else 0


@contextlib.contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the processes that ``torchrun`` started, and yield this one's device; alone, the device given."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield device
        return
    on_gpu = device.startswith("cuda")
    if on_gpu:
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise ZsarError(
                f"process {local} has no GPU of its own: {torch.cuda.device_count()} here",
                "Start as many processes as there are GPUs: torchrun --nproc-per-node N.",
            )
        device = f"cuda:{local}"
        torch.cuda.set_device(device)
    # The first process alone reads or simulates data while the others wait, which may take its time.
    torch.distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=datetime.timedelta(hours=2))
    try:
        yield device
        torch.distributed.barrier()  # one that leaves while another still talks would abort it
    finally:
        torch.distributed.destroy_process_group()


def total(x: Tensor) -> Tensor:
    """The sum over all processes; no gradient goes through it."""
    if processes() > 1:
        torch.distributed.all_reduce(x)
    return x


def agreed(value):
    """The first process's value (plain data), in every process."""
    if processes() < 2:
        return value
    box = [value]
    torch.distributed.broadcast_object_list(box)
    return box[0]


def own_part(rows: Tensor) -> Tensor:
    """This process's share of a batch that is the first process's in all of them.

    Raises `ZsarError` for a batch of fewer rows than there are processes.
    """
    if processes() < 2:
        return rows
    if len(rows) < processes():
        raise ZsarError(
            f"a batch of {len(rows)} clips can't be shared by {processes()} processes", "Use fewer processes."
        )
    torch.distributed.broadcast(rows, 0)
    return rows[rank() :: processes()]


def differ_by_rank(seed: int, epoch: int) -> None:
    """Give all processes but the first random numbers of their own (dropout), the same when an epoch is resumed."""
    if rank():
        torch.manual_seed(int(fingerprint(seed, epoch, rank()), 16) >> 1)


def shared(model: nn.Module) -> nn.Module:
    """The model with its gradients averaged over all processes (DistributedDataParallel)."""
    if processes() < 2:
        return model
    device = next(model.parameters()).device
    with warnings.catch_warnings():
        # Its successor isn't in the oldest torch that zsar runs with.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        return nn.parallel.DistributedDataParallel(
            model, device_ids=[device.index] if device.type == "cuda" else None, broadcast_buffers=False
        )


class _Sum(torch.autograd.Function):
    """The sum over all processes, whose gradient is the sum of all processes' gradients."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return total(x.clone())

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return total(gradient.clone())


class WholeBatchNorm(nn.Module):
    """A batch normalisation over the batches of all processes; torch's own needs a GPU.

    It takes over the weights and buffers of ``norm`` under their names; `norm.leading` says that the leading axes
    are the channels instead of the second.
    """

    def __init__(self, norm: nn.Module):
        super().__init__()
        self._parameters, self._buffers = norm._parameters, norm._buffers
        self.eps, self.momentum, self.leading = norm.eps, norm.momentum, getattr(norm, "leading", False)

    def forward(self, x: Tensor) -> Tensor:
        full_shape = x.shape
        x = x.reshape(1, len(self.weight), -1) if self.leading else x
        if not self.training:
            statistics = (self.running_mean, self.running_var, self.weight, self.bias)
            return F.batch_norm(x, *statistics, eps=self.eps).view(full_shape)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(x.dim())]
        wide = x if x.dtype == torch.float64 else x.float()
        count = total(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
        mean = _Sum.apply(wide.sum(axes)) / count
        centred = wide - mean.view(shape)
        variance = _Sum.apply(centred.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias.view(shape), centred, scale.view(shape)).to(x.dtype).view(full_shape)


def synchronise(model: nn.Module) -> nn.Module:
    """Let every batch normalisation of a model take the statistics of all processes' batches, in place."""
    if processes() < 2:
        return model
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.modules.batchnorm._BatchNorm):
                setattr(module, name, WholeBatchNorm(child))
    return model
