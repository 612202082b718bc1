import numpy as np
import pytest
from scipy.spatial.distance import pdist

from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.run import measure


def reference(vectors, level):
    scaled = vectors / np.sqrt((vectors**2).sum(axis=0))
    return np.quantile(pdist(scaled), level)


@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_diameters_on_the_wrong_axis_beside_the_largest_distance(world, metric):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"),
        groups=world.path("groups.jsonl"),
        embeddings=world.path("docs.npy"),
        ids=world.path("docs.txt"),
        metric=metric,
        missing="drop",
        compat="reference",
    )
    measurement = measure(options)
    found = {c.quantity: c for c in measurement.compat.columns}
    groups = measurement.inputs.groups
    for level in (0.95, 0.99):
        made = found[f"diameter_{level * 100:.0f}"]
        cosine = found[f"cosine_diameter_{level * 100:.0f}"]
        for index, qid in enumerate(made.qids):
            chosen = np.flatnonzero(groups.group_qids() == qid)
            parts = [
                np.array(
                    [
                        world.vectors[d]
                        for d in groups.docnos[
                            groups.codes[groups.offsets[g] : groups.offsets[g + 1]]
                        ]
                    ],
                    dtype=float,
                )
                for g in chosen
            ]
            expected = np.mean([reference(part, level) for part in parts])
            assert made.reference[index] == pytest.approx(expected)
            cosines = [np.quantile(pdist(part, "cosine"), level) for part in parts]
            assert cosine.reference[index] == pytest.approx(np.mean(cosines))
        assert made.corrected == pytest.approx(measurement.teacher.diameter)
        assert np.isnan(cosine.difference).all()
        assert np.isnan(made.difference).all() == (metric == "angular")
        assert (cosine.unit, made.unit) == ("1 - cos", "distance")
