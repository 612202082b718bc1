import copy
import inspect
import pickle
import pydoc
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from rankbound.data.columns import LateStrings, as_held, strings
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
