"""The explorer in a browser: every control, its numbers against NumPy's, bad input."""

import json
import math

import numpy as np
import pytest

from rankbound.bounds.notation import term
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem2 import HEADLINE, part_expressions
from rankbound.bounds.views import numpy_view

pytestmark = pytest.mark.xdist_group("report")

KNOBS = (
    "n",
    "delta",
    "lipschitz",
    "diameter",
    "entropy",
    "divergence",
    "kappa",
    "temperature",
    "group_size",
)
PICTURE = """() => ['waterfall', 'curve', 'answer'].map(
  id => document.getElementById(id).outerHTML).join('')"""


@pytest.fixture
def page(shared):
    if shared.locator("#setting").input_value() != "0":
        shared.locator("#setting").select_option("0")
    shared.get_by_role("button", name="Back to its numbers").click()
    yield shared
    assert shared.faults == []


def values_of(given):
    """The arguments of the theorem for the fields of the page, by NumPy."""
    tau = given["temperature"]
    values = {
        "empirical_entropy": given["entropy"],
        "empirical_divergence": given["divergence"],
        "empirical_risk": given["entropy"] + given["divergence"],
        "lipschitz": given["lipschitz"] / tau,
        "diameter": given["diameter"],
        "kappa": given["kappa"],
        "n_queries": given["n"],
        "delta": given["delta"],
        "group_size": given["group_size"],
    }
    values["score_range"] = values["lipschitz"] * values["diameter"]
    values["cut_ratio"] = called("lemma-2c-cut-ratio", values)
    low, high = (called(f"lemma-2c-{end}", values) for end in ("lower", "upper"))
    return values | {"low": low, "high": high, "width": high - low}


def called(key, values):
    found = statement(key)
    return float(found.numpy()(*(values[term(s).code] for s in found.arguments)))


def parts_of(values):
    arguments = statement(HEADLINE).arguments
    found = {}
    for name, expression in part_expressions().items():
        mine = tuple(s for s in arguments if s in expression.free_symbols)
        view = numpy_view(expression, mine)
        found[name] = float(view(*(values[term(s).code] for s in mine)))
    return found


def drawn(rng):
    return {
        "n": float(rng.integers(10, 10**7)),
        "delta": float(rng.uniform(0.001, 0.5)),
        "lipschitz": float(rng.uniform(0.1, 20)),
        "diameter": float(rng.uniform(0.1, 2)),
        "entropy": float(rng.uniform(0, 0.69)),
        "divergence": float(rng.uniform(0, 1)),
        "kappa": float(rng.uniform(1, 4)),
        "temperature": float(rng.uniform(0.1, 9)),
        "group_size": int(rng.integers(2, 100)),
    }


def typed(page, given):
    """Fill all fields, as typing does, and read what the page then holds."""
    return page.evaluate(
        """given => {
          for (const [key, value] of Object.entries(given)) {
            const field = document.getElementById(`k-${key}`);
            field.value = String(value);
            field.dispatchEvent(new Event('input', { bubbles: true }));
          }
          return { ...document.getElementById('answer').dataset,
            label: document.getElementById('waterfall').getAttribute('aria-label') };
        }""",
        given,
    )


def test_bound_and_each_part_are_numpys_at_fifty_settings(page):
    rng = np.random.default_rng(11)
    for _ in range(50):
        given = drawn(rng)
        found = typed(page, given)
        values = values_of(given)
        parts = parts_of(values)
        assert float(found["bound"]) == pytest.approx(
            called(HEADLINE, values), rel=1e-12
        )
        shown = json.loads(found["parts"])
        assert [*shown] == [*parts]
        for name, value in parts.items():
            assert shown[name] == pytest.approx(value, rel=1e-12, abs=1e-15), name
        assert sum(parts.values()) == pytest.approx(float(found["bound"]), rel=1e-9)


def test_the_waterfall_is_drawn_to_scale_and_says_its_parts(page):
    given = drawn(np.random.default_rng(3)) | {"kappa": 2.0}
    parts = parts_of(values_of(given))
    label = typed(page, given)["label"]
    bars = page.evaluate(
        "() => [...document.querySelectorAll('#waterfall .bar')].map(bar =>"
        "['x', 'width'].map(name => Number(bar.getAttribute(name))))"
    )
    total = sum(parts.values())
    unit = bars[-1][1] / total
    start = bars[-1][0]
    for (x, width), value in zip(bars, parts.values(), strict=False):
        assert x == pytest.approx(start, abs=0.01)
        assert width == pytest.approx(max(0.5, value * unit), abs=0.01)
        start += value * unit
    for name in parts:
        assert name.replace(" x ", " × ") in label


@pytest.mark.parametrize("key", KNOBS)
def test_every_slider_and_every_field_redraws_the_picture(page, key):
    before = page.evaluate(PICTURE)
    slider, field = page.locator(f"#s-{key}"), page.locator(f"#k-{key}")
    value = field.input_value()
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    moved = page.evaluate(PICTURE)
    assert moved != before
    assert field.input_value() != value
    assert slider.get_attribute("aria-valuetext") == field.input_value()
    other = {"group_size": "7", "n": "777"}.get(key, "0.317" if key != "kappa" else "3")
    field.fill(other)
    assert page.evaluate(PICTURE) != moved


@pytest.mark.parametrize(("key", "start"), [("group_size", 2), ("n", 11)])
def test_every_press_of_a_key_moves_a_whole_number(page, key, start):
    slider, field = page.locator(f"#s-{key}"), page.locator(f"#k-{key}")
    field.fill(str(start))
    bounds = []
    for press in range(1, 9):
        slider.press("ArrowRight")
        assert field.input_value() == str(start + press)
        assert slider.get_attribute("aria-valuetext") == str(start + press)
        bounds.append(page.locator("#answer").get_attribute("data-bound"))
    assert len({*bounds}) > 2  # an odd and an even group may have one range
    for _ in range(8):
        slider.press("ArrowDown")
    assert field.input_value() == str(start)


def test_keys_stop_at_the_ends_of_a_slider(page):
    slider, field = page.locator("#s-group_size"), page.locator("#k-group_size")
    for key, end in (("ArrowLeft", "2"), ("ArrowRight", "128")):
        field.fill(end)
        slider.press(key)
        assert field.input_value() == end


def test_a_slider_follows_its_field_and_the_ends_are_kept(page):
    page.locator("#k-diameter").fill("0.01")
    assert page.locator("#s-diameter").input_value() == "0"
    page.locator("#k-diameter").fill("1000")
    assert page.locator("#s-diameter").input_value() == "1000"
    assert page.locator("#k-diameter").input_value() == "1000"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n", "0"),
        ("n", "-5"),
        ("n", ""),
        ("delta", "0"),
        ("delta", "1"),
        ("delta", "2"),
        ("delta", ""),
        ("lipschitz", "-1"),
        ("diameter", "-0.5"),
        ("diameter", ""),
        ("entropy", "-0.1"),
        ("entropy", "0.7"),
        ("entropy", ""),
        ("divergence", "-1"),
        ("kappa", "0.5"),
        ("kappa", ""),
        ("temperature", "0"),
        ("temperature", "-2"),
        ("temperature", ""),
        ("group_size", "1"),
        ("group_size", "2.5"),
        ("group_size", ""),
    ],
)
def test_what_is_outside_the_domain_gives_a_message_and_no_number(page, key, value):
    page.locator(f"#k-{key}").fill(value)
    answer = page.locator("#answer")
    text = page.locator("#explorer").inner_text()
    assert answer.inner_text().startswith("No bound: ")
    assert key.replace("_", " ") in answer.inner_text()
    assert answer.get_attribute("data-bound") is None
    assert "NaN" not in text
    assert "Infinity" not in text
    assert page.locator("#waterfall *").count() == 0
    assert page.locator("#curve *").count() == 0
    assert page.locator(f"#k-{key}").get_attribute("aria-invalid") == "true"
    assert page.locator("#explorer [aria-invalid=true]").count() == 1
    page.get_by_role("button", name="Back to its numbers").click()
    assert answer.inner_text().startswith("Bound ")
    assert page.locator("#explorer [aria-invalid=true]").count() == 0


@pytest.mark.parametrize(
    ("key", "value"), [("lipschitz", "1e300"), ("n", "1e300"), ("group_size", "1e15")]
)
def test_extreme_numbers_are_drawn_all_the_same(page, key, value):
    page.locator(f"#k-{key}").fill(value)
    text = page.locator("#explorer").inner_text()
    assert page.locator("#answer").inner_text().startswith("Bound ")
    assert page.locator("#curve path.line").count() >= 2
    assert page.locator("#curve *").count() < 80
    assert "NaN" not in page.locator("#explorer").inner_html()
    assert len(text) < 3000


def test_a_bound_too_large_for_a_number_is_no_bound(page):
    page.locator("#k-divergence").fill("1e308")
    answer = page.locator("#answer").inner_text()
    assert answer == "No bound: it is too large for a number."
    assert "Infinity" not in page.locator("#explorer").inner_text()


def test_the_students_own_numbers_are_there_to_begin_with(page, contents):
    page.locator("#setting").select_option("1")
    ((_, student),) = contents["ledger"]["students"].items()
    for key in ("entropy", "divergence"):
        found = float(page.locator(f"#k-{key}").input_value())
        assert found == pytest.approx(student[key], rel=1e-5)
    assert page.locator("#k-n").input_value() == str(student["n_queries"])
    assert page.locator("#k-group_size").input_value() == "5"


def test_a_temperature_measures_the_pairs_of_the_page_again(page, everything, contents):
    page.locator("#setting").select_option("1")
    page.locator("#k-temperature").fill("2")
    note = page.locator("#temperature-note").inner_text()
    assert "measured again on the pairs of 12 of 12 queries" in note
    teacher = json.loads((everything / "t.json").read_text())
    means = []
    for row in teacher.values():
        scores = [*row.values()][:5]
        margins = [
            (a - b) / 2 for place, a in enumerate(scores) for b in scores[place + 1 :]
        ]
        ps = [1 / (1 + math.exp(-margin)) for margin in margins]
        means.append(
            np.mean([-p * math.log(p) - (1 - p) * math.log(1 - p) for p in ps])
        )
    found = json.loads(page.locator("#answer").get_attribute("data-parts"))
    assert found["entropy"] == pytest.approx(float(np.mean(means)), rel=1e-9)
    page.locator("#remeasure").uncheck()
    kept = json.loads(page.locator("#answer").get_attribute("data-parts"))
    page.locator("#remeasure").check()
    (student,) = contents["ledger"]["students"].values()
    assert kept["entropy"] == pytest.approx(student["entropy"], rel=1e-5)


def test_a_curve_stops_where_it_leaves_the_picture(page):
    page.locator("#k-kappa").fill("1")
    lines = page.evaluate(
        "() => [...document.querySelectorAll('#curve path.line')].map(p => ({"
        "d: p.getAttribute('d'), dashes: p.getAttribute('style')}))"
    )
    long = [line["d"] for line in lines if line["d"].count("L") > 5]
    assert len(long) == 4
    floor = 300 - 40
    for d in long:
        heights = [
            float(point.split(" ")[1]) for point in d.replace("M", "L").split("L")[1:]
        ]
        assert max(heights) <= floor
        assert sum(abs(height - floor) < 0.005 for height in heights) <= 1


def test_verdict_and_needed_queries_agree_with_the_bound(page):
    answer = page.locator("#answer")
    page.locator("#k-n").fill("10")
    assert ": vacuous, not below ln 2 = 0.6931" in answer.inner_text()
    needed = int(
        answer.inner_text().split("from n = ")[1].split(" ")[0].replace(",", "")
    )
    page.locator("#k-n").fill(str(needed))
    assert ": not vacuous" in answer.inner_text()
    page.locator("#k-n").fill(str(needed - 1))
    assert ": vacuous" in answer.inner_text()
    page.locator("#k-entropy").fill("0.693")
    page.locator("#k-divergence").fill("1")
    assert "no number of queries would bring it there" in answer.inner_text()


@pytest.mark.parametrize("key", KNOBS)
def test_the_meaning_of_each_field_shows_under_the_mouse_and_in_focus(page, key):
    word, meaning = page.locator(f".term[aria-describedby=m-{key}]"), f"#m-{key}"
    word.hover()
    assert page.locator(meaning).is_visible()
    page.mouse.move(1, 1)
    assert not page.locator(meaning).is_visible()
    word.focus()
    assert page.locator(meaning).is_visible()
    word.blur()
    assert not page.locator(meaning).is_visible()
