"""The three array libraries, as one fixture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest


@dataclass(frozen=True)
class Library:
    """How to make an array, what it then is, and how exact float64 input stays."""

    make: Any
    kind: Any
    rtol: float

    def arrays(self, *values):
        return [self.make(value) for value in values]


@pytest.fixture(params=["numpy", "torch", "jax"])
def library(request):
    if request.param == "numpy":
        return Library(np.asarray, (np.ndarray, np.generic), 1e-12)
    if request.param == "torch":
        torch = pytest.importorskip("torch")
        return Library(torch.asarray, torch.Tensor, 1e-12)
    jnp = pytest.importorskip("jax.numpy")
    return Library(jnp.asarray, jnp.ndarray, 1e-5)  # float32 unless told otherwise
