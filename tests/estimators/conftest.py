"""The three array libraries, as one fixture."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch


@dataclass(frozen=True)
class Library:
    """How to make an array, what it then is, and how exact float64 input stays."""

    make: Any
    kind: type
    rtol: float

    def arrays(self, *values):
        return [None if value is None else self.make(value) for value in values]


LIBRARIES = {
    "numpy": Library(np.asarray, (np.ndarray, np.generic), 1e-12),
    "torch": Library(torch.asarray, torch.Tensor, 1e-12),
    "jax": Library(jnp.asarray, jnp.ndarray, 1e-5),  # float32 unless told otherwise
}


@pytest.fixture(params=list(LIBRARIES))
def library(request):
    return LIBRARIES[request.param]
