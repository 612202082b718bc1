import base64
import hashlib
import json
import re

import pytest
from jinja2 import UndefinedError

from rankbound.commands.inspect.result import Across, Inspection, Readiness, Ready
from rankbound.drawing.results import Found
from rankbound.page.rendering import (
    SCRIPTS,
    policy,
    rendered_template,
    script,
    script_json,
    source,
)
from rankbound.page.report import Material, page
from rankbound.results import Named

HOSTILE = "</script><script>alert(1)</script><!-- & \u2028\u2029"
READY = Readiness(False, ("a <file>", HOSTILE), "", ())
LOADS = re.compile(
    r"""\b(?:src|srcset|href|action|data)\s*=\s*["']?\s*(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import""",
    re.IGNORECASE,
)


def test_json_cannot_end_its_script_and_reads_back_the_same():
    value = {HOSTILE: [HOSTILE, 1.5, None]}
    text = script_json(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_json_refuses_numbers_that_a_page_cannot_parse():
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json({"x": float("nan")})


def test_the_policy_allows_this_script_by_its_digest():
    text = script("const VIEWS = {};")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy(text)
    assert policy(text).startswith("default-src 'none';")
    assert policy(text + " ") != policy(text)


def test_the_script_holds_the_views_before_every_source():
    text = script("const VIEWS = {};")
    places = [text.index(part) for part in ("VIEWS = {}", *map(source, SCRIPTS))]
    assert places == sorted(places)
    assert "</script" not in text.lower()


def test_a_template_without_its_values_is_refused():
    with pytest.raises(UndefinedError):
        rendered_template("piece.html", {"style": ""})


def test_one_file_without_references_that_load_anything():
    empty = Inspection(
        command=HOSTILE,
        files=Named(),
        across=Across(ids=(), rows=(), findings=()),
        ready=Ready(measure=READY, compare=READY),
    )
    known = Found("rankbound.inspection/1", HOSTILE, empty)
    text = page(Material(title=HOSTILE, results=[known]))
    assert "<script>alert" not in text
    assert "Provenance" in text
    assert LOADS.search(text) is None
    assert not re.search(r"<(?:iframe|object|embed|base)\b", text)
    assert all('href="data:' in tag for tag in re.findall(r"<link\b[^>]*>", text))
    assert not re.search(r"<script\b[^>]*\bsrc\b", text)


@pytest.mark.parametrize(
    "text",
    ['<img src="https://a/b">', "<a href='http://a'>", "url(//a)", "@import 'x'"],
)
def test_the_pattern_of_outside_references_finds_them(text):
    assert LOADS.search(text)
