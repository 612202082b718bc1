"""What a reader finds on a page, without unfolding anything."""

import re
from collections import Counter

# The text that is shown, a line for each block, without tables, pictures, commands
LINES = """() => {
  const copy = document.querySelector("main").cloneNode(true);
  const other = "table, svg, code, .knobs, [hidden], select, details > :not(summary)";
  copy.querySelectorAll(other).forEach((one) => one.remove());
  document.body.append(copy);
  const text = copy.innerText;
  copy.remove();
  return text.split("\\n").map((line) => line.trim()).filter(Boolean);
}"""
MOST_WORDS, MOST_SHEETS = 4_000, 12


def check_words(page):
    """Assert that the page is short, and that no sentence stands on it twice."""
    words = page.evaluate("document.body.innerText").split()
    assert len(words) <= MOST_WORDS
    lines = page.evaluate(LINES)
    assert len(lines) > 10
    several = [line for line in lines if len(line.split()) >= 5]
    twice = {line for line, count in Counter(several).items() if count > 1}
    assert not twice


def sheets(page):
    """How many sheets of paper the page takes."""
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))


def check_certificates(page, ledgers):
    """Assert that the explorer begins with the certificates, and has no other numbers.

    `ledgers` are the JSON files by the names of their folders.
    """
    names = page.locator("#setting option").all_inner_texts()
    answer = page.locator("#answer")
    found = 0
    for place, name in enumerate(names):
        folder, _, student = name.rpartition(" / ")
        if folder not in ledgers:
            continue
        entry = ledgers[folder]["students"][student]
        page.locator("#setting").select_option(str(place))
        said = answer.inner_text()
        assert f"Upper limit {entry['upper']:.4f} nats" in said
        bound = float(answer.get_attribute("data-bound"))
        assert abs(bound - entry["upper"]) <= 1e-12
        if entry["n_needed"] is not None and entry["method"] == "betting":
            assert f"from n = {entry['n_needed']:,} on" in said
        found += 1
    assert found
    page.locator("#setting").select_option("1")
