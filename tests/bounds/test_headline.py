import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.registry import statement
from rankbound.bounds.theorem2 import HEADLINE, headline_parts, headline_width


@given(
    st.floats(0, 0.69),
    st.floats(0, 3),
    st.floats(0.01, 50),
    st.floats(1, 1e9),
    st.floats(1e-6, 0.99),
    st.floats(1, 100),
)
def test_the_parts_sum_to_the_statement(entropy, divergence, locality, n, delta, kappa):
    n = float(int(n))
    width = headline_width(locality, group_size=16)
    parts = headline_parts(
        entropy=entropy,
        divergence=divergence,
        locality=locality,
        n=n,
        delta=delta,
        kappa=kappa,
        width=width,
    )
    whole = statement(HEADLINE).numpy()(
        entropy, divergence, 1.0, locality, kappa, n, delta, width
    )
    assert np.isclose(sum(float(v) for v in parts.values()), whole, rtol=1e-12)


def test_parts_of_arrays_have_their_shape():
    n = np.array([10.0, 100.0])
    parts = headline_parts(
        entropy=0.4, divergence=0.1, locality=7.0, n=n, delta=0.05, kappa=1.0, width=4.0
    )
    assert parts["deviation"].shape == parts["locality x complexity"].shape == (2,)
    assert parts["deviation"][0] / parts["deviation"][1] == np.sqrt(10)
