import numpy as np
import pytest

from rankbound.read.text.idcolumns import IdColumn, id_block

KINDS = {
    "numbers": ["d7", "d12", "d7", "d3"],
    "large numbers": ["99999999", "12", "7", "12"],
    "words": ["b", "a1", "b", "ü"],
    "texts": ["x" * 65, "a", "x" * 65],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_comes_to_the_same_columns(kind):
    column = IdColumn()
    column.append(id_block(KINDS[kind]))
    encoded = column.encoded()
    assert encoded.ids.strings.tolist() == sorted(set(KINDS[kind]))
    rows = encoded.ids.strings[encoded.codes[encoded.marks]]
    assert rows.tolist() == KINDS[kind]
    assert (encoded.marks.dtype, encoded.codes.dtype) == (np.int64, np.int32)
    assert encoded.marks.flags.writeable  # codes take their place
