import numpy as np

from rankbound.commands.inspect.together import compared_scores
from tests.rankbound.commands.inspect.world import examined_files
from tests.rankbound.files import run_text

RNG = np.random.default_rng(6)
QIDS = ("a", "b", "c")


def run(*, scale=1.0, depth=8, qids=QIDS):
    return run_text(
        {
            qid: {f"d{k}": float(v) for k, v in enumerate(RNG.normal(0, scale, depth))}
            for qid in qids
        }
    )


def found(folder, *runs):
    names = {f"{n}.run": text for n, text in enumerate(runs)}
    files, _ = examined_files(folder, names)
    return {
        finding.code: (finding, [one.path.name for one in members])
        for finding, members in compared_scores(files)
    }


def test_like_runs_have_no_finding(tmp_path):
    assert found(tmp_path, run(), run(), run()) == {}
    assert found(tmp_path, run()) == {}


def test_scales_are_compared_by_orders_of_magnitude(tmp_path):
    finding, names = found(tmp_path, run(), run(scale=1e5))["scales-differ"]
    assert names == ["0.run", "1.run"]
    assert "orders of magnitude" in finding.message
    assert "scales-differ" not in found(tmp_path, run(), run(scale=50))


def test_depths_are_compared_where_they_are_cut_offs(tmp_path):
    finding, names = found(tmp_path, run(depth=16), run(), run())["depths-differ"]
    assert (finding.count, names) == (1, ["1.run", "0.run"])
    assert found(tmp_path, run(), run(depth=12)) == {}


def test_another_order_of_queries_names_the_odd_one_out(tmp_path):
    finding, names = found(tmp_path, run(), run(qids=("b", "a", "c")), run())[
        "query-order-differs"
    ]
    assert (finding.count, names) == (1, ["1.run"])
    # Other queries are not another order
    assert found(tmp_path, run(), run(), run(qids=("a", "b"))) == {}
