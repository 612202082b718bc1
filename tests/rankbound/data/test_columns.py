import copy
import inspect
import pickle
import pydoc
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from rankbound.data import columns
from rankbound.data.columns import LateStrings, as_held, positions, strings
from rankbound.data.scores import Kind, Scores

IDS = strings(["d1", "d2"])


def scores(docnos):
    return Scores(
        qids=strings(["q"]),
        offsets=np.array([0, 2]),
        codes=np.array([0, 1]),
        docnos=docnos,
        values=np.array([0.5, 1.5]),
    )


def refuse():
    raise AssertionError("nobody asked for them")


def test_ids_are_made_once_and_cannot_be_changed():
    calls = []
    late = LateStrings(2, lambda: calls.append(1) or strings(["d1", "d2"]))
    assert len(late) == 2
    assert calls == []
    assert late.strings is late.strings
    assert calls == [1]
    with pytest.raises(ValueError, match="read-only"):
        late.strings[0] = "x"


def test_scores_ask_for_docnos_only_when_somebody_reads_them():
    late = scores(LateStrings(2, refuse))
    changed = late.with_kind(Kind.LOGIT).with_values(np.zeros(2), kind=Kind.DOT)
    assert changed.kind is Kind.DOT
    assert changed.n_docs == 2
    assert "2 documents" in repr(changed)
    with pytest.raises(AssertionError, match="nobody asked"):
        _ = changed.docnos


def test_scores_made_from_others_share_what_was_made():
    late = scores(LateStrings(2, lambda: strings(["d1", "d2"])))
    assert late.with_kind(Kind.LOGIT).docnos is late.docnos
    assert replace(late, name="other").docnos is late.docnos


@pytest.mark.parametrize("docnos", [IDS, LateStrings(2, partial(strings, IDS))])
def test_scores_with_late_ids_are_like_others(docnos):
    found = scores(docnos)
    assert found.docnos.tolist() == ["d1", "d2"]
    assert found.where(1) == ("q", "d2")
    assert found.to_ranx_dict() == {"q": {"d1": 0.5, "d2": 1.5}}
    again = pickle.loads(pickle.dumps(found))
    assert again.docnos.tolist() == ["d1", "d2"]
    with pytest.raises(ValueError, match="read-only"):
        found.docnos[0] = "x"


def test_the_docnos_of_a_file_are_not_made_for_its_kind(tmp_path):
    from rankbound.read.reading import read_scores

    path = tmp_path / "a.run"
    path.write_text("q Q0 d2 1 2.5 t\nq Q0 d1 2 1.5 t\n")
    found = read_scores(path)
    assert isinstance(as_held(found), LateStrings)
    assert found.docnos.tolist() == ["d1", "d2"]


def test_two_threads_that_ask_at_once_get_the_same_ids():
    inside, go_on = threading.Event(), threading.Event()
    first = threading.get_ident()

    def make():
        if threading.get_ident() != first:
            inside.set()
            assert go_on.wait(10)
        return strings(["d1", "d2"])

    late = LateStrings(2, make)
    found = []
    thread = threading.Thread(target=lambda: found.append(late.strings))
    thread.start()
    assert inside.wait(10)
    mine = late.strings
    go_on.set()
    thread.join()
    assert found[0] is mine
    assert late.strings is mine
    assert not mine.flags.writeable


def test_ids_that_could_not_be_made_can_be_asked_for_again():
    answers = iter([MemoryError, None])

    def make():
        if error := next(answers):
            raise error
        return strings(["d1", "d2"])

    late = scores(LateStrings(2, make))
    with pytest.raises(MemoryError):
        _ = late.docnos
    assert late.docnos.tolist() == ["d1", "d2"]


def test_the_class_itself_can_be_looked_at():
    assert Scores.docnos.__doc__.startswith("Distinct document ids")
    assert "docnos" in dict(inspect.getmembers(Scores))
    assert "Distinct document ids" in pydoc.render_doc(Scores)
    assert not hasattr(Scores.__new__(Scores), "docnos")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_asks_for_nothing(copied):
    late = scores(LateStrings(2, partial(strings, IDS)))
    again = copied(late)
    assert isinstance(as_held(again), LateStrings)
    assert "_strings" not in vars(as_held(again))
    assert again.docnos.tolist() == ["d1", "d2"]


def fixed(values):
    values.flags.writeable = False
    return values


def many(prefix, start, stop):
    return fixed(strings([f"{prefix}{n}" for n in range(start, stop)]))


def test_places_of_many_ids_are_those_of_a_dictionary():
    known = many("d", 0, 2 * columns.SMALL)
    wanted = many("d", columns.SMALL, 4 * columns.SMALL)
    place = {one: index for index, one in enumerate(known)}
    by_hand = [place.get(one, -1) for one in wanted]
    assert positions(known, wanted).tolist() == by_hand
    # Half of a surrogate pair is no text to Arrow
    odd = fixed(strings([*wanted[1:], "\ud800"]))
    assert positions(known, odd).tolist() == [*by_hand[1:], -1]


def test_what_is_remembered_is_of_columns_that_live_and_stay_as_they_are():
    asked = []

    def found(number):
        asked.append(number)
        return np.full(columns.SMALL, number)

    def remembered(one, other, number):
        return int(columns.remembered((one, other), lambda: found(number))[0])

    left, right = many("a", 0, columns.SMALL), many("b", 0, columns.SMALL)
    assert [remembered(left, right, n) for n in (1, 2)] == [1, 1]
    assert remembered(right, left, 3) == 3
    columns.remembered((left, right), lambda: found(4))[:] = 9  # a copy
    assert remembered(left, right, 5) == 1
    # Another column in the same place, which may have the same identity
    for number in range(10, 14):
        other = many("c", number, number + columns.SMALL)
        assert remembered(left, other, number) == number
        del other
    written = strings(["x"] * columns.SMALL)
    assert [remembered(left, written, n) for n in (20, 21)] == [20, 21]
    few = many("a", 0, 3)
    assert [remembered(few, few, n) for n in (22, 23)] == [22, 23]
    assert asked == [1, 3, 10, 11, 12, 13, 20, 21, 22, 23]


def test_no_more_is_remembered_than_fits(monkeypatch):
    monkeypatch.setattr(columns, "REMEMBERED", 3 * columns.SMALL)
    held = [many(letter, 0, columns.SMALL) for letter in "abcde"]
    for one in held:
        columns.remembered((one,), lambda: np.zeros(columns.SMALL, dtype=np.int64))
    kept = [(id(one),) in columns._FOUND for one in held]
    assert kept == [False, False, True, True, True]
