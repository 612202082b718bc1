"""bounds.errors: one error, which callers can catch as a ValueError."""

import pytest

from rankbound.bounds.errors import DomainError


def test_domain_error_is_a_value_error():
    with pytest.raises(ValueError, match="try 0"):
        raise DomainError("`delta` must lie in (0, 1), got 1.5; try 0.05")
