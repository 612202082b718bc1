"""The key figures as small pictures: `python -m tests.figures.baselines` writes them.

Look at every picture that changed before you commit it.
"""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave
from matplotlib.text import Text

from rankbound.figures.certificates import draw_limit_over_n, draw_locality_entropy
from rankbound.figures.comparisons import draw_differences, draw_verdicts
from rankbound.figures.distributions import draw_ridges
from rankbound.figures.power import draw_correlation_power
from rankbound.figures.quality import draw_quality
from rankbound.figures.style import style
from rankbound.figures.theory import draw_bound_over_n
from tests.figures.pictures import visible_texts
from tests.figures.test_comparisons import ROWS
from tests.figures.test_limits import MADE
from tests.figures.test_quality import ROWS as CELLS

FOLDER = Path(__file__).with_name("baseline")
NUMBER = re.compile(r"[-−]?[0-9.]+|.*mathdefault.*")
TEXTS = FOLDER / "texts.json"
# Drawn four times as fine and averaged, so that a shift by a part of a pixel is small
FINE, DPI = 4, 50


def points(shift):
    """Diameters and entropies of 60 queries, on a spiral."""
    turn = np.arange(60.0)
    return 1.2 + shift + 0.005 * turn * np.cos(turn), 0.4 + 0.003 * turn * np.sin(turn)


KEY = {
    "bound-over-n": draw_bound_over_n,
    "differences": partial(draw_differences, ROWS),
    "verdicts": partial(draw_verdicts, ROWS),
    "ridges": partial(
        draw_ridges, {"random": points(0)[1], "bm25": 0.8 * points(0)[1]}
    ),
    "limit-over-n": partial(draw_limit_over_n, MADE),
    "quality": partial(draw_quality, CELLS),
    "plane": partial(
        draw_locality_entropy,
        {"random": points(0.1), "bm25": points(0)},
        floor=(np.array([0.8, 1.7]), np.array([0.3, 0.1])),
    ),
    "power": partial(draw_correlation_power, [("dl19", 43)], family=9),
}


def pixels(ax):
    """What is drawn, without letters, from 0 to 255, shape (height, width, 3).

    Fonts are hinted differently by different versions, which moves letters and, by
    their widths, the layout. So letters are clear, the axes have one place, and the
    legend is left out; what is written is compared as text.
    """
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    with style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        ax.set_position((0.2, 0.2, 0.75, 0.75))
        for text in figure.findobj(Text):
            text.set_alpha(0)
        if ax.get_legend() is not None:
            ax.get_legend().set_visible(False)
        figure.set_dpi(FINE * DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        raw = np.asarray(canvas.buffer_rgba())
    rows, columns = (size // FINE for size in raw.shape[:2])
    inside = raw[: rows * FINE, : columns * FINE, :3].astype(np.float64)
    return inside.reshape(rows, FINE, columns, FINE, 3).mean(axis=(1, 3))


def words(ax):
    """Everything that is written in a figure but for the numbers of its ticks."""
    found = [text.get_text() for text in visible_texts(ax)]
    return [text for text in found if not NUMBER.fullmatch(text)]


def baseline(name):
    """The picture of a key figure as it was when someone looked at it."""
    return 255.0 * imread(FOLDER / f"{name}.png")[..., :3]


def root_mean_square(picture, other):
    """Of the differences of two pictures of one size, in levels of 256."""
    assert picture.shape == other.shape, f"{picture.shape}, was {other.shape}"
    return float(np.sqrt(np.mean((picture - other) ** 2)))


def write():
    """Draw all key figures anew."""
    FOLDER.mkdir(exist_ok=True)
    texts = {}
    for name, draw in KEY.items():
        texts[name] = words(draw())
        picture = np.round(pixels(draw())).astype(np.uint8)
        imsave(FOLDER / f"{name}.png", picture, metadata={"Software": None})
    content = json.dumps(texts, indent=1, ensure_ascii=False) + "\n"
    TEXTS.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
