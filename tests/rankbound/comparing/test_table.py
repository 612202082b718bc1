from pathlib import Path


def test_rows_are_sorted_and_complete(samplings):
    samplings.account()
    lines = Path(samplings.path("out/per_query.tsv")).read_text().splitlines()
    assert lines[0] == "qid\tsampling\tquantity\tpairs\tvalue"
    rows = [line.split("\t") for line in lines[1:]]
    assert {len(row) for row in rows} == {5}
    place = {name: i for i, name in enumerate([*samplings.groups, "target"])}
    sets = ("all", "pos-neg", "neg-neg")
    keys = [(r[0], place[r[1]], r[2], sets.index(r[3])) for r in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {row[2] for row in rows} == {"entropy", "margin", "ties"}


def test_calibration_queries_do_not_appear(samplings):
    samplings.account(
        "--temperature", "fit", "--qrels", samplings.path("qrels.txt"), "--seed", "4"
    )
    text = Path(samplings.path("out/per_query.tsv")).read_text()
    assert len({line.split("\t")[0] for line in text.splitlines()[1:]}) == 11
