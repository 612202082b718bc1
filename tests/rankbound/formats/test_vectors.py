import numpy as np
import pytest

from rankbound.formats.source import Source
from rankbound.formats.vectors import mapped, only_matrix
from tests.rankbound.files import refusal, written


def test_the_only_matrix_is_taken_and_else_the_one_so_named(tmp_path):
    source = Source(written(tmp_path, b"x"))
    one, two = np.ones((2, 3)), np.zeros((4, 3))
    assert only_matrix({"any": one, "ids": np.ones(2)}, source)[0] == "any"
    assert only_matrix({"other": one, "vectors": two}, source)[0] == "vectors"
    message = refusal(only_matrix, {"a": one, "b": two}, source)
    assert "holds 2 matrices" in message
    assert "holds 0 matrices" in refusal(only_matrix, {"a": np.ones(3)}, source)


def test_a_map_of_a_cut_file_is_refused_with_both_sizes(tmp_path):
    source = Source(written(tmp_path, bytes(23)))
    assert "24 bytes, and the file has 23" in refusal(
        lambda: mapped(source, dtype="<f4", rows=3, dim=2, offset=0)
    )


@pytest.mark.parametrize("offset", [0, 7])
def test_a_map_begins_behind_its_offset(tmp_path, offset):
    numbers = np.arange(6, dtype="<f4")
    source = Source(written(tmp_path, bytes(offset) + numbers.tobytes()))
    found = mapped(source, dtype="<f4", rows=3, dim=2, offset=offset)
    assert found.tolist() == numbers.reshape(3, 2).tolist()
    assert not found.flags.writeable
