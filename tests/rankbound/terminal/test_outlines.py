from hypothesis import given
from hypothesis import strategies as st

from rankbound.terminal.console import MOST_LINES, WIDTH, outline, short


@given(st.text(), st.lists(st.text(), max_size=30))
def test_any_text_becomes_few_short_printable_lines(title, lines):
    made = outline(title, lines).split("\n")
    assert len(made) == min(len(lines) + 1, MOST_LINES)
    assert all(len(line) <= WIDTH and line.isprintable() for line in made)


@given(st.text(min_size=1), st.integers(3, 50))
def test_both_ends_of_a_long_text_stay(text, width):
    made = short(text, width)
    assert len(made) <= width
    if text.isprintable() and len(text) > width:
        assert text.startswith(made.split("…", maxsplit=1)[0][: width // 2])
        assert made[-1] == text[-1]


def test_what_is_left_out_is_counted():
    lines = [f"line {i}" for i in range(12)]
    made = outline("title", lines).splitlines()
    assert made[-2:] == ["  line 9", "  and 2 more lines"]
    assert outline("title", lines[:11]).splitlines()[-1] == "  line 10"
