"""The result: its keys and records, its files, and what of them is read again."""

import hashlib
import io
import json
from pathlib import Path

import pytest

import rankbound as rb
from rankbound.catalogue import needing
from rankbound.cli import main
from rankbound.drawing.results import find_results
from rankbound.errors import FormatError
from rankbound.terminal.compare import show_details
from rankbound.terminal.console import console_for
from tests.rankbound.comparisons import a_row, comparison
from tests.rankbound.results import compared

KEYS = (
    "sampling", "quantity", "pairs", "n", "mean", "reference_mean", "difference",
    "lower", "upper", "p_holm", "effect_size", "margin", "smallest_margin",
    "n_for_margin", "verdict",
)  # fmt: skip


def test_the_promised_keys_come_first(samplings):
    account = samplings.account()
    assert list(account)[:4] == ["schema", "reference", "family", "rows"]
    assert account["schema"] == "rankbound.comparison/1"
    for row in account["rows"]:
        assert tuple(row)[: len(KEYS)] == KEYS


def test_inputs_have_their_digests_and_the_file_is_strict_json(samplings):
    account = samplings.account(*samplings.vectors_of(), "--quantity", "two_nn")
    for record in account["inputs"]:
        digest = hashlib.sha256(Path(record["path"]).read_bytes()).hexdigest()
        assert record["sha256"] == digest
    assert len(account["inputs"]) == 6
    text = Path(samplings.path("out/comparison.json")).read_text()

    def refuse(constant):
        raise AssertionError(constant)

    json.loads(text, parse_constant=refuse)
    assert account["command"].startswith("rankbound compare --teacher")


def test_the_family_is_named_with_its_level(samplings):
    family = samplings.account("--delta", "0.1")["family"]
    assert family["size"] == 6
    assert family["samplings"] == ["far", "odd"]
    assert family["quantities"] == ["entropy"]
    assert family["pairs"] == ["all", "pos-neg", "neg-neg"]
    assert family["interval_level"] == pytest.approx(1 - 0.1 / 6)
    assert family["name"] == (
        "2 samplings against near, entropy, all, pos-neg, neg-neg pairs"
    )


def test_every_verdict_follows_from_its_interval_and_margin(samplings):
    for margin in ("0.02", "0.3", "0.6"):
        for row in samplings.account("--margin", margin)["rows"]:
            outside = row["lower"] > 0 or row["upper"] < 0
            within = max(abs(row["lower"]), abs(row["upper"])) <= row["margin"]
            expected = {
                (True, False): "different",
                (True, True): "negligible",
                (False, True): "equivalent",
                (False, False): "inconclusive",
            }
            assert row["verdict"] == expected[outside, within]
            assert row["n_for_margin"] is not None


def test_a_bootstrap_that_was_left_out_has_a_reason(samplings):
    row = samplings.account("--resamples", "0")["rows"][0]
    assert row["bca"]["lower"] is None
    assert "0 resamples" in row["bca"]["missing_because"]
    row = samplings.account("--resamples", "3000")["rows"][0]
    assert row["bca"]["lower"] < row["difference"] < row["bca"]["upper"]


def test_unknown_ranges_are_said_to_be_unknown(samplings):
    rows = samplings.account("--quantity", "margin", "entropy")["rows"]
    for row in rows:
        known = row["quantity"] == "entropy"
        assert (row["range"] is not None) == known
        assert (row["range_missing_because"] is None) == known
        assert (row["margin_missing_because"] is None) == known
        assert (row["effect_size_missing_because"] is None) == (
            row["effect_size"] is not None
        )


def test_a_family_of_one_is_named_in_the_singular(samplings, capsys):
    options = ("--pairs", "all", "--details")
    account = samplings.account(*options, names=("near", "far"))
    assert account["family"]["name"] == "1 sampling against near, entropy, all pairs"
    assert "family: 1 comparison (1 sampling" in capsys.readouterr().out


def signs(samplings, row, out="out"):
    """Queries of a row that rise, fall and are compared, counted in the table."""
    text = Path(samplings.path(f"{out}/comparison.per_query.tsv")).read_text()
    cells = [line.split("\t") for line in text.splitlines()[1:]]
    sides = [
        {
            c[0]: float(c[4])
            for c in cells
            if c[1:4] == [name, row["quantity"], row["pairs"]]
        }
        for name in (row["sampling"], "near")
    ]
    moved = [sides[0][qid] - sides[1][qid] for qid in sides[0] if qid in sides[1]]
    return sum(d > 1e-9 for d in moved), sum(d < -1e-9 for d in moved), len(moved)


def test_the_direction_of_every_row_is_counted_over_queries(samplings):
    account = samplings.account("--quantity", "entropy", "margin", "ties")
    size = account["family"]["size"]
    for row in account["rows"]:
        found = row["direction"]
        assert (found["rises"], found["falls"], found["of"]) == signs(samplings, row)
        assert found["tolerance"] == 1e-9
        assert found["delta"] == pytest.approx(0.05 / size)
        for key, count in (("share_rising", "rises"), ("share_falling", "falls")):
            lower, upper = found[key]
            assert lower <= found[count] / found["of"] <= upper
        expected = None
        for word in ("rising", "falling"):
            if found[f"share_{word}"][0] > 0.5:
                expected = {"rising": "rises", "falling": "falls"}[word]
        assert found["certain"] == expected
    assert any(row["direction"]["certain"] for row in account["rows"])
    assert "delta / (2 size)" in account["family"]["directions"]
    assert "1 - 2 delta" in account["definitions"]["direction"]
    for key in ("effect_size", "paired_t"):
        assert "approximate" in account["definitions"][key]


def test_the_order_of_the_options_changes_no_number(samplings):
    asked = ("--quantity", "entropy", "margin", "--resamples", "3000")
    there = samplings.account(*asked, names=("near", "far", "odd"))
    back = samplings.account(
        *("--quantity", "margin", "entropy", "--resamples", "3000"),
        *("--reference", "near"),
        names=("odd", "far", "near"),
        out="back",
    )
    keyed = [
        {(r["sampling"], r["quantity"], r["pairs"]): r for r in account["rows"]}
        for account in (there, back)
    ]
    assert any(r["bca"]["lower"] is not None for r in there["rows"])
    assert keyed[0] == keyed[1]


def test_a_file_without_directions_is_read_and_shown(samplings, tmp_path):
    account = samplings.account()
    for row in account["rows"]:
        del row["direction"]
    del account["family"]["directions"]
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "comparison.json").write_text(json.dumps(account))
    made = rb.Comparison.load(tmp_path / "old")
    assert {row.direction for row in made.rows} == {None}
    stream = io.StringIO()
    show_details(made, console_for(stream))
    assert "share rising" not in stream.getvalue()


def test_rows_are_sorted_and_complete(samplings):
    samplings.account()
    lines = (
        Path(samplings.path("out/comparison.per_query.tsv")).read_text().splitlines()
    )
    assert lines[0] == "qid\tsampling\tquantity\tpairs\tvalue\tlargest"
    rows = [line.split("\t") for line in lines[1:]]
    assert {len(row) for row in rows} == {6}
    place = {name: i for i, name in enumerate([*samplings.groups, "target"])}
    sets = ("all", "pos-neg", "neg-neg")
    order = needing("scores")  # in the order of the catalogue
    keys = [(r[0], place[r[1]], order.index(r[2]), sets.index(r[3])) for r in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {row[2] for row in rows} == {*order}


def test_calibration_queries_do_not_appear(samplings):
    samplings.account(
        "--temperature", "fit", "--qrels", samplings.path("qrels.txt"), "--seed", "4"
    )
    text = Path(samplings.path("out/comparison.per_query.tsv")).read_text()
    assert len({line.split("\t")[0] for line in text.splitlines()[1:]}) == 11


def test_the_order_asked_for_is_the_order_everywhere(samplings):
    asked = ("ties", "entropy", "margin")
    account = samplings.account("--quantity", "ties,entropy", "margin")
    assert account["family"]["quantities"] == list(asked)
    assert "ties, entropy, margin" in account["family"]["name"]
    rows = [row["quantity"] for row in account["rows"]]
    each = [list(dict.fromkeys(rows[i : i + 9])) for i in range(0, len(rows), 9)]
    assert each == [list(asked)] * (len(samplings.groups) - 1)
    text = Path(samplings.path("out/comparison.per_query.tsv")).read_text()
    table = [line.split("\t") for line in text.splitlines()[1:]]
    first = [r[2] for r in table if r[:2] == table[0][:2]]
    others = [name for name in needing("scores") if name not in asked]
    assert [*dict.fromkeys(first)] == [*asked, *others]


def test_largest_is_that_of_the_groups_and_value_their_mean(samplings):
    account = samplings.account(*samplings.vectors_of())
    text = Path(samplings.path("out/comparison.per_query.tsv")).read_text()
    largest = {}
    for line in text.splitlines()[1:]:
        _, sampling, quantity, pairs, value, most = line.split("\t")
        assert float(most) >= float(value) - 1e-12 * abs(float(value))
        largest.setdefault((sampling, quantity, pairs), []).append(float(most))
    for row in account["spaces"]:
        key = (row["sampling"], row["quantity"], row["pairs"])
        assert row["supremum"] == max(largest[key])


@pytest.fixture
def full(samplings):
    """A folder with everything that a comparison can hold."""
    student = ["--student", f"strong={samplings.path('strong.run')}"]
    samplings.account(
        *samplings.vectors_of(), *student, "--student-kind", "logit", "--controls",
        "--quantity", "entropy", "risk", "--compat", "reference",
        "--qrels", samplings.path("qrels.txt"),
    )  # fmt: skip
    return samplings.folder / "out"


def test_what_is_loaded_and_saved_again_is_the_same(full, tmp_path):
    made = rb.Comparison.load(full)
    assert made.save(tmp_path / "again") == tmp_path / "again" / "comparison.json"
    for name in ("comparison.json", "comparison.per_query.tsv"):
        assert (tmp_path / "again" / name).read_bytes() == (full / name).read_bytes()
    assert rb.Comparison.load(full / "comparison.json").rows == made.rows
    assert json.loads(json.dumps(made.to_dict())) == json.loads(
        (full / "comparison.json").read_text()
    )


def test_names_lead_to_records(full):
    made = rb.Comparison.load(full)
    assert made.samplings["far"].n_groups == len(made.samplings["near"].dropped) + 21
    assert made.shapes["odd"].documents == made.shapes[2].documents
    assert made.compat.entropy["far"].unit == "bits"
    assert made.decomposition.names == ("far", "odd")
    assert made.teacher.students["strong"].kind == "logit"
    with pytest.raises(KeyError, match="there are 'near', 'far', 'odd'"):
        made.samplings["close"]


def test_every_table_is_a_frame_and_latex(full):
    made = rb.Comparison.load(full)
    assert next(iter(made.tables())) == "rows"
    for name, records in made.tables().items():
        assert len(made.to_frame(name)) == len(records) > 0
        assert made.to_latex(name).count(r"\\") == len(records) + 1
    rows = made.to_frame()
    assert rows["paired_t.p"].tolist() == [one.paired_t.p for one in made.rows]
    assert set(made.to_frame("sweep")["factor"]) == set(made.sweep.factors)
    queries = made.to_frame("per_query", library="polars")
    assert queries.columns == [
        "qid",
        "sampling",
        "quantity",
        "pairs",
        "value",
        "largest",
    ]
    assert len(queries) == len(made.beside["per_query"])


def test_python_gets_the_same_as_the_file(tmp_path):
    made = compared()
    found = rb.Comparison.load(made.save(tmp_path / "saved"))
    assert found == made
    assert found.beside["per_query"].text() == made.beside["per_query"].text()


def test_a_wrong_type_is_named_with_its_place(tmp_path):
    made = comparison([a_row(lower="low")])
    path = made.save(tmp_path / "comparison.json")
    with pytest.raises(FormatError, match=r"\$\.rows\[0\]\.lower: expected a number"):
        rb.Comparison.load(path)


def measure(samplings, out):
    words = ["measure", "--teacher", samplings.path("teacher.json")]
    words += ["--groups", samplings.path("near.jsonl"), "--out", samplings.path(out)]
    assert main(words) == 0


@pytest.mark.parametrize("first", ["measure", "compare"])
def test_measure_and_compare_share_a_folder(samplings, first):
    """Both tables survive, in either order, and each is found for its result."""
    if first == "measure":
        measure(samplings, "out")
    samplings.account()
    if first == "compare":
        measure(samplings, "out")
    names = {path.name for path in (samplings.folder / "out").iterdir()}
    tables = {"per_query.tsv", "comparison.per_query.tsv", "rankbound.manifest.json"}
    assert names == {"ledger.json", "comparison.json"} | tables
    found = {r.schema: r.table for r in find_results(samplings.folder / "out")}
    assert {row["student"] for row in found["rankbound.ledger/1"]} == {""}
    assert "sampling" in found["rankbound.comparison/1"][0]
    out = samplings.path("report.html")
    assert main(["report", samplings.path("out"), "--out", out]) == 0
    assert "not found or without rows" not in Path(out).read_text()


def test_a_table_of_an_earlier_version_is_still_read(samplings):
    """It had the name of measure's table, which is told apart by its header."""
    samplings.account()
    folder = samplings.folder / "out"
    (folder / "comparison.per_query.tsv").rename(folder / "per_query.tsv")
    made = rb.Comparison.load(folder)
    assert len(made.beside["per_query"]) > 0
    (folder / "per_query.tsv").write_text("qid\tstudent\tentropy_nats\nq1\t\t0.5\n")
    assert rb.Comparison.load(folder).beside == {}
    text = (folder / "per_query.tsv").read_bytes()
    samplings.account()
    assert (folder / "per_query.tsv").read_bytes() == text
