"""The contrastive loss that PGFA and DVTA share."""

import torch
import torch.nn.functional as F
from torch import Tensor


def same_label_target(y: Tensor, sharpness: float = 10.0) -> Tensor:
    """Row-wise softmax of ``sharpness`` times the same-label matrix: [B] int64 -> [B, B]."""
    return torch.softmax(sharpness * (y[:, None] == y[None, :]).float(), dim=1)


def kl_to_target(logits: Tensor, target: Tensor) -> Tensor:
    """KL(target || softmax(logits)) summed over columns, averaged over rows: [B, B], [B, B] -> scalar."""
    return F.kl_div(torch.log_softmax(logits, dim=1), target, reduction="batchmean")
