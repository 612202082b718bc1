import numpy as np
import pytest

from rankbound.read.text import growing
from rankbound.read.text.growing import Growing


@pytest.mark.parametrize("can_remap", sorted({False, growing.CAN_REMAP}))
@pytest.mark.parametrize("room", [1, 100, growing.ROOM])
def test_growing_matches_concatenation_over_many_steps(monkeypatch, can_remap, room):
    monkeypatch.setattr(growing, "CAN_REMAP", can_remap)
    monkeypatch.setattr(growing, "ROOM", room)
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=size) for size in rng.integers(0, 3000, 60)]
    column = Growing(np.float64)
    for block in blocks:
        column.extend(block)
    whole = np.concatenate(blocks)
    assert len(column) == len(whole)
    np.testing.assert_array_equal(column.held(), whole)
    np.testing.assert_array_equal(column.taken(), whole)
    assert len(column) == 0
    column.extend(whole[:2])
    np.testing.assert_array_equal(column.taken(), whole[:2])


def test_growing_converts_to_its_type():
    column = Growing(np.int64)
    column.extend(np.array([1, 2], dtype=np.int32))
    assert column.taken().dtype == np.int64


def test_nothing_is_taken_from_a_column_without_values():
    column = Growing(np.int64)
    assert column.taken().tolist() == []
    column.extend(np.empty(0, dtype=np.int64))
    assert column.taken().dtype == np.int64


def test_what_was_taken_stays_when_the_column_grows_again():
    column = Growing(np.int64)
    column.extend(np.arange(5))
    taken = column.taken()
    column.extend(np.full(growing.ROOM, 7))
    assert taken.tolist() == [0, 1, 2, 3, 4]
    taken[:] = 1
    assert column.held()[0] == 7


def test_few_values_take_no_mapping_of_their_own(monkeypatch):
    def refuse(_):
        raise AssertionError("a process has 65,530 mappings at most")

    monkeypatch.setattr(growing, "_mapped", refuse)
    column = Growing(np.int64)
    for start in range(0, growing.SMALL, 1 << 12):
        column.extend(np.arange(start, start + (1 << 12)))
    assert column.taken().tolist() == list(range(growing.SMALL))


@pytest.mark.skipif(not growing.CAN_REMAP, reason="memory is not mapped here")
def test_a_column_that_cannot_be_mapped_lacks_memory(monkeypatch):
    monkeypatch.setattr(growing, "_mapped", lambda _: growing.mmap.mmap(-1, 1 << 62))
    column = Growing(np.int64)
    with pytest.raises(MemoryError):
        column.extend(np.zeros(growing.SMALL + 1))
    monkeypatch.undo()
    column = Growing(np.int64)
    column.extend(np.zeros(growing.SMALL + 1))
    monkeypatch.setattr(growing, "ROOM", 1 << 59)
    with pytest.raises(MemoryError):
        column.extend(np.zeros(growing.ROOM >> 36))


@pytest.mark.skipif(not growing.CAN_REMAP, reason="memory is not mapped here")
def test_what_is_taken_holds_no_room_to_grow():
    column = Growing(np.int64)
    column.extend(np.arange(growing.SMALL + 1))
    memory = column._memory
    taken = column.taken()
    assert len(memory) == taken.nbytes
