"""One small validation that many tests look at."""

import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.validate.effectiveness import equivalence, judge
from rankbound.commands.validate.options import Case, ValidateOptions
from rankbound.commands.validate.run import result_of, validated
from rankbound.data.scores import Kind
from tests.rankbound.commands.measure.world import make_world

SMALL = {"resamples": 200, "permutations": 199, "splits": 3}


def options_for(world, dataset="toy", sampling="given", **changes):
    measure = MeasureOptions(
        teacher=world.path("teacher.json.gz"),
        students=tuple(
            StudentSource(name, scores=world.path(f"{name}.run"), kind=Kind.LOGIT)
            for name in world.students
        ),
        groups=world.path("groups.jsonl"),
        embeddings=world.path("docs.npy"),
        ids=world.path("docs.txt"),
        qrels=world.path("qrels.txt"),
        # wide ranges of all queries, so that every term varies
        score_range=10.0,
        unscored="drop",
        pilot=0.0,
    )
    case = Case(dataset=dataset, sampling=sampling, measure=measure)
    return ValidateOptions(
        cases=(case,), measures=("nDCG@5", "AP"), **(SMALL | changes)
    )


def systems_of(found, *, margin=0.02, design=None):
    """The verdicts on pairs of systems at another margin, or with a design."""
    return equivalence(found.judged, design=design, margin=margin, delta=0.05, seed=0)


def judged_of(options):
    """The effectiveness that a validation with these options starts from."""
    return judge(
        options.cases[0],
        measures=options.measure_names,
        missing_queries=options.missing_queries,
        relevant=options.relevant,
    )


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("toy"), n_queries=30)


@pytest.fixture(scope="session")
def found(toy):
    """Everything that was computed, arrays included."""
    return validated(options_for(toy))


@pytest.fixture(scope="session")
def validation(found):
    return result_of(found)


@pytest.fixture(scope="session")
def pooled(toy, tmp_path_factory):
    other = make_world(tmp_path_factory.mktemp("more"), n_queries=24, seed=5)
    cases = options_for(toy).cases + options_for(other, dataset="more").cases
    options = ValidateOptions(cases=cases, measures=("nDCG@5",), **SMALL)
    return result_of(validated(options))
