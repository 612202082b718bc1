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
