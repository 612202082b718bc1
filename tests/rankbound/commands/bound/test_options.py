import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.bound.run import configurations, given_from
from rankbound.errors import FormatError, UsageError


def test_configurations_complete_rows_by_options(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("diameter\tn\n1.4\t100\n2\t200\n")
    base = {"lipschitz": 5.0, "entropy": 0.4, "divergence": 0.1, "n": None}
    found = list(configurations(path, base))
    assert [(g.diameter, g.n, g.lipschitz) for g in found] == [
        (1.4, 100, 5),
        (2, 200, 5),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("width\n1\n", r"table.tsv:1: unknown column 'width'"),
        ("diameter\tn\n1\n", r"table.tsv:2: expected 2 columns, found 1"),
        ("diameter\n1\nx\n", r"table.tsv:3: could not convert"),
        ("diameter\n1\n-1\n", r"table.tsv:3: `diameter` must be a positive number"),
        ("kappa\n1\n", r"table.tsv:2: missing: `diameter`"),
    ],
)
def test_configurations_reject(tmp_path, text, message):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    base = {"lipschitz": 5.0, "entropy": 0.4, "divergence": 0.1, "n": 10.0}
    with pytest.raises(FormatError, match=message):
        list(configurations(path, base))


def test_given_from_rejects_nonsense():
    good = {"diameter": 1, "lipschitz": 1, "entropy": 0.1, "divergence": 0, "n": 5}
    assert given_from({**good, "group_size": 4.0}).group_size == 4
    for size in (1, 4.5, float("inf")):
        with pytest.raises(DomainError, match="`group_size` must be a whole number"):
            given_from({**good, "group_size": size})
    with pytest.raises(UsageError, match="missing: `entropy`"):
        given_from({**good, "entropy": None})


def test_what_is_solved_for_need_not_be_given(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("diameter\n1.4\n")
    base = {"lipschitz": 5.0, "entropy": None, "divergence": 0.1, "n": 10.0}
    [given] = configurations(path, base, solve="entropy")
    assert given.entropy == 0.5
    with pytest.raises(FormatError, match="missing: `entropy`"):
        list(configurations(path, base, solve="n"))
