"""Draws that depend on a seed and on ids, never on the order of rows in a file."""

from __future__ import annotations

import hashlib

import numpy as np

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
    import pandas as pd

    if len(ids) == 0:
        return np.empty(0, dtype=np.int64)
    key = _digest(seed, (purpose,)).hex()[:16]
    numbers = pd.util.hash_array(ids, hash_key=key, categorize=False)
    # Ids that share a number, one pair in 2**64, are ordered by themselves
    by_id = np.argsort(ids, kind="stable")
    return by_id[np.argsort(numbers[by_id], kind="stable")]


def _digest(seed: int, keys: tuple[str, ...]) -> bytes:
    """A hash in which the ends of the keys count."""
    parts = [
        str(seed).encode(),
        *(key.encode("utf-8", "surrogatepass") for key in keys),
    ]
    told = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    return hashlib.sha256(told).digest()
