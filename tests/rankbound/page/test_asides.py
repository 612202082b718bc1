"""Power, bounds, machine checks and cuts as accounts."""

from msgspec.structs import replace

from rankbound.commands.bound.result import Given
from rankbound.commands.bound.run import augment, bound
from rankbound.commands.certify.run import certify
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.run import measure
from rankbound.commands.power.run import power
from rankbound.page.pieces import (
    augmentation_account,
    bound_account,
    certification_account,
    change_account,
    conversion_account,
    cut_account,
    power_account,
)
from tests.rankbound.results import converted, cut


def test_power_without_a_spread_says_what_it_lacks():
    account = power_account(power(n=43, margin=0.02))
    assert [v.level for v in account.verdicts] == ["told", "caution"]
    assert "`sd`" in account.verdicts[1].sentence
    [table] = account.tables
    assert table.rows == (("any", "-", "43", "-", "-", "-", "-", "0.43"),)


def test_power_with_a_margin_has_a_second_table():
    account = power_account(power(sd=0.1, margin=0.02, half_range=0.7))
    [table] = account.tables
    assert table.rows[0][3:5] == ("betting", "normal")
    assert int(table.rows[0][5].replace(",", "")) > 265  # of Student's t
    assert any("betting" in line for _, lines in account.notes for line in lines)


def test_a_cut_has_its_files_and_changes(tmp_path):
    made = cut(tmp_path)
    files, changes = cut_account(made).tables
    assert files.headings[:2] == ("kept", "file")
    assert [row[1] for row in files.rows] == [kept.file for kept in made.files]
    assert len(changes.rows) == len(made.comparison.rows)
    for table in (files, changes):
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_warnings_of_a_cut_are_verdicts_and_nothing_is_said_twice(tmp_path):
    account = cut_account(replace(cut(tmp_path), warnings=("careful",)))
    assert [v.sentence for v in account.verdicts][1:] == ["careful"]
    assert not any("careful" in line for _, lines in account.notes for line in lines)


def test_power_of_a_file_has_its_name():
    account = power_account(power(n=43, margin=0.02), name="plan")
    assert (account.title, account.tables[0].name) == ("Power, plan", "power-plan")


def test_a_conversion_says_what_was_written_and_lost(tmp_path):
    done = replace(converted(tmp_path), lost={"ids": "the ids"})
    account = conversion_account(done)
    [verdict] = account.verdicts
    assert verdict.sentence.startswith(f"written: {done.path} (rankbound-groups)")
    assert account.notes == (("notes", ("lost: the ids",)),)


NUMBERS = {"diameter": 1.4, "lipschitz": 5, "entropy": 0.42, "divergence": 0.06}


def test_a_bound_says_whether_it_is_vacuous_and_shows_its_parts():
    for n, level in ((500_000, "good"), (100, "bad")):
        found = bound(**NUMBERS, n=n)
        account = bound_account(found)
        assert [verdict.level for verdict in account.verdicts] == [level]
        parts, relatives = account.tables
        assert [row[0] for row in parts.rows] == [*found.parts]
        assert [row[0] for row in relatives.rows] == [*found.relatives]
    [verdict] = bound_account(bound(**NUMBERS, solve="n")).verdicts
    assert (verdict.level, verdict.word) == ("told", "solved for n")


def test_an_augmentation_says_whether_it_helps():
    before = Given(diameter=2.0, lipschitz=5.0, entropy=0.42, divergence=0.0, n=1e6)
    better = augmentation_account(augment(before, replace(before, diameter=1.2)))
    assert better.verdicts[0].level == "good"
    assert [row[0] for row in better.tables[0].rows] == ["before", "after"]
    worse = augmentation_account(augment(before, replace(before, divergence=0.1)))
    assert worse.verdicts[0].level == "caution"


def test_a_measured_change_has_a_verdict_and_a_table_for_each_student():
    queries = {f"q{i}": {"a": 1.0 + i / 99, "b": -1.0} for i in range(200)}
    flat = {q: {d: s / 8 for d, s in row.items()} for q, row in queries.items()}
    sides = []
    for scores in (flat, queries):
        models = {
            name: StudentSource(name, scores=own, kind="logit")
            for name, own in (("x", scores), ("<b>", queries))
        }
        sides.append(
            measure(queries, students=models, teacher_kind="logit", score_range=4)
        )
    made = bound(before=sides[0], after=sides[1])
    account = change_account(made, name="more data")
    assert account.title == "Augmentation, measured, more data"
    levels = [(verdict.level, verdict.word) for verdict in account.verdicts]
    assert levels[0] == ("good", "lower")
    assert ("caution", "inconclusive") in levels
    for table, found in zip(account.tables, made.students, strict=True):
        assert [row[0] for row in table.rows] == ["entropy", "divergence", "bound"]
        assert table.rows[1][2] == f"{found.divergence.after:.4f}"
        assert {len(row) for row in table.rows} == {len(table.headings)}
    html = made._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    turned = change_account(bound(before=sides[1], after=sides[0]))
    assert turned.verdicts[0].level == "bad"


def test_machine_checks_have_a_row_each():
    found = certify("constant-a_0")
    account = certification_account(found, name="all")
    assert account.title == "Machine checks, all"
    assert account.verdicts[0].level == "good"
    assert [row[:2] for row in account.tables[0].rows] == [("constant-a_0", "enclosed")]
    failed = replace(found, passed=False)
    assert certification_account(failed).verdicts[0].level == "bad"
