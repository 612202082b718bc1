"""What must hold of every drawing: no text over text or cut, data kept, same bytes."""

import csv
import io
import itertools

from matplotlib.text import Text

from rankbound.figures.output import csv_text, data_of, rendered


def visible_texts(ax):
    """Boxes of all texts that are shown in the figure of some axes."""
    figure = ax.get_figure(root=True)
    figure.draw_without_rendering()
    shown = [
        t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()
    ]
    ticks = [
        label
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
    ]
    low, high = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    inside = []
    for text in shown:
        if text in ticks:
            x, y = text.get_position()
            of_x = any(text in (t.label1, t.label2) for t in ax.xaxis.get_major_ticks())
            place, limits = (x, low) if of_x else (y, high)
            if not limits[0] <= place <= limits[1]:
                continue
        inside.append(text)
    return {text: text.get_window_extent() for text in inside}


def check_texts(ax):
    """Assert that no text is cut by the figure's edges or lies over another one."""
    boxes = visible_texts(ax)
    page = ax.get_figure(root=True).bbox
    for text, box in boxes.items():
        cut = (box.x0 < -1, box.y0 < -1, box.x1 > page.x1 + 1, box.y1 > page.y1 + 1)
        assert not any(cut), f"{text.get_text()!r} is cut"
    numbers = ax.get_xticklabels()
    for (one, first), (two, second) in itertools.combinations(boxes.items(), 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        # Numbers side by side need a gap, or they read as one
        least = -2 if one in numbers and two in numbers else 1
        over = width > least and height > 1.5
        assert not over, f"{one.get_text()!r} lies over {two.get_text()!r}"


def check_legend(ax):
    """Assert that the legend, if there is one, is not higher than the axes."""
    if ax.get_legend() is None:
        return
    ax.get_figure(root=True).draw_without_rendering()
    legend, axes = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert legend.height <= 1.05 * axes.height, "the legend is higher than the axes"


def check_drawing(ax):
    """Assert everything that a figure for a paper must have."""
    check_texts(ax)
    check_legend(ax)
    assert ax.get_xlabel() or ax.get_ylabel()
    assert not ax.get_title()
    rows = list(csv.reader(io.StringIO(csv_text(ax))))
    assert len(rows) > 1
    assert rows[0] == [*data_of(ax)]
    for extension in ("pdf", "png", "svg"):
        content = rendered(ax, extension)
        assert content == rendered(ax, extension)
        assert b"/Type3" not in content
