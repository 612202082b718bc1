"""Students of the ablation: heads that jax trains for all seeds in one compiled loop.

A bi-encoder head on frozen vectors is the bilinear form q' W x, the class of Lemma 4,
or two layers that both sides share; both start from the identity. A cross-encoder head
is a perceptron over features of the
query and the document together, with one hidden layer; it starts at random. Both are
trained by Adam for the same number of steps, and kept at equal intervals, so that
queries of their own can choose among these checkpoints.

A temperature means the same in every loss: it divides the scores of its model before
anything else is done with them. Heads have a scale instead of a temperature of their
own, its inverse, which multiplies their scores and is not trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Floats, Integers
from rankbound.errors import UsageError

BI, CROSS, LAYERS = KNOWN = ("bi", "cross", "bi-two-layer")
ARCHITECTURES: Final = (BI, CROSS)
LOSSES: Final = ("ranknet", "marginmse", "kl", "lce")
CHECKPOINTS: Final = 8
STEPS: Final = 30  # between two checkpoints
BATCH: Final = 32  # groups of a step
WIDTH: Final = 32  # hidden units of a cross-encoder head
RATES: Final[Mapping[str, float]] = {BI: 1e-4, CROSS: 1e-2, LAYERS: 1e-3}
# Of Adam, as Kingma and Ba (2015) have them
DECAYS: Final = (0.9, 0.999)
LEAST: Final = 1e-8

Single = NDArray[np.float32]
Parameters = Mapping[str, Any]


def jax_library() -> ModuleType:
    """Return the module jax, which the extra rankbound[jax] installs.

    Raises
    ------
    UsageError
        When it is not installed.
    """
    try:
        import jax
    except ImportError:
        raise UsageError(
            "`backend='jax'` trains with jax, which is not installed; run "
            "pip install 'rankbound[jax]'"
        ) from None
    module: ModuleType = jax
    return module


def distillation_loss(
    name: str,
    student: Any,
    teacher: Any,
    *,
    temperature: float = 1.0,
    student_temperature: Any = 1.0,
) -> Any:
    """The mean loss of some groups, whose first document is the positive.

    Parameters
    ----------
    name : {"ranknet", "marginmse", "kl", "lce"}
        RankNet on the teacher's soft preferences over all pairs (the risk of Lemma 1),
        squared errors of the margins of the positive, the divergence of the student's
        softmax over a group from the teacher's, and the cross-entropy of the positive,
        which asks no teacher.
    student, teacher : array of jax, shape (n, k)
    temperature, student_temperature : float
        Divide the scores of the teacher, and those of the student.

    Returns
    -------
    array of jax, shape ()
        In nats; of "marginmse" in squared temperatures.
    """
    import jax
    import jax.numpy as jnp

    f, g = student / student_temperature, teacher / temperature
    if name == "lce":
        return -jax.nn.log_softmax(f, axis=-1)[..., 0].mean()
    if name == "kl":
        wanted = jax.nn.log_softmax(g, axis=-1)
        found = wanted - jax.nn.log_softmax(f, axis=-1)
        return (jnp.exp(wanted) * found).sum(axis=-1).mean()
    if name == "marginmse":
        return jnp.square((f - g)[..., :1] - (f - g)[..., 1:]).mean()
    m = f[..., :, None] - f[..., None, :]
    p = jax.nn.sigmoid(g[..., :, None] - g[..., None, :])
    # Of all ordered pairs, those of a document with itself have the loss ln 2
    k = f.shape[-1]
    mean = (jax.nn.softplus(m) - p * m).mean()
    return (mean - math.log(2) / k) * (k / (k - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A class of students: where training starts, and how a document is scored.

    `initial` draws parameters for vectors of some width. A bi-encoder has `sides`,
    which take parameters and vectors, shape (..., width), and give those of queries and
    those of documents, whose product is the score. A cross-encoder has `joint`, which
    takes parameters and features of pairs and gives scores; it asks no queries.
    """

    initial: Callable[[int, np.random.Generator], dict[str, Single]]
    sides: tuple[Callable[[Parameters, Any], Any], ...] = ()
    joint: Callable[[Parameters, Any], Any] | None = None

    def scores(
        self,
        parameters: Parameters,
        queries: Any,
        documents: Any,
        rows: Any,
        asked: Any,
    ) -> Any:
        """Scores, shape (n, k), of documents (n, k) for the queries of rows (n,)."""
        if self.joint is not None:
            return self.joint(parameters, documents[asked])
        of_query, of_document = self.sides
        left = of_query(parameters, queries[rows])
        right = of_document(parameters, documents[asked])
        return (right @ left[:, :, None])[:, :, 0]


def _identity(width: int, _: np.random.Generator) -> dict[str, Single]:
    return {"form": np.eye(width, dtype=np.float32)}


def _projected(parameters: Parameters, vectors: Any) -> Any:
    (form,) = parameters.values()
    return vectors @ form


def _unchanged(_: Parameters, vectors: Any) -> Any:
    return vectors


def _drawn(rng: np.random.Generator, *shape: int) -> Single:
    return (rng.standard_normal(shape) / math.sqrt(shape[0])).astype(np.float32)


def _no_second_layer(width: int, rng: np.random.Generator) -> dict[str, Single]:
    inner = 2 * width
    nothing = np.zeros((inner, width), dtype=np.float32)
    return {"hidden": _drawn(rng, width, inner), "output": nothing}


def _softsign(inner: Any) -> Any:
    # NumPy and jax both have it as operators of arrays
    return inner / (1.0 + abs(inner))


def _layered(parameters: Parameters, vectors: Any) -> Any:
    # In the order of their names, in which jax gives them back
    hidden, output = parameters.values()
    return vectors + _softsign(vectors @ hidden) @ output


def _perceptron(width: int, rng: np.random.Generator) -> dict[str, Single]:
    hidden, bias = _drawn(rng, width, WIDTH), np.zeros(WIDTH, dtype=np.float32)
    return {"bias": bias, "hidden": hidden, "output": _drawn(rng, WIDTH, 1)}


def _interaction(parameters: Parameters, features: Any) -> Any:
    bias, hidden, output = parameters.values()
    return (_softsign(features @ hidden + bias) @ output)[..., 0]


HEADS: Final[Mapping[str, Head]] = {
    BI: Head(_identity, sides=(_projected, _unchanged)),
    CROSS: Head(_perceptron, joint=_interaction),
    LAYERS: Head(_no_second_layer, sides=(_layered, _layered)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """The groups that students of all seeds learn from; the positive comes first.

    Attributes
    ----------
    queries, documents : float32 arrays, shape (n, width), or texts, shape (n,)
        What rows point into: vectors of queries and of documents, or, for a
        cross-encoder head, nothing and the features of pairs. An encoder reads texts.
    rows : int64 array, shape (n_seeds, n_groups)
    asked : int64 array, shape (n_seeds, n_groups, k)
    teacher : float64 array, shape (n_seeds, n_groups, k)
        Log-odds, divided by the teacher's temperature.
    """

    queries: NDArray[Any]
    documents: NDArray[Any]
    rows: Integers
    asked: Integers
    teacher: Floats

    def shuffled(self) -> Lessons:
        """The same, with the teacher's scores of every group in another order."""
        rng = np.random.default_rng([*self.teacher.shape, 2])
        return replace(self, teacher=rng.permuted(self.teacher, axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A head at one checkpoint of one seed."""

    architecture: str
    parameters: Parameters
    scale: float

    def scores(
        self, queries: Single, documents: Single, rows: Integers, asked: Integers
    ) -> Floats:
        """Scores in temperatures, shape (n, k); arguments as in `Lessons`."""
        score = HEADS[self.architecture].scores
        found = score(self.parameters, queries, documents, rows, asked)
        return self.scale * np.asarray(found, dtype=np.float64)

    def kept(self) -> Trained:
        """The same, which further training leaves as it is."""
        return self

    def every_score(self, queries: Single, documents: Single) -> Floats:
        """Scores of all documents for queries, shape (n, n_docs), by a bi-encoder."""
        of_query, of_document = HEADS[self.architecture].sides
        left = of_query(self.parameters, queries)
        found = left @ of_document(self.parameters, documents).T
        return self.scale * np.asarray(found, dtype=np.float64)


def untrained(
    architecture: str, lessons: Lessons, *, seed: int, match: bool
) -> Trained:
    """The student of one seed before any step, by its place among the lessons.

    With `match`, its scale makes the root mean square of its margins in the training
    groups equal to the teacher's, so that no loss has to spend its steps on a unit.
    """
    plain = start(architecture, lessons.documents.shape[1], seed=seed)
    if not match:
        return plain
    found = plain.scores(
        lessons.queries, lessons.documents, lessons.rows[seed], lessons.asked[seed]
    )
    return replace(plain, scale=matched(found, lessons.teacher[seed]))


def matched(scores: Floats, teacher: Floats) -> float:
    """What to multiply scores by, so that their margins spread as the teacher's do."""
    own, wanted = _spread(scores), _spread(teacher)
    return wanted / own if own > 0 and wanted > 0 else 1.0


def start(architecture: str, width: int, *, seed: int) -> Trained:
    """A student of vectors or features of some width, before any step."""
    rng = np.random.default_rng([seed, 0])
    return Trained(architecture, HEADS[architecture].initial(width, rng), 1.0)


def _spread(scores: Floats) -> float:
    """Root mean square of scores less the mean of their group; margins go with it."""
    centred = scores - scores.mean(axis=-1, keepdims=True)
    return float(np.sqrt(np.mean(centred**2)))


def train(
    architecture: str, loss: str, lessons: Lessons, *, match: bool
) -> list[list[Trained]]:
    """Train a student for each seed.

    Parameters
    ----------
    architecture : {"bi", "cross"}
    loss : {"ranknet", "marginmse", "kl", "lce"}
    lessons : Lessons
    match : bool
        As in `untrained`.

    Returns
    -------
    list of list of Trained
        By seed, the checkpoints in their order.

    Raises
    ------
    UsageError
        When jax is not installed.
    """
    jax = jax_library()
    n_seeds, n_groups = lessons.rows.shape
    starts = [
        untrained(architecture, lessons, seed=seed, match=match)
        for seed in range(n_seeds)
    ]
    stacked = {
        name: np.stack([one.parameters[name] for one in starts])
        for name in starts[0].parameters
    }
    made = _trainer(architecture, loss)(
        stacked,
        lessons.queries,
        lessons.documents,
        lessons.rows.astype(np.int32),
        lessons.asked.astype(np.int32),
        lessons.teacher.astype(np.float32),
        np.array([one.scale for one in starts], dtype=np.float32),
        np.stack([batches(n_groups, seed) for seed in range(n_seeds)]),
    )
    kept = {name: np.asarray(array) for name, array in jax.device_get(made).items()}
    return [
        [
            Trained(
                architecture,
                {name: array[seed, place] for name, array in kept.items()},
                start.scale,
            )
            for place in range(CHECKPOINTS)
        ]
        for seed, start in enumerate(starts)
    ]


def batches(
    n_groups: int, seed: int, shape: tuple[int, int, int] | None = None
) -> NDArray[np.int32]:
    """Groups of every step, shape (checkpoints, steps, batch): in turn, shuffled."""
    rng = np.random.default_rng([seed, 1])
    shape = shape or (CHECKPOINTS, STEPS, BATCH)
    wanted = math.prod(shape)
    rounds = [rng.permutation(n_groups) for _ in range(-(-wanted // n_groups))]
    order = np.concatenate(rounds)[:wanted]
    return order.reshape(shape).astype(np.int32)


@cache
def _trainer(architecture: str, loss: str) -> Callable[..., Parameters]:
    """The compiled loop over the steps of all seeds."""
    import jax
    import jax.numpy as jnp

    score, rate = HEADS[architecture].scores, RATES[architecture]
    first, second = DECAYS

    def of_seed(  # noqa: PLR0913, PLR0917  what a seed learns from
        start: Any,
        queries: Any,
        documents: Any,
        rows: Any,
        asked: Any,
        teacher: Any,
        scale: Any,
        batches: Any,
    ) -> Any:
        def objective(parameters: Any, batch: Any) -> Any:
            found = score(parameters, queries, documents, rows[batch], asked[batch])
            return distillation_loss(loss, scale * found, teacher[batch])

        def step(state: Any, batch: Any) -> Any:
            parameters, mean, square, count = state
            slope = jax.grad(objective)(parameters, batch)
            count = count + 1
            each = jax.tree.map
            mean = each(lambda m, s: first * m + (1 - first) * s, mean, slope)
            square = each(lambda v, s: second * v + (1 - second) * s * s, square, slope)
            parameters = each(
                lambda one, m, v: (
                    one
                    - rate
                    * (m / (1 - first**count))
                    / (jnp.sqrt(v / (1 - second**count)) + LEAST)
                ),
                parameters,
                mean,
                square,
            )
            return (parameters, mean, square, count), None

        def until_checkpoint(state: Any, several: Any) -> Any:
            state, _ = jax.lax.scan(step, state, several)
            return state, state[0]

        nothing = jax.tree.map(jnp.zeros_like, start)
        state = (start, nothing, nothing, jnp.zeros(()))
        _, kept = jax.lax.scan(until_checkpoint, state, batches)
        return kept

    shared = None
    several = (0, shared, shared, 0, 0, 0, 0, 0)
    made: Callable[..., Parameters] = jax.jit(jax.vmap(of_seed, in_axes=several))
    return made
