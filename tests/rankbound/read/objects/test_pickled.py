"""What the fast reader of pickles takes, the careful one reads alike."""

import pickle
from pathlib import Path
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json.blocks import Unsure
from rankbound.read.objects import pickled, pickles
from rankbound.read.objects.pickled import scores_in_blocks
from rankbound.read.source import Source

NAMES = st.sampled_from(["1", "10", "d2", "e\u0301", "\u00e9", "x" * 300, "a b", "-7"])
NUMBERS = st.integers(-(2**70), 2**70) | st.integers(-300, 300)
OF_TEXT = NAMES.map(np.str_) | st.text(max_size=3).map(np.str_)
IDS = st.one_of(NAMES, NUMBERS, st.integers(-9, 9).map(np.int64), OF_TEXT)
KINDS = st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.int64])
OF_NUMPY = st.builds(lambda kind, number: kind(number), KINDS, st.integers(-9, 999))
VALUES = st.floats(-1e300, 1e300) | st.integers(-(2**66), 2**66) | OF_NUMPY
ODD = st.sampled_from([True, None, float("nan"), "1.5", 1e308, b"1", 1j])
ODD |= st.sampled_from([np.uint8(1), np.bool_(1), np.float32("nan"), np.array(1.0)])


def by(ids, values=VALUES):
    inner = st.dictionaries(ids, values, max_size=6)
    return st.dictionaries(ids, inner, max_size=6)


TABLES = st.one_of(by(NAMES), by(NUMBERS), by(IDS), by(IDS, VALUES | ODD))


def carefully(source):
    """What the careful reader gives, or None where it refuses."""
    with mock.patch.object(pickles, "scores_in_blocks", side_effect=Unsure):
        try:
            return pickles.read_pickle(source).scores
        except FormatError:
            return None


def fast(content, size):
    with mock.patch.object(pickled, "SIZE", size):
        try:
            return scores_in_blocks(Source(Path("x"), content=content))
        except Unsure:
            return None


def same(content, size):
    """Whether both agree, or the fast reader leaves it to the other."""
    found = fast(content, size)
    if found is None:
        return False
    wanted = carefully(Source(Path("x"), content=content))
    assert wanted is not None
    for column in ("qids", "offsets", "codes", "docnos"):
        assert getattr(found, column).tolist() == getattr(wanted, column).tolist()
    assert found.values.tobytes() == wanted.values.tobytes()
    return True


@given(
    table=TABLES,
    protocol=st.integers(0, 5),
    size=st.sampled_from([1, 7, 50, 1 << 20]),
    shared=st.booleans(),
)
def test_both_readers_agree(table, protocol, size, shared):
    if shared:  # the same text again, which a pickle takes from its memo
        known = {}
        table = {
            key: {known.setdefault(name, name): value for name, value in row.items()}
            for key, row in table.items()
        }
    same(pickle.dumps(table, protocol=protocol), size)


@given(
    table=by(NAMES) | by(NAMES | OF_TEXT, VALUES),
    protocol=st.integers(2, 5),
    at=st.integers(0, 10**6),
    byte=st.binary(min_size=0, max_size=2),
    cut=st.integers(0, 2),
)
def test_a_damaged_file_is_read_alike_or_left_to_the_careful_reader(
    table, protocol, at, byte, cut
):
    whole = pickle.dumps(table, protocol=protocol)
    at %= len(whole)
    same(whole[:at] + byte + whole[at + cut :], 64)


def test_regular_pickles_are_read_fast():
    large = {f"q{n}": {f"d{m}": m / 7 - n for m in range(1500)} for n in range(3)}
    whole = {n: {m: float(m) for m in range(-2, 3)} for n in range(70000, 70003)}
    single = {"q": {"d": 1}}
    for table in (large, whole, single, {**single, "empty": {}}):
        for protocol in (2, 3, 4, 5):
            for size in (3000, 1 << 20):
                assert same(pickle.dumps(table, protocol=protocol), size)


def test_numbers_of_numpy_are_read_fast():
    kinds = (np.float16, np.float32, np.float64, np.int32, np.int64)
    one = {
        np.int64(qid): {f"d{m}": np.float32(m / 7 - qid) for m in range(1500)}
        for qid in (3, -4)
    }
    mixed = {
        f"q{n}": {np.int64(m): kind(m + n) for m in range(3)}
        for n, kind in enumerate((*kinds, float, int, *kinds))
    }
    beside = {"q": {f"d{n}": kind(n) for n, kind in enumerate((*kinds, float, int))}}
    known = [np.str_(f"d{m}\u00e9\U0001f4c4") for m in range(9)] + [np.int64(7), 9, "x"]
    shared = {name: dict.fromkeys(known, np.float64(0.5)) for name in known[:10]}
    again = {f"q{n}": {name: np.float32(n) for name in known} for n in range(3)}
    shared |= again | {f"r{n}": {np.str_(f"d{n}"): n, np.str_("e"): 1} for n in (7, 8)}
    for row in shared.values():  # an object that is no id is left to the other
        row.update({name: float(value) for name, value in row.items()})
    for table in (one, mixed, beside, shared, again):
        for protocol in (2, 3, 4, 5):
            for size in (30_000, 1 << 20):
                assert same(pickle.dumps(table, protocol=protocol), size)
    older = pickle.dumps(one, protocol=4).replace(b"\x16numpy._core", b"\x15numpy.core")
    assert same(older, 1 << 20)
    wide = pickle.dumps({np.str_("q"): {np.str_("ab"): 1.0}}, protocol=4)
    halves = wide.replace(b"b\0\0\0", b"\0\xd8\0\0")  # of a surrogate pair
    assert same(wide, 64)
    assert fast(halves, 64) is fast(wide.replace(b"U2", b"U3"), 64) is None
    assert not same(pickle.dumps({"q": {"d": np.array(1.0)}}, protocol=4), 64)


def test_what_is_twice_is_left_to_the_careful_reader():
    for table in ({7: {1: 0.5}, "7": {1: 0.5}}, {"q": {7: 0.5, "7": 1.0}}):
        assert fast(pickle.dumps(table, protocol=4), 64) is None
    # One dictionary for two queries
    row = {"d": 0.5}
    assert fast(pickle.dumps({"q": row, "r": row}, protocol=4), 64) is None
