import pytest

from rankbound.commands.power.run import PowerOptions
from rankbound.errors import UsageError


def test_one_number_is_as_good_as_several():
    options = PowerOptions(n=43, sd=0.1, comparisons=5)
    assert (options.n, options.sd) == ((43,), (0.1,))
    assert options.delta_each == 0.01


def test_the_spread_may_be_unknown_where_only_correlations_are_asked():
    assert PowerOptions(n=43).sd == ()
    with pytest.raises(UsageError, match="need the spread over queries"):
        PowerOptions(margin=0.02)
