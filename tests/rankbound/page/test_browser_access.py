"""axe-core on the pages: no fault for those who read by ear, keyboard or contrast."""

import pytest

from tests.optional import only_deep

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def faults(axe, page):
    # The insides of a figure are one picture with a name; there are thousands of them
    where = {"exclude": [["figure svg > *"]]}
    found = axe.run(
        page, context=where, options={"resultTypes": ["violations"]}
    ).response
    assert len(found["passes"]) > 15
    return [
        (fault["impact"], fault["id"], fault["nodes"][0]["html"][:120])
        for fault in found["violations"]
    ]


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        ("all", "light", 1280),
        ("m", "dark", 400),
        # The page of everything has their parts
        pytest.param("c", "light", 400, marks=only_deep),
        pytest.param("v", "dark", 1280, marks=only_deep),
    ],
)
def test_axe_finds_nothing(axe, opened, everything, name, scheme, width):
    view = {"width": width, "height": 900}
    page = opened(everything / f"{name}.html", color_scheme=scheme, viewport=view)
    if page.locator("#queries-0 tbody button.link").count():
        page.locator("#queries-0 tbody button.link").last.click()
    for summary in page.locator("summary").all():
        summary.click()
    assert faults(axe, page) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width  # only tables scroll sideways
    page.close()


@pytest.mark.parametrize("name", ["all", "c"])
def test_long_names_to_choose_from_fit_on_a_phone(opened, everything, name):
    page = opened(everything / f"{name}.html", viewport={"width": 390, "height": 800})
    page.evaluate(
        """document.querySelectorAll('.field option').forEach(
          option => { option.textContent += ' of a very long name'.repeat(5); })"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_axe_would_find_a_fault(axe, opened, everything):
    page = opened(everything / "m.html")
    page.evaluate("document.getElementById('theme').innerHTML = ''")
    page.evaluate("document.body.style.setProperty('--quiet', '#cccccc')")
    found = {name for _, name, _ in faults(axe, page)}
    assert {"button-name", "color-contrast"} <= found
    page.close()
