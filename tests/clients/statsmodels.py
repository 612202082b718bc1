"""statsmodels, POT and torchmetrics: Holm, transport on a line, calibration error."""

import numpy as np
import torch
from torchmetrics.functional.classification import binary_calibration_error

import rankbound as rb
from rankbound.bounds.shift import line_transport
from rankbound.validation.resampling import holm
from tests.clients.client import Client


def run(client: Client) -> None:
    """Compare numbers."""
    import ot
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(0)
    p_values = rng.random(12) ** 3
    theirs = multipletests(p_values, method="holm")[1]
    client.numbers("Holm's p-values, multipletests", holm(p_values), theirs, 1e-12)
    points = rng.normal(size=9)
    one, two = rng.dirichlet(np.ones(9)), rng.dirichlet(np.ones(9))
    client.numbers(
        "W1 on a line, POT's emd2_1d",
        line_transport(points, one, two),
        ot.emd2_1d(points, points, one, two, metric="euclidean"),
        1e-9,
    )
    _calibration(client)


def _calibration(client: Client) -> None:
    """The calibration error of the reliability table against torchmetrics."""

    rng = np.random.default_rng(1)
    margins, doubts = rng.normal(0, 1.5, 400), rng.random(400)
    preferred = 1 / (1 + np.exp(-np.abs(margins)))
    right = doubts < 0.8 * preferred
    # One judged pair a query, on which the student agrees, so that bins are plain means
    teacher = {f"q{n}": {"a": m / 2, "b": -m / 2} for n, m in enumerate(margins)}
    student = {q: {d: s / 2 for d, s in row.items()} for q, row in teacher.items()}
    grades = {
        f"q{n}": {"a": int((margin > 0) == good), "b": int((margin > 0) != good)}
        for n, (margin, good) in enumerate(zip(margins, right, strict=True))
    }
    measured = rb.measure(
        teacher,
        students={"half": student},
        qrels=grades,
        teacher_kind="logit",
        pilot=0,
    )
    rows = measured.students["half"].relevance.judged.reliability
    total = sum(row.n_pairs for row in rows)
    ours = sum(row.n_pairs * abs(row.observed - row.mean_p) for row in rows) / total
    theirs = binary_calibration_error(
        torch.tensor(preferred), torch.tensor(right.astype(int)), n_bins=20
    )
    client.numbers("calibration error of the reliability table", ours, theirs, 1e-6)
