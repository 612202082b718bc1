"""Key figures against pictures that someone looked at, and what the pictures see."""

import json

import matplotlib as mpl
import numpy as np
import pytest

from rankbound.figures.style import COLOURS
from tests.figures.baselines import (
    KEY,
    TEXTS,
    baseline,
    pixels,
    root_mean_square,
    words,
)

# Levels of 256 over the whole picture: rounding leaves 0.1, one line of another
# colour 1.5 and more
TOLERANCE = 0.6


@pytest.mark.parametrize("name", KEY)
def test_a_key_figure_looks_as_it_did(name):
    off = root_mean_square(pixels(KEY[name]()), baseline(name))
    assert off < TOLERANCE, (
        f"{name} differs by {off:.2f} levels; if it should, run "
        "`python -m tests.figures.baselines` and look at the pictures"
    )


@pytest.mark.parametrize("name", KEY)
def test_a_key_figure_says_what_it_did(name):
    assert words(KEY[name]()) == json.loads(TEXTS.read_text(encoding="utf-8"))[name]


def recoloured(ax):
    line = ax.lines[-1]
    line.set_color(next(c for c in COLOURS if c != line.get_color()))


def moved(ax):
    line = max(ax.lines, key=lambda line: len(line.get_xdata()))
    line.set_ydata(1.04 * np.asarray(line.get_ydata(), dtype=np.float64))


def stretched(ax):
    low, high = ax.get_xlim()
    ax.set_xlim(low, high * 1.03 if ax.get_xscale() == "linear" else high * 1.3)


def boxed(ax):
    ax.spines["right"].set_visible(True)


def dashed(ax):
    ax.lines[0].set_linestyle((0, (4, 4)))


@pytest.mark.parametrize("change", [recoloured, moved, stretched, boxed, dashed])
@pytest.mark.parametrize("name", ["bound-over-n", "limit-over-n", "plane", "power"])
def test_the_pictures_see_a_change(name, change):
    ax = KEY[name]()
    change(ax)
    assert root_mean_square(pixels(ax), baseline(name)) > TOLERANCE


@pytest.mark.parametrize("hinting", ["none", "force_autohint"])
def test_the_hinting_of_fonts_makes_no_difference(hinting):
    with mpl.rc_context({"text.hinting": hinting}):
        picture = pixels(KEY["differences"]())
    assert root_mean_square(picture, baseline("differences")) < TOLERANCE


def test_the_pictures_are_small():
    sizes = [path.stat().st_size for path in TEXTS.parent.iterdir()]
    assert len(sizes) == len(KEY) + 1
    assert sum(sizes) < 300_000
