"""`compare`: whether a data set's sampling alters what the bound depends on."""

from rankbound.comparing.account import comparison_json
from rankbound.comparing.options import CompareOptions
from rankbound.comparing.run import Comparison, compare_samplings

__all__ = ["CompareOptions", "Comparison", "compare_samplings", "comparison_json"]
