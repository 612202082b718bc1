"""Take the README's picture of a page: ``python -m docs.picture REPORT.html OUT.png``.

The picture is the first screen at 1280 x 900 pixels. Needs chromium and playwright.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.optional import started_browser


def main(page: str, out: str) -> None:
    """Open a page and write its first screen."""
    with sync_playwright() as driver:
        browser = started_browser(driver)
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        view.goto(Path(page).resolve().as_uri())
        taken = view.screenshot()
        browser.close()
    # A third of the size in 128 colours, as fewer change those of the figures
    Image.open(io.BytesIO(taken)).quantize(128).save(out, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
