"""Rules that say whether two samplings differ, on many data sets at once.

Each gives a verdict per data set: ours by betting, the same four by Student's t, and
the rule that is in use in published tables.
"""

from __future__ import annotations

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.data.columns import Floats, Strings, strings
from rankbound.reference.equivalence import (
    MARGIN_SHARE,
    reference_mark,
    reference_p_values,
)
from rankbound.validation.verdicts import verdict


def by_betting(
    values: Floats, reference: Floats, *, margin: float, delta: float
) -> Strings:
    """Our verdicts; `values` and `reference` have shape (sets, n)."""
    found = []
    for differences in values - reference:
        ends = two_sided(differences, low=-LN2, high=LN2, delta=delta)
        found.append(verdict(*ends, margin=margin))
    return strings(found)


def by_t(values: Floats, reference: Floats, *, margin: float, delta: float) -> Strings:
    """The four verdicts by the paired t interval of the same level."""
    from scipy.stats import t

    differences = values - reference
    n = differences.shape[1]
    centre = differences.mean(axis=1)
    half = t.ppf(1 - delta / 2, n - 1) * differences.std(axis=1, ddof=1) / np.sqrt(n)
    ends = zip(centre - half, centre + half, strict=True)
    return strings([verdict(low, high, margin=margin) for low, high in ends])


def as_published(values: Floats, reference: Floats) -> Strings:
    """The published rule: "equivalent" where two one-sided tests both fail.

    The margin is 0.1 % of the observed difference, the tests are those of independent
    samples with a pooled variance, and failing to reject is read as equivalence.

    Notes
    -----
    One of the two tests fails always, as the margin is smaller than the difference. The
    other fails where a two-sided test of independent samples has p > 0.2, about.

    Examples
    --------
    >>> same = np.array([[0.1, 0.2, 0.3]])
    >>> as_published(same, same + 0.001).tolist()
    ['equivalent']
    >>> as_published(same, same + 0.5).tolist()
    ['different']
    """
    difference = values.mean(axis=1) - reference.mean(axis=1)
    ends = reference_p_values(
        values, reference, margin=MARGIN_SHARE * np.abs(difference)
    )
    return strings(np.where(reference_mark(*ends), "equivalent", "different").tolist())
