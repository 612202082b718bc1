"""`validate`: do the terms of the bound go with measured effectiveness."""

from rankbound.validating.options import Case, ValidateOptions
from rankbound.validating.run import Validation, validate

__all__ = ["Case", "ValidateOptions", "Validation", "validate"]
