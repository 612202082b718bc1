"""The scatter in a browser: a box on it and the table follow each other."""

import pytest

pytestmark = pytest.mark.xdist_group("report")

DOTS = """() => [...document.querySelectorAll('#queries-0 .brush circle')].map(dot => {
  const box = dot.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2,
    kept: !dot.classList.contains('out'), chosen: dot.classList.contains('chosen') };
})"""


@pytest.fixture
def page(shared):
    shared.reload()
    section(shared).locator(".brush svg").scroll_into_view_if_needed()
    yield shared
    assert shared.faults == []


def section(page):
    return page.locator("#queries-0")


def dots(page):
    return page.evaluate(DOTS)


def kept_rows(page):
    return section(page).locator("tbody tr").count()


def ends(page):
    labels = ("x from", "x to", "y from", "y to")
    return [section(page).get_by_label(name).input_value() for name in labels]


def points(page):
    """(entropy, nDCG@10) of every row, as the page holds them."""
    return page.evaluate(
        """() => {
          const data = JSON.parse(document.getElementById('report-data').textContent);
          const table = data.tables[0];
          const at = table.axes.map(name => table.columns.indexOf(name));
          return table.numbers[at[0]].map((x, row) => [x, table.numbers[at[1]][row]]);
        }"""
    )


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def test_it_begins_with_entropy_against_effectiveness(page):
    selects = section(page).locator(".brush select")
    assert selects.nth(0).input_value() == "entropy_nats"
    assert selects.nth(1).input_value() == "nDCG@10"
    told = section(page).locator(".brush [role=status]").inner_text()
    assert told == "nDCG@10 against entropy_nats: 12 of 12 points kept"
    assert len(dots(page)) == 12


def test_a_box_of_the_mouse_keeps_its_points_in_the_table(page):
    found = sorted(dots(page), key=lambda dot: dot["x"])
    cut = (found[5]["x"] + found[6]["x"]) / 2
    frame = section(page).locator(".brush svg").bounding_box()
    low = frame["y"] + frame["height"] - 60
    drag(page, (found[0]["x"] - 5, frame["y"] + 10), (cut, low))
    kept = [dot["x"] < cut for dot in dots(page)]
    assert [dot["kept"] for dot in dots(page)] == kept
    assert kept_rows(page) == sum(kept) == 6
    left, right, bottom, top = map(float, ends(page))
    inside = [left <= x <= right and bottom <= y <= top for x, y in points(page)]
    assert sum(inside) == 6
    section(page).get_by_role("button", name="Remove the box").click()
    assert kept_rows(page) == 12
    assert ends(page) == [""] * 4


def test_a_box_of_the_keyboard_does_the_same(page):
    values = sorted(x for x, _ in points(page))
    section(page).get_by_label("x from").focus()
    page.keyboard.type(repr(values[3]))
    page.keyboard.press("Tab")
    page.keyboard.type(repr(values[7]))
    assert kept_rows(page) == 5
    assert sum(dot["kept"] for dot in dots(page)) == 5
    box = section(page).locator(".brush rect.box")
    assert float(box.get_attribute("width")) > 0


def test_filters_of_the_table_fade_points_and_clearing_brings_all_back(page):
    section(page).get_by_label("Search names").fill("script")
    assert sum(dot["kept"] for dot in dots(page)) == 2
    section(page).get_by_label("y from").fill("2")
    assert kept_rows(page) == 0
    section(page).get_by_role("button", name="Clear filters").click()
    assert kept_rows(page) == 12
    assert all(dot["kept"] for dot in dots(page))
    assert ends(page) == [""] * 4


def test_a_click_on_a_point_opens_its_query_and_marks_both(page):
    found = dots(page)
    where = max(found, key=lambda dot: dot["x"])  # alone at its place
    page.mouse.click(where["x"], where["y"])
    chosen = [place for place, dot in enumerate(dots(page)) if dot["chosen"]]
    assert chosen == [found.index(where)]
    wanted = page.evaluate(
        "row => JSON.parse(document.getElementById('report-data').textContent)"
        ".tables[0].texts[0][row]",
        chosen[0],
    )
    assert section(page).locator(".detail h3").text_content() == f"Query {wanted}"
    assert section(page).locator("tr.chosen").count() == 1


def test_another_column_moves_the_points(page):
    before = dots(page)
    section(page).locator(".brush select").nth(1).select_option("divergence_nats")
    assert dots(page) != before
    told = section(page).locator(".brush [role=status]").inner_text()
    assert told.startswith("divergence_nats against entropy_nats: 12 of 12")
    label = section(page).locator(".brush svg").get_attribute("aria-label")
    assert label == f"Scatter of {told}"


def test_a_comparison_begins_with_entropy(page):
    selects = page.locator("#queries-1 .brush select")
    assert selects.nth(0).input_value() == "entropy, all"
    assert selects.nth(1).input_value().split(",")[0] == "diameter"
