"""Pickles that would run code are refused in one line, and nothing runs."""

import builtins
import copyreg
import functools
import operator
import os
import pickle
import struct
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.objects import pickles
from rankbound.read.source import Source
from tests.rankbound.files import refusal, written

PROTOCOLS = (2, 3, 4, 5)


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *args, state=None):
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


def touch(marker):
    """Python source that makes a marker file."""
    return f"open({str(marker)!r}, 'w').close()"


def payloads(marker):
    """Objects whose plain unpickling makes the marker file."""
    code, shell = touch(marker), f"touch {marker}"
    return {
        "os.system": Call(os.system, shell),
        "builtins.eval": Call(eval, code),
        "builtins.exec": Call(exec, code),
        "subprocess.Popen": Call(subprocess.check_call, ["touch", str(marker)]),
        "partial": Call(functools.partial(os.system, shell)),
        "getattr": Call(Call(getattr, os, "system") and getattr, builtins, "open"),
        "nested in a dict": {1: {2: 0.5, 3: Call(os.system, shell)}},
        "as a key": {1: {(Call(eval, f"{code} or 1"), 1): 0.5}},
        "beside vectors": (np.ones((1, 2)), [Call(os.system, shell)]),
        "object array": np.array([Call(os.system, shell)], dtype=object),
        "state": Call(Call, print, state=Call(os.system, shell)),
        "attrgetter": Call(operator.methodcaller("system", shell), os.system),
    }


KNOWN = {
    "os.system": "posix.system",
    "builtins.eval": "builtins.eval",
    "builtins.exec": "builtins.exec",
    "subprocess.Popen": "subprocess.check_call",
    "partial": "functools.partial",
    "getattr": "builtins.getattr",
    "nested in a dict": "posix.system",
    "as a key": "builtins.eval",
    "beside vectors": "posix.system",
    "object array": "",
    "state": "Call",
    "attrgetter": "operator.methodcaller",
}


class ByName(pickle.Pickler):
    """Writes modules by name, which the plain pickler refuses."""

    def reducer_override(self, value):
        if isinstance(value, type(os)):
            return __import__, (value.__name__,)
        return NotImplemented


def dumped(value, protocol, folder):
    path = folder / "x.pkl"
    with path.open("wb") as stream:
        ByName(stream, protocol, fix_imports=False).dump(value)
    return path


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("case", KNOWN)
def test_payloads_are_refused_by_name_and_do_not_run(tmp_path, case, protocol):
    marker = tmp_path / "ran"
    path = dumped(payloads(marker)[case], protocol, tmp_path)
    message = refusal(pickles.load, Source(path))
    assert not marker.exists()
    assert message.startswith(f"{path}: ")
    expected = KNOWN[case]
    if case == "getattr":
        assert "names builtins." in message
    elif expected == "":
        assert "object array" in message
    else:
        assert f"{expected}," in message
    assert "nothing in it was run" in message


@pytest.mark.parametrize("case", ["os.system", "builtins.exec", "nested in a dict"])
def test_the_payloads_would_have_run(tmp_path, case):
    """Otherwise the test above could not fail."""
    marker = tmp_path / "ran"
    path = dumped(payloads(marker)[case], 4, tmp_path)
    with path.open("rb") as stream:
        pickle.load(stream)
    assert marker.exists()


def raw(*parts):
    """A pickle of protocol 2 from opcodes."""
    return b"\x80\x02" + b"".join(parts) + b"."


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


TEXT = b"X\x04\x00\x00\x00utf8"
OPCODES = {
    "INST": raw(b"(X\x01\x00\x00\x00xios\nsystem\n"),
    "OBJ": raw(b"(", name("os", "system"), b"X\x01\x00\x00\x00xo"),
    "NEWOBJ on a stand-in": raw(name("numpy", "ndarray"), b")\x81"),
    "NEWOBJ_EX on a stand-in": b"\x80\x04cnumpy\nndarray\n)}\x92.",
    "the array class called": raw(name("numpy", "ndarray"), b")R"),
    "BUILD on a function": raw(
        name("numpy", "dtype"), b"}X\x05\x00\x00\x00_callK\x01sb"
    ),
    "BUILD slots on a function": raw(
        name("numpy", "dtype"), b"N}X\x05\x00\x00\x00_callK\x01s\x86b"
    ),
    "BUILD on a dict": raw(b"}}X\x01\x00\x00\x00aK\x01sb"),
    "BUILD slots on a list": raw(b"]N}X\x06\x00\x00\x00appendK\x01s\x86b"),
    "SETITEM on a function": raw(name("numpy", "dtype"), b"K\x01K\x01s"),
    "APPEND to a function": raw(name("numpy", "dtype"), b"K\x01a"),
    "another codec": raw(name("_codecs", "encode"), TEXT, TEXT, b"\x86R"),
    "a codec without a name": raw(name("_codecs", "encode"), TEXT, b"\x85R"),
    "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0ddtype.__call__\x93.",
    "a name that is no text": b"\x80\x04K\x01K\x02\x93.",
    "bytes of a number": raw(name("builtins", "bytes"), b"J\xff\xff\xff\x7f\x85R"),
    "persistent id": raw(b"K\x01Q"),
    "old persistent id": raw(b"Pabc\n"),
    "out-of-band buffer": b"\x80\x05\x97.",
    "extension": raw(b"\x82\xf0"),
    "numpy's loader": raw(name("numpy.lib.format", "read_array")),
    "ctypes array": raw(name("numpy.ctypeslib", "load_library")),
    "copyreg": raw(name("copyreg", "_reconstructor")),
    "a call of a number": raw(b"K\x01)R"),
    "a wrong memo": raw(b"h\x07"),
    "an empty stack": raw(b"0"),
    "a huge text": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f.",
    "a huge frame": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
    "a long negative count": raw(b"\x8b\xff\xff\xff\xff"),
    "a control character": raw(b"ca\x1b[31m\nb\x07\n"),
}


@pytest.mark.parametrize("case", OPCODES)
def test_opcodes_beyond_the_format_give_one_line(tmp_path, case):
    path = written(tmp_path, OPCODES[case])
    before = {key: vars(type(found)) for key, found in pickles.ALLOWED.items()}
    message = refusal(pickles.load, Source(path))
    assert message.isprintable()
    assert {k: vars(type(f)) for k, f in pickles.ALLOWED.items()} == before
    # and the stand-ins still work
    good = written(tmp_path, pickle.dumps(np.ones(2)), "good")
    assert pickles.load(Source(good)).value.tolist() == [1, 1]


def test_a_registered_extension_is_not_called(tmp_path):
    marker = tmp_path / "ran"
    copyreg.add_extension("posix", "system", 0xF0)
    try:
        plain = pickle.dumps(os.system, 2)
        assert b"\x82\xf0" in plain
        assert pickle.loads(plain) is os.system  # now it is cached
        text = f"touch {marker}".encode()
        call = raw(b"\x82\xf0X", len(text).to_bytes(4, "little"), text, b"\x85R")
        message = refusal(pickles.load, Source(written(tmp_path, call)))
    finally:
        copyreg.remove_extension("posix", "system", 0xF0)
        copyreg.clear_extension_cache()
    assert "posix.system" in message
    assert not marker.exists()


def test_names_are_not_imported(tmp_path):
    (tmp_path / "planted.py").write_text(touch(tmp_path / "ran"))
    sys.path.insert(0, str(tmp_path))
    try:
        path = written(tmp_path, raw(name("planted", "x")))
        assert "names planted.x" in refusal(pickles.load, Source(path))
    finally:
        sys.path.remove(str(tmp_path))
    assert "planted" not in sys.modules
    assert not (tmp_path / "ran").exists()


def plain(value):
    """Stand-ins back to lists, for a comparison."""
    return value.value.tolist() if isinstance(value, pickles.Array) else value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="<f4").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
        np.arange(24, dtype="f2").reshape(2, 3, 4).transpose(1, 2, 0),
        np.zeros((0, 3), dtype="f4"),
        np.array(["D1", "é"]),
        np.array([b"a", b"bc"]),
        np.arange(3),
    ],
    ids=str,
)
def test_arrays_come_back_as_numpy_reads_them(tmp_path, array, protocol):
    found = pickles.load(Source(written(tmp_path, pickle.dumps(array, protocol))))
    assert found.value.tolist() == array.tolist()
    assert found.value.shape == array.shape


def test_names_of_the_older_numpy_are_known(tmp_path):
    new = pickle.dumps({1: {2: np.float32(1.5)}}, 2)
    old = new.replace(b"numpy._core", b"numpy.core")
    assert old != new
    assert pickles.load(Source(written(tmp_path, old))) == {1: {2: 1.5}}


PLAIN = st.recursive(
    st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(value=PLAIN, protocol=st.sampled_from(PROTOCOLS))
def test_plain_values_round_trip(tmp_path_factory, value, protocol):
    folder = tmp_path_factory.mktemp("pickles")
    path = written(folder, pickle.dumps(value, protocol))
    assert pickles.load(Source(path)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_truncation_gives_one_line(tmp_path, protocol):
    whole = pickle.dumps({1: {2: np.float32(0.5), 3: 0.25}, 4: {2: 1.0}}, protocol)
    for end in range(2, len(whole)):
        path = written(tmp_path, whole[:end])
        assert "truncated or damaged" in refusal(pickles.load, Source(path))
    path = written(tmp_path, whole + b"more")
    assert "more follows after its end" in refusal(pickles.load, Source(path))


def test_every_flipped_byte_is_read_or_refused(tmp_path):
    whole = pickle.dumps({1: {2: np.float32(0.5)}, 4: {2: 1.0}}, 4)
    for place in range(2, len(whole)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            source = Source(written(tmp_path, bytes(damaged)))
            # any other exception would fail the test
            with suppress(pickles.FormatError):
                pickles.load(source)


def test_other_starts_are_no_pickles(tmp_path):
    for start in (b"(dp0\n.", b"\x80\x01}.", b"\x80\x06}.", b"{}"):
        path = written(tmp_path, start)
        assert "not a pickle of protocol" in refusal(pickles.load, Source(path))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([1, "a", None], dtype=object), "object array"),
        (np.zeros(2, dtype=[("a", "f4")]), "NumPy dtype"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "NumPy dtype"),
        (np.array([True]), "NumPy dtype"),
    ],
)
def test_arrays_of_other_types_are_refused(tmp_path, array, reason):
    message = refusal(pickles.load, Source(written(tmp_path, pickle.dumps(array))))
    assert reason in message


def test_an_array_with_too_few_bytes_is_refused(tmp_path):
    whole = pickle.dumps(np.ones(2, dtype="f4"), 3).replace(
        b"K\x02\x85", b"K\x03\x85", 1
    )
    message = refusal(pickles.load, Source(written(tmp_path, whole)))
    assert "8 bytes for an array of shape (3,)" in message


def test_an_array_of_bytes_without_end_is_refused_and_nothing_else_said(
    tmp_path, capfd
):
    """CPython prints a SystemError where an array of bytes gets no memory.

    It reads a field that is not filled yet, so bytes that are not 0 are left there.
    """
    unclean = b"C\x17" + b"\1" * 23 + b"0"
    for size in (1 << 40, 1 << 59):
        path = tmp_path / "p.pkl"
        path.write_bytes(b"\x80\x05" + unclean + b"\x96" + struct.pack("<Q", size))
        with pytest.raises(FormatError, match="asks for more than"):
            pickles.load(Source(path))
    assert capfd.readouterr().err == ""
