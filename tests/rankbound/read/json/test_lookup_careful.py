import json
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.fields import is_odd
from rankbound.read.json.lookup import is_qid, parse_lookup
from tests.rankbound.files import table


def test_parse_lookup_rejects_a_text_that_is_no_object():
    with pytest.raises(FormatError, match="x:1: expected an object"):
        parse_lookup(b"[1]", "x")


IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=4).filter(
    lambda name: not is_odd(name)
)
QIDS = IDS.filter(lambda qid: qid.strip() and not set(qid) & set("\t\r\n"))
NUMBERS = st.floats(-8e307, 8e307)
ROWS = st.dictionaries(IDS, NUMBERS, min_size=1, max_size=4)


@settings(max_examples=200)
@given(
    st.dictionaries(QIDS, ROWS, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([None, 0, 3]),
    st.sampled_from([":", ": ", " : "]),
)
def test_parse_lookup_round_trips(scores, ascii_only, indent, colon):
    text = json.dumps(
        scores, ensure_ascii=ascii_only, indent=indent, separators=(",", colon)
    )
    whole = {nfc(qid): {nfc(d): s for d, s in r.items()} for qid, r in scores.items()}
    assume([*map(len, whole.values())] == [*map(len, scores.values())])
    assert table(parse_lookup(text.encode(), "x")) == whole


def nfc(name):
    return unicodedata.normalize("NFC", name)


PIECES = ["{", "}", "[", "]", ":", ",", " ", "\n", '"', '"a"', '"a":', "1", "é", "\\"]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES)))
def test_parse_lookup_never_fails_otherwise_on_any_text(parts):
    try:
        parse_lookup(("{" + "".join(parts)).encode(), "x")
    except FormatError:
        return


@pytest.mark.parametrize(
    ("qid", "good"), [("q 1", True), (" ", False), ("a\tb", False)]
)
def test_a_query_id_fits_into_a_table_of_text(qid, good):
    assert is_qid(qid) == good
