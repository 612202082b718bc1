"""Draws that depend on a seed and on ids, never on the order of rows in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from rankbound.data.columns import Integers, Strings


def generator(seed: int, *keys: str) -> np.random.Generator:
    """Random numbers for one purpose, which no other purpose changes.

    Parameters
    ----------
    seed : int
        Of the command, at least 0.
    *keys : str
        What the numbers are for: a purpose, then the names of what they are drawn for,
        such as a sampling or a student.

    Returns
    -------
    numpy.random.Generator
        The same for the same seed and keys, on every machine.

    Examples
    --------
    >>> first = generator(0, "bootstrap", "bm25").integers(1000)
    >>> again = generator(0, "bootstrap", "bm25").integers(1000)
    >>> other = generator(0, "bootstrap", "random").integers(1000)
    >>> bool(first == again), bool(first == other)
    (True, False)
    """
    return np.random.default_rng(list(_digest(seed, keys)))


def state_of(rng: np.random.Generator) -> Mapping[str, object]:
    """Where a generator of `generator` is, for `generator_at`.

    Examples
    --------
    >>> rng = generator(0, "bootstrap")
    >>> again = generator_at(state_of(rng))
    >>> bool(rng.random() == again.random())
    True
    """
    return cast("Mapping[str, object]", rng.bit_generator.state)


def generator_at(state: Mapping[str, object]) -> np.random.Generator:
    """A generator that goes on from where another one was, by `state_of`.

    It cannot spawn others.
    """
    bits = np.random.PCG64(0)
    bits.state = cast(Any, dict(state))
    return np.random.Generator(bits)


def drawn_order(ids: Strings, *, seed: int, purpose: str) -> Integers:
    """Positions of distinct ids in a random order that only the ids decide.

    Every id has a number of its own, drawn by a keyed hash, and the ids are sorted by
    it. So reordering the ids changes nothing, and the relative order of two ids does
    not depend on which others there are.

    Parameters
    ----------
    ids : object array of str, shape (n,)
        Distinct.
    seed : int
        At least 0.
    purpose : str
        Draws for two purposes are independent.

    Returns
    -------
    int64 array, shape (n,)

    Examples
    --------
    >>> ids = np.array(["q1", "q2", "q3", "q4"], dtype=object)
    >>> order = drawn_order(ids, seed=0, purpose="pilot")
    >>> again = drawn_order(ids[::-1], seed=0, purpose="pilot")
    >>> ids[order].tolist() == ids[::-1][again].tolist()
    True
    """
    numbers = id_numbers(ids, seed=seed, purpose=purpose)
    # Ids that share a number, one pair in 2**64, are ordered by themselves
    by_id = np.argsort(ids, kind="stable")
    return by_id[np.argsort(numbers[by_id], kind="stable")]


def id_numbers(ids: Strings, *, seed: int, purpose: str) -> npt.NDArray[np.uint64]:
    """A random number for each id, which nothing but the id, seed and purpose decides.

    Parameters
    ----------
    ids : object array of str, shape (n,)
    seed : int
        At least 0.
    purpose : str
        Numbers for two purposes are independent.

    Returns
    -------
    uint64 array, shape (n,)

    Examples
    --------
    >>> one, two = id_numbers(np.array(["q1", "q2"], dtype=object), seed=0, purpose="a")
    >>> bool(one == two)
    False
    """
    import pandas as pd

    if len(ids) == 0:
        return np.empty(0, dtype=np.uint64)
    key = _digest(seed, (purpose,)).hex()[:16]
    made: npt.NDArray[np.uint64]
    made = pd.util.hash_array(ids, hash_key=key, categorize=False)
    return made


def mixed(*numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One random number from several, such as those of a query and a document.

    Each is mixed by the finaliser of SplitMix64 (Steele, Lea, Flood, 2014), so that
    their order counts and numbers that share a part are as good as independent.

    Parameters
    ----------
    *numbers : uint64 arrays, shape (n,)

    Returns
    -------
    uint64 array, shape (n,)

    Examples
    --------
    >>> one, two = np.array([[1, 2], [3, 3]], dtype=np.uint64)
    >>> mixed(one, two).tolist() == mixed(two, one).tolist()
    False
    """
    made = np.zeros(len(numbers[0]), dtype=np.uint64)
    for part in numbers:
        made = made + part + np.uint64(0x9E3779B97F4A7C15)
        made = (made ^ (made >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        made = (made ^ (made >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        made ^= made >> np.uint64(31)
    return made


def _digest(seed: int, keys: tuple[str, ...]) -> bytes:
    """A hash in which the ends of the keys count."""
    parts = [
        str(seed).encode(),
        *(key.encode("utf-8", "surrogatepass") for key in keys),
    ]
    told = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    return hashlib.sha256(told).digest()
