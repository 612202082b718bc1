import pytest

from rankbound.read.json.blocks import Unsure, inner_blocks


def test_what_stands_inside_is_given_without_braces_and_commas():
    parts = [b' {"q": {"d": 1}', b' , "r": {"d": 2}', b", ", b"}", b"\n"]
    assert list(inner_blocks(parts[:2] + parts[3:])) == [
        b'"q": {"d": 1}',
        b'"r": {"d": 2}',
    ]
    assert list(inner_blocks([b'{"q": {"d": 1}}'])) == [b'"q": {"d": 1}']


def test_inner_blocks_reject_what_is_no_object():
    for parts in ([b"[1]"], [b'{"q": {}'], [b"{}", b"x"], [b'{"q": {}', b'"r": {}}']):
        with pytest.raises(Unsure):
            list(inner_blocks(parts))
    assert list(inner_blocks([b' \n{"q": {}', b" ", b", ", b"}"])) != []
