"""scikit-dimension and friends: TwoNN."""

import numpy as np
from scipy.spatial.distance import pdist

from rankbound.estimators.shape import two_nn
from tests.clients.client import Client


def run(client: Client) -> None:
    """Compare TwoNN, whose maximum likelihood form has n - 1 here and n there."""
    from skdim.id import TwoNN

    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 10))
    distances = pdist(points)[None]
    ours = two_nn(distances, np.ones(distances.shape, dtype=bool))[0]
    fitted = TwoNN(discard_fraction=0.1).fit(points).dimension_
    client.numbers("TwoNN of a sheet of 3 dimensions, within 15 %", ours, fitted, 0.15)
