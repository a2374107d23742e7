"""Pictures for papers, from records and what lies beside them."""

from zsar.plots.kinds import KINDS, draw
from zsar.plots.picture import Picture

__all__ = ["KINDS", "Picture", "draw"]
