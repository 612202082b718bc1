"""The theory: statements as SymPy expressions, limits of means, certificates.

>>> from rankbound.bounds import statement
>>> statement("lemma-1").kind
'identity'

`REGISTRY` holds every lemma and theorem as a `Statement`, whose one expression is read
as LaTeX, as a NumPy, torch or jax function and as derivatives. A statement without a
closed form names the function that computes it, such as one of `bounds.limits`.

With few queries, shares of queries say more than means (`certify_share`,
`tolerance_limit`, `direction`); `floor_of` says how low a limit can be at all;
`choose_stake` and `choose_range` choose on queries that are set aside, for
`pilot_limit` and for students that `clipped` keeps in their range; `contenders`
excludes students as best.

To add a statement:

1. Write its proof under a heading with its key in the appendix; quote the literature.
2. Define every new symbol in `bounds.notation` and every new assumption in
   `bounds.assumptions`, once.
3. Write the `Statement` next to its relatives, with the one expression for the value
   of its right-hand side, or the procedure. Of several equal forms choose one in which
   nothing cancels, since the numeric views evaluate it as written.
4. Add it to `bounds.registry`, in the order of the proofs.
5. Test it by its kind: an identity symbolically and to rounding; a tight bound for
   validity and in the case that `attained_by` names; an upper or lower bound for
   validity, with its looseness recorded; a limit by simulated coverage.
6. Add its check to `validation.checks`; a test fails without one.

The statements are loaded on first use, since the limits of means need no symbols and
should not wait for SymPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if __name__ != "rankbound.bounds":
    raise ImportError("import rankbound.bounds, not bounds")

from rankbound.bounds.betting import queries_needed
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import (
    empirical_bernstein,
    hoeffding,
    kl_chernoff,
    kl_inverse,
    lower_limit,
    split_limit,
    two_sided,
    upper_limit,
)

if TYPE_CHECKING:
    from rankbound.bounds.contenders import Contenders, contenders, pair_stakes
    from rankbound.bounds.floors import Floor, floor_of, median_floor
    from rankbound.bounds.notation import glossary
    from rankbound.bounds.pilot import (
        RangeChoice,
        StakeChoice,
        choose_each_range,
        choose_range,
        choose_stake,
        clipped,
        common_range,
        pilot_limit,
    )
    from rankbound.bounds.registry import REGISTRY, statement
    from rankbound.bounds.shares import (
        Direction,
        ShareCertificate,
        ToleranceLimit,
        certify_share,
        direction,
        tolerance_limit,
    )
    from rankbound.bounds.statements import Statement

# Loaded on first use, since they need SymPy or SciPy's special functions.
_LATER: Final = {
    name: f"rankbound.bounds.{module}"
    for module, names in {
        "contenders": ("Contenders", "contenders", "pair_stakes"),
        "floors": ("Floor", "floor_of", "median_floor"),
        "notation": ("glossary",),
        "pilot": (
            *("RangeChoice", "StakeChoice", "choose_each_range", "choose_range"),
            *("choose_stake", "clipped", "common_range", "pilot_limit"),
        ),
        "registry": ("REGISTRY", "statement"),
        "shares": (
            *("Direction", "ShareCertificate", "ToleranceLimit"),
            *("certify_share", "direction", "tolerance_limit"),
        ),
        "statements": ("Statement",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


__all__ = [
    "REGISTRY",
    "Contenders",
    "Direction",
    "DomainError",
    "Floor",
    "RangeChoice",
    "ShareCertificate",
    "StakeChoice",
    "Statement",
    "ToleranceLimit",
    "certify_share",
    "choose_each_range",
    "choose_range",
    "choose_stake",
    "clipped",
    "common_range",
    "contenders",
    "direction",
    "empirical_bernstein",
    "floor_of",
    "glossary",
    "hoeffding",
    "kl_chernoff",
    "kl_inverse",
    "lower_limit",
    "median_floor",
    "pair_stakes",
    "pilot_limit",
    "queries_needed",
    "split_limit",
    "statement",
    "tolerance_limit",
    "two_sided",
    "upper_limit",
]
