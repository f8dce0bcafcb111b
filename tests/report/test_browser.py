"""The page in a real browser, on a simulated study, the built-in cohort and 34 real PET lesions.

No request leaves it, no error, every section, sort and search work, anyone can use it.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed (pip install -e .[dev])")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="chromium and chromedriver are not installed (Debian: chromium, chromium-driver)",
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--window-size=1280,900",
)  # fmt: skip
SECTIONS = {
    "done": "What was done",
    "strength": "The perturbations",
    "stability": "Stability",
    "drift": "Drift of the model",
    "survival": "Time to event",
    "remedies": "Remedies",
    "survival_remedies": "Remedies for the time to event",
    "safeguards": "Safeguards",
    "failures": "Failures and skips",
    "methods": "Methods text",
    "checklists": "Checklists",
    "provenance": "Provenance",
    "references": "References",
}
PARTS = {
    "done": ["Conditions", "Cases"],
    "stability": ["By feature class", "Dose and response", "Variance components", "Every feature"],
    "drift": ["Performance", "Decisions", "Calibration", "Single patients", "Trained here, tested there"],
    "remedies": ["E3 new site", "E1 paired", "E4 null"],
    "provenance": ["The command that makes it again", "Extraction settings"],
    "references": ["Dictionary"],
}
STUDIES = {"simulated": (), "demo": (pytest.mark.slow,), "pet": (pytest.mark.real_data,)}
PHONE = 390
PATIENCE = 600  # seconds for axe on the largest section of a busy machine


def of_studies(**marks: tuple[pytest.MarkDecorator, ...]) -> pytest.MarkDecorator:
    """Run a test on every study, each with its own marks or these."""
    chosen = [pytest.param(name, marks=marks.get(name, own)) for name, own in STUDIES.items()]
    return pytest.mark.parametrize("shown", chosen, indirect=True)


everywhere = of_studies()
everywhere_slowly = of_studies(simulated=(pytest.mark.slow,))


class Shown(NamedTuple):
    """A report to look at: its page, a word to search for and the only feature that has it."""

    page: Path
    search: str
    feature: str
    lacks: tuple[str, ...]


@pytest.fixture(scope="module")
def shown(request: pytest.FixtureRequest) -> Shown:
    name = request.param
    folder = request.getfixturevalue({"simulated": "reported"}.get(name, f"{name}_study"))
    page = folder / "report" / "report.html"
    lacks = tuple(
        name for name in ("survival", "survival_remedies") if not (folder / f"drift/{name}.csv").is_file()
    )
    return Shown(page, "original_glcm idm", "original_glcm_Idm", lacks)


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
    driver.command_executor.client_config.timeout = PATIENCE + 20
    driver.set_script_timeout(PATIENCE)
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: Any, shown: Shown) -> Any:
    look(browser, "light", 1280)
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(shown.page.as_uri())
    return browser


def look(browser: Any, scheme: str, width: int, media: str = "screen") -> None:
    """Be a screen of this width in light or dark, or paper."""
    preference = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [preference]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requests_of(browser: Any) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if not url.startswith(("data:", "chrome:", "about:"))]


@everywhere
def test_no_request_leaves_the_page_and_no_error_is_logged(opened: Any, shown: Shown) -> None:
    assert requests_of(opened) == [shown.page.as_uri()]
    assert [entry for entry in opened.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}] == []


@everywhere
def test_every_section_is_there_in_its_order_with_its_heading_and_its_parts(
    opened: Any, shown: Shown
) -> None:
    expected = {k: v for k, v in SECTIONS.items() if k not in shown.lacks}
    found = opened.execute_script(
        "return Array.from(document.querySelectorAll('main > section')).map(s =>"
        " [s.id, s.offsetHeight > 0 ? s.querySelector('h2').innerText : '',"
        "  Array.from(s.querySelectorAll('h3')).filter(h => h.offsetHeight).map(h => h.innerText),"
        "  s.querySelectorAll('table, figure, p, li').length])"
    )
    assert [(name, title) for name, title, _, _ in found] == list(expected.items())
    assert all(count for _, _, _, count in found)
    parts = {name: heads for name, _, heads, _ in found}
    for name, heads in PARTS.items():
        assert [head for head in heads if head not in parts[name]] == [], name
    listed = opened.execute_script(
        "return Array.from(document.querySelectorAll('nav a')).map(a => [a.hash.slice(1), a.innerText])"
    )
    assert [tuple(entry) for entry in listed] == [("verdict", "Verdict"), *expected.items()]
    topics = opened.execute_script(
        "return Array.from(document.querySelectorAll('.verdict .topic')).map(t => t.innerText)"
    )
    assert {"Features", "Signal", "Model", "Volume", "Remedy"} <= set(topics)


@everywhere
def test_a_click_on_a_heading_sorts_by_value_both_ways(opened: Any) -> None:
    column = """return Array.from(document.querySelectorAll('#table-features tbody tr'))
        .map(r => r.cells[2].textContent).filter(t => /\\d/.test(t))
        .map(t => parseFloat(t.replace('\u2212', '-')));"""
    button = opened.find_elements("css selector", "#table-features thead button")[2]
    opened.execute_script("arguments[0].click()", button)
    rising = opened.execute_script(column)
    assert len(set(rising)) > 1
    assert rising == sorted(rising)
    assert opened.find_elements("css selector", "#table-features th[aria-sort=ascending]")
    opened.execute_script("arguments[0].click()", button)
    assert opened.execute_script(column) == sorted(rising, reverse=True)


@everywhere
def test_search_leaves_the_rows_that_hold_every_word(opened: Any, shown: Shown) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    box = opened.find_element("css selector", "[data-search=table-features]")
    box.send_keys(shown.search)
    rows = (
        "return Array.from(document.querySelectorAll('#table-features tbody tr')).filter(r => !r.hidden)"
        ".map(r => r.cells[0].textContent)"
    )
    told = opened.find_element("css selector", "[data-count=table-features]")
    WebDriverWait(opened, 10).until(
        lambda _: " of " in told.text and box.get_property("value") == shown.search
    )
    names = opened.execute_script(rows)
    assert shown.feature in names
    assert all("original_glcm" in name and "idm" in name.lower() for name in names)
    assert told.text.startswith(f"{len(names)} of ")
    across = opened.execute_script(
        "const row = document.querySelector('#table-features tbody tr');"
        "return row.cells[0].textContent.trim() + row.cells[1].textContent.trim()"
    )
    for nowhere in ("nothing is called so", across):
        box.clear()
        box.send_keys(nowhere)
        WebDriverWait(opened, 10).until(lambda _, typed=nowhere: box.get_property("value") == typed)
        assert opened.execute_script(rows) == []


@everywhere
def test_every_link_button_and_scrolling_table_is_reached_by_keyboard(opened: Any) -> None:
    unreached = opened.execute_script(
        "return Array.from(document.querySelectorAll('a, button, summary, input, .scroll'))"
        ".filter(e => e.offsetParent && e.tabIndex < 0).map(e => e.outerHTML.slice(0, 80))"
    )
    assert unreached == []


@everywhere
@pytest.mark.parametrize("width", [1280, PHONE])
def test_nothing_is_wider_than_the_screen_and_every_label_can_be_read(opened: Any, width: int) -> None:
    look(opened, "light", width)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    small = opened.execute_script(
        "return Array.from(document.querySelectorAll('figure svg')).filter(s => s.getClientRects().length)"
        ".flatMap(s => { const scale = s.getBoundingClientRect().width / s.viewBox.baseVal.width;"
        " return Array.from(s.querySelectorAll('text')).map(t =>"
        "  [s.getAttribute('aria-label').slice(0, 40), t.textContent,"
        "   scale * parseFloat(getComputedStyle(t).fontSize)]); })"
    )
    assert len(small) > 100
    # The labels of a matrix of many conditions are the smallest text of the page.
    assert [entry for entry in small if entry[2] < (8 if "training condition" in entry[0] else 9)] == []


@everywhere
def test_on_paper_stands_what_can_be_read_and_nothing_to_click(opened: Any, shown: Shown) -> None:
    look(opened, "light", 700, media="print")
    seen = (
        "return Array.from(document.querySelectorAll(arguments[0]))"
        ".filter(e => e.getClientRects().length).length"
    )
    assert opened.execute_script(seen, "nav, .skip, .tools, .evidence") == 0
    assert opened.execute_script(seen, "main > section > h2") == len(SECTIONS) - len(shown.lacks)
    assert opened.execute_script(seen, "figure .narrow") == 0
    cut = opened.execute_script(
        "return Array.from(document.querySelectorAll('.scroll')).filter(e => getComputedStyle(e).overflowY"
        " !== 'visible').length"
    )
    assert cut == 0


@everywhere
def test_without_script_the_page_shows_everything_and_no_dead_tools(browser: Any, shown: Shown) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(shown.page.as_uri())
        rows = browser.find_elements("css selector", "#table-features tbody tr")
        text = shown.page.read_text(encoding="utf-8")
        table = text[text.index('<table id="table-features"') :]
        assert len(rows) == table[: table.index("</table>")].count("<tr data-row") > 25
        assert rows[-1].is_displayed()
        assert not browser.find_element("css selector", ".tools").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def barriers(
    browser: Any, page: Path, scheme: str, width: int, *, rows: int, drawn: bool = True
) -> list[list[Any]]:
    """Return what axe finds with every fold open and at most ``rows`` rows of each table.

    Section by section, because axe comes to no end with all of them at once.
    """
    found = importlib.util.find_spec("axe_selenium_python")
    if found is None or found.origin is None:
        pytest.skip("axe-selenium-python is not installed (pip install -e .[dev])")
    script = next(Path(found.origin).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    look(browser, scheme, width)
    browser.get(page.as_uri())
    browser.execute_script(
        "document.querySelectorAll('details').forEach(d => d.open = true);"
        "document.querySelectorAll('tbody')"
        ".forEach(b => Array.from(b.rows).slice(arguments[0]).forEach(r => r.remove()));"
        "if (!arguments[1]) document.querySelectorAll('figure svg > *').forEach(e => e.remove());"
        "window.parts = Array.from(document.querySelectorAll('main > header, main > section'))",
        rows,
        drawn,
    )
    browser.execute_script(script)
    problems = []
    for part in range(browser.execute_script("return window.parts.length")):
        browser.execute_script(
            "window.parts.forEach((e, i) =>"
            " i === arguments[0] ? document.querySelector('main').appendChild(e) : e.remove())",
            part,
        )
        problems += browser.execute_async_script(
            "const done = arguments[0], told = v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)];"
            "axe.run(document, {preload: false, resultTypes: ['violations'],"
            " runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})"
            ".then(r => done(r.violations.map(told)), e => done([[String(e)]]));"
        )
    return problems


@pytest.mark.parametrize("shown", ["simulated"], indirect=True)
def test_axe_finds_no_barrier_at_a_quick_look(browser: Any, shown: Shown) -> None:
    assert barriers(browser, shown.page, "light", 1280, rows=3, drawn=False) == []


@everywhere_slowly
def test_axe_finds_no_barrier_in_the_whole_page(browser: Any, shown: Shown) -> None:
    assert barriers(browser, shown.page, "light", 1280, rows=10**6) == []


@everywhere_slowly
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", PHONE), ("dark", PHONE)])
def test_axe_finds_no_barrier_in_the_dark_or_on_a_phone(
    browser: Any, shown: Shown, scheme: str, width: int
) -> None:
    assert barriers(browser, shown.page, scheme, width, rows=25) == []


@pytest.mark.parametrize("shown", ["simulated"], indirect=True)
def test_axe_would_find_a_barrier(browser: Any, shown: Shown, tmp_path: Path) -> None:
    page = tmp_path / "pale.html"
    text = shown.page.read_text(encoding="utf-8")
    page.write_text(text.replace("</style>", "figcaption { color: #ccc !important; }</style>"))
    found = barriers(browser, page, "light", 1280, rows=1, drawn=False)
    assert {problem[0] for problem in found} == {"color-contrast"}
