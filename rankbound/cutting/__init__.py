"""`cut`: training groups of the queries in a quantile band of a per-query quantity."""

from rankbound.cutting.files import write_cut
from rankbound.cutting.options import CutOptions
from rankbound.cutting.run import Cut, cut, cut_groups

__all__ = ["Cut", "CutOptions", "cut", "cut_groups", "write_cut"]
