"""Where a record differs from the expected one."""

import math
import re
from fnmatch import fnmatchcase

from tests.golden.recording import SIZES, SUMS, is_number

CLOSE = 1e-12
# By path: numbers whose last digits depend on the processor and its libraries
LOOSE = (
    # Through matrix products, LAPACK or square roots of differences
    (re.compile(r"distance|diameter|two_nn|knn_density|locality|/shapes?/"), 1e-9),
    # The least of a ratio over simulated samples, one of them by bisection
    (re.compile(r"/looseness$"), 1e-6),
)
# Whole numbers beyond this are rounded numbers with decimals, such as queries needed
MOST_COUNTED = 2**40


def differences(wanted, found, path=""):
    """One line for each difference: where, what is wanted, what was found."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        yield from _of_objects(wanted, found, path)
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path}: wanted {len(wanted)} items, found {len(found)}"
        for place, (left, right) in enumerate(zip(wanted, found, strict=False)):
            yield from differences(left, right, f"{path}/{place}")
    elif is_number(wanted) and is_number(found):
        if type(wanted) is not type(found) or not close(wanted, found, path):
            yield _line(path, wanted, found)
    elif wanted != found or type(wanted) is not type(found):
        yield _line(path, wanted, found)


def _of_objects(wanted, found, path):
    yield from _of_keys(wanted, found, path)
    shared = [key for key in wanted if key in found]
    # Those of seconds are words
    sums = {one for one in SUMS.intersection(shared) if is_number(wanted[one])}
    for key in shared:
        if key not in sums:
            yield from differences(wanted[key], found[key], f"{path}/{key}")
    # A sum is as exact as its parts are large
    allowed = tolerance(path) * max(1.0, wanted.get(SIZES, 0.0)) if sums else 0.0
    for key in sorted(sums):
        if not abs(wanted[key] - found[key]) <= allowed:
            yield _line(f"{path}/{key}", wanted[key], found[key])


def _of_keys(wanted, found, path):
    for key in dict.fromkeys([*wanted, *found]):
        if key not in found:
            yield f"{path}/{key}: wanted {_short(wanted[key])}, found nothing"
        elif key not in wanted:
            yield f"{path}/{key}: wanted nothing, found {_short(found[key])}"
    if path == "/files":
        return  # they are sorted by name
    if [k for k in wanted if k in found] != [k for k in found if k in wanted]:
        yield f"{path}: the same keys in another order, {', '.join(found)}"


def tolerance(path):
    return max((value for at, value in LOOSE if at.search(path)), default=CLOSE)


def close(wanted, found, path=""):
    """Whether two numbers are the same but for rounding; counts exactly."""
    if isinstance(wanted, int) and abs(wanted) < MOST_COUNTED:
        return wanted == found
    allowed = tolerance(path)
    return math.isclose(wanted, found, rel_tol=allowed, abs_tol=allowed)


def _line(path, wanted, found):
    return f"{path}: wanted {_short(wanted)}, found {_short(found)}"


def _short(value):
    words = repr(value)
    return words if len(words) <= 300 else f"{words[:300]} ..."


def unexpected(name, wanted, found, deviations):
    """Differences of a case that no deviation allows."""
    for deviation in deviations:
        if fnmatchcase(name, deviation.cases):
            wanted = deviation.applied(wanted, found)
    return list(differences(wanted, found))
