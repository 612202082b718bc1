import csv
import re
from xml.etree import ElementTree as ET

import pytest

from rankbound.drawing.catalogue import Drawing
from rankbound.drawing.run import theory_drawings
from rankbound.page import rendering as module
from rankbound.page.rendering import SVG, inline, pictures

REFERENCES = re.compile(r'(?:url\(#|href="#)([^)"]+)')
WRAPPED = f'<svg xmlns="{SVG}" xmlns:xlink="{module.LINK}" width="120pt">%s</svg>'


@pytest.fixture(scope="module")
def drawn():
    return [*pictures(theory_drawings()[:3])]


def ids(markup):
    return [e.get("id") for e in ET.fromstring(markup).iter() if e.get("id")]


def test_ids_of_several_figures_do_not_clash(drawn):
    every = [identifier for picture in drawn for identifier in ids(picture.markup)]
    assert len(drawn) == 3
    assert len(every) > 3 * 2
    assert len(every) == len(set(every))


def test_references_stay_inside_their_figure(drawn):
    for picture in drawn:
        found = REFERENCES.findall(picture.markup)
        assert found
        assert {*found} <= {*ids(picture.markup)}


def test_every_figure_has_a_name_and_a_description(drawn):
    for picture in drawn:
        root = ET.fromstring(picture.markup)
        texts = {e.get("id"): e.text for e in root if e.tag.endswith(("title", "desc"))}
        named = [texts[word] for word in root.get("aria-labelledby").split()]
        assert named == [picture.name, picture.description]
        assert root.get("role") == "img"
        assert picture.description != picture.name


def test_the_numbers_of_a_figure_are_a_table(drawn):
    for picture in drawn:
        rows = [*csv.reader(picture.numbers.splitlines())]
        assert len(rows) > 2


def test_styles_and_metadata_do_not_leak_into_the_page():
    inner = "<defs><style>* {}</style></defs><metadata>m</metadata><g id='a'/>"
    found = inline(WRAPPED % inner, prefix="f1-", title="t", about="d")
    assert "<style" not in found
    assert "<metadata" not in found
    assert 'id="f1-a"' in found
    assert " width=" not in found


def test_references_of_every_kind_get_the_prefix():
    inner = "<g clip-path='url(#a)'/><use xlink:href='#a'/><path id='a'/>"
    found = inline(WRAPPED % inner, prefix="f7-", title="t", about="d")
    assert REFERENCES.findall(found) == ["f7-a", "f7-a"]


def test_too_many_vectors_become_an_image_with_an_alternative(monkeypatch):
    monkeypatch.setattr(module, "MOST_VECTOR", 10)
    monkeypatch.setattr(module, "MOST_NUMBERS", 10)
    (picture,) = pictures(theory_drawings()[:1])
    assert not picture.vector
    assert picture.numbers == ""
    assert picture.markup.startswith('<img src="data:image/png;base64,')
    assert f'alt="{picture.name}: ' in picture.markup


def test_a_figure_that_cannot_be_drawn_gives_its_reason():
    assert [*pictures([Drawing("x", None, "no data")])] == [("x", "no data")]


def test_figures_beyond_the_room_of_the_page_are_named_with_the_reason(monkeypatch):
    drawings = theory_drawings()[:3]
    whole = [*pictures(drawings)]
    large, small, middle = (len(one.markup) + len(one.numbers) for one in whole)
    assert small < middle < large
    left_out = [(drawing.name, module.FULL) for drawing in drawings]
    for room, expected in (
        (large + small + middle, whole),
        (large + small + middle - 1, [whole[0], whole[1], left_out[2]]),
        (small, [left_out[0], whole[1], left_out[2]]),
    ):
        monkeypatch.setattr(module, "MOST_FIGURES", room)
        assert [*pictures(drawings)] == expected
