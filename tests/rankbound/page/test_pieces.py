"""Every result in a notebook: its structure, its numbers, and hostile names as text."""

import re

import pytest
from lxml import html as parser

from rankbound.commands.compare.result import Comparison
from rankbound.commands.power.run import power
from rankbound.page.pieces import ablation_account, html_of
from tests.rankbound.ablations import by_hand
from tests.rankbound.results import (
    HOSTILE,
    compared,
    every,
    measured,
    powered,
    validated,
)

KINDS = ("ledger", "comparison", "validation", "power", "cut", "inspection")
TAGS = {
    *("div", "style", "p", "strong", "ul", "li", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "code", "span"),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    made = every(tmp_path_factory.mktemp("results"))
    return {name: result._repr_html_() for name, result in made.items()}


@pytest.fixture(params=KINDS)
def piece(request, shown):
    return parser.fragment_fromstring(shown[request.param])


def cells(root, caption):
    """The table whose caption begins so, as a list of dicts by heading."""
    [table] = [
        one
        for one in root.iter("table")
        if one.find("caption").text_content().startswith(caption)
    ]
    headings = [one.text_content() for one in table.find("thead").iter("th")]
    return [
        dict(zip(headings, [cell.text_content() for cell in row], strict=True))
        for row in table.find("tbody").iter("tr")
    ]


def verdicts(root, level=None):
    """The items of the banner."""
    items = root.xpath(".//ul[@class='verdicts']/li")
    return [one for one in items if level in (None, one.get("class"))]


def test_every_table_has_a_caption_and_headers_with_a_scope(piece):
    tables = list(piece.iter("table"))
    assert tables
    for table in tables:
        assert table.find("caption").text_content().strip()
        heads = list(table.find("thead").iter("th"))
        assert {one.get("scope") for one in heads} == {"col"}
        for row in table.find("tbody").iter("tr"):
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert len(row) == len(heads)


def test_a_piece_is_a_named_group_with_verdicts(piece):
    assert piece.get("role") == "group"
    assert piece.get("aria-label")
    words = [one.text_content().strip() for one in verdicts(piece)]
    assert words
    assert all(words)


def test_nothing_in_a_piece_acts_or_leaves_it(piece):
    assert {one.tag for one in piece.iter()} <= TAGS
    names = [name for one in piece.iter() for name in one.attrib]
    assert not [name for name in names if name.startswith("on") or name == "href"]
    ids = [one.get("id") for one in piece.iter() if one.get("id")]
    assert len(ids) == len(set(ids))


def test_the_style_is_of_the_piece_alone_and_is_not_escaped(piece):
    [style] = piece.iter("style")
    text = style.text_content()
    assert 'content: ":"' in text
    for rule in re.findall(r"^([^{}\n]+)\{", text, flags=re.M):
        assert all(part.strip().startswith(".rankbound") for part in rule.split(","))
    # Inherited, so that it reads on a light page and on a dark one
    assert "background" not in text
    assert re.findall(r"(?<![-\w])color: ([^;]+);", text) == ["inherit"]


@pytest.mark.parametrize("kind", ["ledger", "comparison", "validation"])
def test_hostile_names_are_text(shown, kind):
    text = parser.fragment_fromstring(shown[kind]).text_content()
    assert HOSTILE in text
    assert "<img" not in shown[kind]
    assert "49" not in text.partition(HOSTILE)[0][-5:]


def test_hostile_file_names_are_text(shown):
    for kind in ("cut", "inspection"):
        assert "<b onclick" not in shown[kind]
        assert (
            "<b onclick=x>&" in parser.fragment_fromstring(shown[kind]).text_content()
        )


def test_numbers_of_a_ledger_are_those_of_its_json(shown):
    account = measured()
    rows = cells(parser.fragment_fromstring(shown["ledger"]), "Parts of the")
    for name, entry in account.students.items():
        found = {row["part"]: row["value"] for row in rows if row["student"] == name}
        assert found["= risk"] == f"{entry.risk:.4f}"
        assert found["= upper limit (betting)"] == f"{entry.upper:.4f}"
        assert found["divergence"] == f"{entry.divergence:.4f}"
    words = verdicts(parser.fragment_fromstring(shown["ledger"]), "bad")
    vacuous = [one for one in account.students.values() if one.vacuous]
    assert len(words) == len(vacuous) > 0
    assert all("dominates" in one.text_content() for one in words)


def test_numbers_of_a_comparison_are_those_of_its_json(shown):
    made = compared()
    root = parser.fragment_fromstring(shown["comparison"])
    rows = cells(root, made.family.name)
    assert len(rows) == len(made.rows) == 6
    for row, cell in zip(made.rows, rows, strict=True):
        assert cell["sampling"] == row.sampling
        assert cell["verdict"] == row.verdict
        assert cell["n"] == str(row.n)
        assert float(cell["difference"]) == pytest.approx(row.difference, abs=5e-5)
    counted = {row.verdict for row in made.rows}
    words = {one.find("strong").text for one in verdicts(root)}
    assert counted <= words


def test_numbers_of_a_validation_are_those_of_its_json(shown):
    validation = validated()
    root = parser.fragment_fromstring(shown["validation"])
    rows = cells(root, "Terms and effectiveness")
    assert len(rows) == len(validation.per_query)
    for row, cell in zip(validation.per_query, rows, strict=True):
        assert (cell["sampling"], cell["student"]) == (row.sampling, row.student)
        assert cell["term"] == row.term
        if row.spearman is not None:
            rho = float(cell["Spearman"])
            assert rho == pytest.approx(row.spearman, abs=5e-5)
    held = cells(root, "Is the bound true")
    assert [(r["sampling"], r["student"]) for r in held] == [
        (r.sampling, r.student) for r in validation.certificates
    ]


def test_numbers_of_power_are_those_of_its_json(shown):
    [first, _] = cells(parser.fragment_fromstring(shown["power"]), "What n queries")
    row = powered().rows[0]
    assert first["n"] == "43"
    assert float(first["difference"]) == pytest.approx(row.rule_difference, rel=1e-3)
    assert float(first["share"]) == pytest.approx(row.rule_share, abs=5e-4)
    # Without a range no margin is shown, and the reader is told why
    assert row.rule_margin is None
    assert first["margin"] == "-"
    text = parser.fragment_fromstring(shown["power"]).text_content()
    assert f"-: {row.rule_margin_missing_because}" in text


def test_margins_of_power_are_there_where_a_range_is_known():
    made = power(n=43, sd=0.1, half_range=0.7)
    [cell] = cells(parser.fragment_fromstring(html_of(made)), "What n queries")
    [row] = made.rows
    assert float(cell["difference"]) == pytest.approx(row.rule_difference, rel=1e-3)
    assert float(cell["margin"]) == pytest.approx(row.rule_margin, rel=1e-3)
    assert cell["share"] == "-"


def test_a_piece_is_the_same_each_time():
    made = measured()
    assert html_of(made) == html_of(made) == made._repr_html_()


def test_the_pieces_take_what_the_files_hold(tmp_path):
    made = Comparison.load(compared().save(tmp_path))
    text = parser.fragment_fromstring(html_of(made)).text_content()
    assert made.sentences[0] in text


def test_an_ablation_says_first_what_samplings_do():
    found = by_hand("alpha", {("bi", "kl"): 0.2}, seed=1, n=8)
    first, *_ = ablation_account(found).verdicts
    assert "in nDCG@10 to random negatives" in first.sentence
