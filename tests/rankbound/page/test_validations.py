import pytest
from msgspec.structs import replace

from rankbound.catalogue import ASSOCIATED, INCONCLUSIVE
from rankbound.commands.validate.result import Validation
from rankbound.page.studies import validation_account
from rankbound.results import Named
from tests.rankbound.page.conftest import HOSTILE

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def validation(everything):
    return Validation.load(everything / "all" / "v")


def test_associations_and_controls_are_shown(validation):
    account = validation_account(validation)
    shown = [cell for table in account.tables for row in table.rows for cell in row]
    assert any(HOSTILE in cell for cell in shown)
    assert {row.term for row in validation.per_query} & set(shown)
    assert not any(cell in ("None", "nan") for cell in shown)


def verdicts(validation, *rows):
    account = validation_account(replace(validation, per_query=rows))
    return {verdict.word: verdict for verdict in account.verdicts}


def test_no_association_is_said_so(validation):
    rows = [replace(row, verdict=INCONCLUSIVE) for row in validation.per_query]
    assert verdicts(validation, *rows)["inconclusive"].level == "caution"
    rows = [replace(row, verdict="no association beyond 0.1") for row in rows]
    assert verdicts(validation, *rows)["no association beyond 0.1"].level == "told"


def test_a_term_that_repeats_another_is_no_association_of_its_own(validation):
    row = replace(validation.per_query[0], verdict=ASSOCIATED, same_as=None)
    others = (
        replace(row, verdict=INCONCLUSIVE),
        replace(row, same_as="diameter"),
    )
    found = verdicts(validation, row, *others)["associated"]
    assert found.level == "told"
    assert found.sentence.startswith("1 of 2 associations ")


def test_a_failed_control_is_bad_news(validation):
    controls = Named(replace(one, passed=False) for one in validation.controls)
    account = validation_account(replace(validation, controls=controls), name="v")
    failed = [v for v in account.verdicts if v.word == "control failed"]
    assert [v.level for v in failed] == ["bad"] * len(controls)
    assert failed[0].sentence.startswith(f"v: {controls[0].name}: rate ")


def ordered(validation, **changes):
    """The same validation with one order of eight systems."""
    row = replace(validation.configurations[0], n_systems=8, n_datasets=1, **changes)
    return validation_account(replace(validation, configurations=(row,)))


def test_orders_of_systems_are_verdicts_where_they_were_tested(validation):
    for word, level in (("supports", "good"), ("contradicts", "bad")):
        account = ordered(validation, verdict=word)
        (told,) = [one for one in account.verdicts if one.word == word]
        assert told.level == level
        assert told.sentence == "1 of 1 order of 8 systems on 1 data set by a term"
    words = {one.word for one in ordered(validation, verdict="").verdicts}
    assert not words & {"supports", "contradicts", "nothing"}


def test_an_order_without_a_test_says_why(validation):
    why = "too few systems for a test: 4, and 8 are needed"
    account = ordered(
        validation, verdict="", missing_because=None, untested_because=why
    )
    (table,) = [one for one in account.tables if one.name.startswith("configurations")]
    assert why in table.rows[0]


def test_a_failed_control_tells_its_interval(validation):
    one = replace(
        validation.controls[0],
        passed=False,
        rate=0.25,
        nominal=0.05,
        lower=0.125,
        upper=0.375,
        family_rate=0.5,
        family_lower=0.375,
        family_upper=0.625,
    )
    account = validation_account(replace(validation, controls=Named([one])))
    (failed,) = [v for v in account.verdicts if v.word == "control failed"]
    assert failed.sentence.endswith(
        ": rate 0.2500 (0.1250 to 0.3750), nominal 0.0500; in 0.5000 (0.3750 to "
        "0.6250) of families, promised at most 0.0500"
    )
