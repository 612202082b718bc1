import io

import pytest
from msgspec.structs import replace

from rankbound.commands.cut.run import cut_with
from rankbound.terminal.console import console_for
from rankbound.terminal.cut import change_rows, show
from tests.rankbound.commands.cut.world import teacher
from tests.rankbound.files import lookup, written


@pytest.fixture
def shown(folder, options):
    def run(**changes):
        made = cut_with(options(**changes)).written(folder / "cuts")
        stream = io.StringIO()
        show(made, console_for(stream))
        return stream.getvalue()

    return run


def test_what_was_kept_and_what_the_change_means(shown):
    text = shown(keep=("below-median",))
    first, *_ = text.splitlines()
    assert "train.jsonl: 18 groups of 9 queries, cut by entropy" in first
    assert "into 1 file" in text
    assert "Which temperature?" in text
    assert "train.kept-entropy-below-median.jsonl" in text
    assert "entropy, all (nats)" in text
    assert "by construction" in text
    assert "95% interval" in text
    assert "theirs" not in text


def test_the_reference_and_what_was_dropped(shown, folder):
    scores = teacher()
    del scores["q2"]
    written(folder, lookup(scores), "t.json")
    text = shown(compat="reference", missing="drop")
    assert "upper_quartile" in text
    assert "dropped, in no file: 1 query without a value (2 groups)" in text
    assert "not measured: 6 documents without teacher score" in text


@pytest.mark.usefixtures("folder")
def test_what_is_kept_opens_the_short_texts(options):
    made = cut_with(options(keep=("inner",)))
    assert repr(made).startswith("train.jsonl: 18 groups of 9 queries, cut by")
    assert "\nWhich temperature?" in repr(made)
    page = made._repr_html_()
    assert page.index("cut by entropy") < page.index("Which temperature?")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("ends", "told"),
    [((None, None), "-"), ((-0.25, None), "-0.2500 -"), ((None, 0.5), "- +0.5000")],
)
def test_a_change_is_shown_without_an_end(options, ends, told):
    made = cut_with(options(keep=("inner",)))
    lower, upper = ends
    row = replace(made.comparison.rows[0], lower=lower, upper=upper)
    made = replace(made, comparison=replace(made.comparison, rows=(row,)))
    assert next(change_rows(made))[-1] == told
