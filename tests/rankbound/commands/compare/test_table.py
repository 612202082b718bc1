from pathlib import Path


def test_rows_are_sorted_and_complete(samplings):
    samplings.account()
    lines = Path(samplings.path("out/per_query.tsv")).read_text().splitlines()
    assert lines[0] == "qid\tsampling\tquantity\tpairs\tvalue\tlargest"
    rows = [line.split("\t") for line in lines[1:]]
    assert {len(row) for row in rows} == {6}
    place = {name: i for i, name in enumerate([*samplings.groups, "target"])}
    sets = ("all", "pos-neg", "neg-neg")
    order = ("entropy", "margin", "ties")  # that of the catalogue
    keys = [(r[0], place[r[1]], order.index(r[2]), sets.index(r[3])) for r in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {row[2] for row in rows} == {"entropy", "margin", "ties"}


def test_calibration_queries_do_not_appear(samplings):
    samplings.account(
        "--temperature", "fit", "--qrels", samplings.path("qrels.txt"), "--seed", "4"
    )
    text = Path(samplings.path("out/per_query.tsv")).read_text()
    assert len({line.split("\t")[0] for line in text.splitlines()[1:]}) == 11


def test_the_order_asked_for_is_the_order_everywhere(samplings):
    asked = ("ties", "entropy", "margin")
    account = samplings.account("--quantity", "ties,entropy", "margin")
    assert account["family"]["quantities"] == list(asked)
    assert "ties, entropy, margin" in account["family"]["name"]
    rows = [row["quantity"] for row in account["rows"]]
    each = [list(dict.fromkeys(rows[i : i + 9])) for i in range(0, len(rows), 9)]
    assert each == [list(asked)] * (len(samplings.groups) - 1)
    text = Path(samplings.path("out/per_query.tsv")).read_text()
    table = [line.split("\t") for line in text.splitlines()[1:]]
    first = [r[2] for r in table if r[:2] == table[0][:2]]
    assert tuple(dict.fromkeys(first)) == asked


def test_largest_is_that_of_the_groups_and_value_their_mean(samplings):
    account = samplings.account(*samplings.vectors_of())
    text = Path(samplings.path("out/per_query.tsv")).read_text()
    largest = {}
    for line in text.splitlines()[1:]:
        _, sampling, quantity, pairs, value, most = line.split("\t")
        assert float(most) >= float(value) - 1e-12 * abs(float(value))
        largest.setdefault((sampling, quantity, pairs), []).append(float(most))
    for row in account["spaces"]:
        key = (row["sampling"], row["quantity"], row["pairs"])
        assert row["supremum"] == max(largest[key])
