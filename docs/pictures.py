"""Redraw the pictures of the tutorial from the folder in which it was followed.

    python docs/pictures.py FOLDER

Needs Chromium, its driver and selenium for the first screen.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

IMAGES = Path(__file__).parent / "images"
REPORT = Path("study") / "report"
SCREEN = (1200, 820)
# Picture: the file of the tutorial that it shows, and how wide it stands in the page.
SHOWN = {
    "tutorial_preview.png": (Path("preview.png"), 1100),
    "tutorial_heatmap.png": (REPORT / "figures" / "heatmap.png", 1000),
    "tutorial_drift.png": (REPORT / "figures" / "drift_auc.png", 1100),
}


def main() -> None:
    """Write all four."""
    folder = Path(sys.argv[1])
    for name, (source, width) in SHOWN.items():
        write(Image.open(folder / source), IMAGES / name, width)
    with tempfile.TemporaryDirectory() as temporary:
        shot = Path(temporary) / "screen.png"
        take(folder / REPORT / "report.html", shot)
        write(Image.open(shot), IMAGES / "tutorial_first_screen.png", SCREEN[0])


def write(picture: Image.Image, path: Path, width: int) -> None:
    """Write ``picture`` at this width with few colors, so that all of them stay small."""
    height = round(picture.height * width / picture.width)
    small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    small.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def take(page: Path, path: Path) -> None:
    """Write the first screen of a page."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    try:
        size = {"width": SCREEN[0], "height": SCREEN[1], "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.resolve().as_uri())
        browser.save_screenshot(str(path))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
