"""The page in a real browser: no request leaves it, no error, sort and search work, anyone can use it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed (pip install -e .[dev])")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="chromium and chromedriver are not installed (Debian: chromium, chromium-driver)",
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,900",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_page_load_timeout(120)
    driver.set_script_timeout(240)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def opened(browser: Any, reported: Path) -> Any:
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get((reported / "report" / "report.html").as_uri())
    return browser


def requests_of(browser: Any) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if not url.startswith(("data:", "chrome:", "about:"))]


def test_no_request_leaves_the_page_and_no_error_is_logged(opened: Any, reported: Path) -> None:
    assert requests_of(opened) == [(reported / "report" / "report.html").as_uri()]
    assert [entry for entry in opened.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}] == []


def test_a_click_on_a_heading_sorts_by_value_both_ways(opened: Any) -> None:
    column = """return Array.from(document.querySelectorAll('#table-features tbody tr'))
        .map(r => r.cells[2].textContent).filter(t => /\\d/.test(t))
        .map(t => parseFloat(t.replace('\u2212', '-')));"""
    button = opened.find_elements("css selector", "#table-features thead button")[2]
    opened.execute_script("arguments[0].click()", button)
    rising = opened.execute_script(column)
    assert rising == sorted(rising)
    assert opened.find_elements("css selector", "#table-features th[aria-sort=ascending]")
    opened.execute_script("arguments[0].click()", button)
    assert opened.execute_script(column) == sorted(rising, reverse=True)


def test_search_leaves_the_rows_that_hold_every_word(opened: Any) -> None:
    box = opened.find_element("css selector", "[data-search=table-features]")
    box.send_keys("glcm idm")
    shown = opened.execute_script(
        "return Array.from(document.querySelectorAll('#table-features tbody tr')).filter(r => !r.hidden)"
        ".map(r => r.cells[0].textContent)"
    )
    assert shown == ["original_glcm_Idm"]
    assert opened.find_element("css selector", "[data-count=table-features]").text.startswith("1 of ")
    box.clear()


def test_every_link_button_and_scrolling_table_is_reached_by_keyboard(opened: Any) -> None:
    unreached = opened.execute_script(
        "return Array.from(document.querySelectorAll('a, button, summary, input, .scroll'))"
        ".filter(e => e.offsetParent && e.tabIndex < 0).map(e => e.outerHTML.slice(0, 80))"
    )
    assert unreached == []


def test_without_script_the_page_shows_everything_and_no_dead_tools(browser: Any, reported: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((reported / "report" / "report.html").as_uri())
        rows = browser.find_elements("css selector", "#table-features tbody tr")
        assert len(rows) == 31
        assert not browser.find_element("css selector", ".tools").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        pytest.param("dark", 1280, marks=pytest.mark.slow),
        pytest.param("light", 500, marks=pytest.mark.slow),
        pytest.param("dark", 500, marks=pytest.mark.slow),
    ],
)
def test_axe_finds_no_barrier(browser: Any, reported: Path, scheme: str, width: int) -> None:
    opened = browser
    opened.get((reported / "report" / "report.html").as_uri())
    found = importlib.util.find_spec("axe_selenium_python")
    if found is None or found.origin is None:
        pytest.skip("axe-selenium-python is not installed (pip install -e .[dev])")
    script = next(Path(found.origin).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    media = {"media": "screen", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    opened.set_window_size(width, 900)
    opened.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    # Rows of a table are alike, a picture has one label: a few of each keep the check short.
    opened.execute_script(
        "document.querySelectorAll('tbody')"
        ".forEach(b => Array.from(b.rows).slice(3).forEach(r => r.remove()));"
        "document.querySelectorAll('figure svg > *').forEach(e => e.remove())"
    )
    opened.execute_script(script)
    result = opened.execute_async_script(
        "const done = arguments[0], told = v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)];"
        "axe.run(document, {preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})"
        ".then(r => done(r.violations.map(told)), e => done([String(e)]));"
    )
    assert result == []
