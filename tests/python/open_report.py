"""Opens reports in a headless Chromium, as a reader would, and fails on whatever should not be.

    python open_report.py REPORT.html...

Needs selenium, chromium and chromedriver. Of each page it checks: no message in the console, no request that leaves the page, nothing
that ran from a name or a text; tables that sort by click and by key, and filter; names for every picture; headings in order; no page
wider than its window, and contrast of 4.5 or more, at 390 and 1280 pixels in light and dark. Last, that the page's policy would have
stopped a script and a request.
"""

import json
import pathlib
import shutil
import sys

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# An outlet that the rows behind the pages must have.
HOSTILE = "<script>alert(1)</script>"

BEFORE = """
window.__ran = []; window.__violations = [];
for (const name of ["alert", "confirm", "prompt"]) window[name] = (text) => window.__ran.push(`${name} ${text}`);
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

# WCAG 2.2, 1.4.3: the least contrast of each text with what is painted below it, tints included.
CONTRAST = """
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n.slice(0, 3), 1] : n; };
const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]).concat(1);
const background = (element) => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    const colour = parse(getComputedStyle(one).backgroundColor);
    layers.push(colour);
    if (colour[3] === 1) break;
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
const light = (c) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
const poor = [];
let n = 0;
for (const element of document.querySelectorAll("body *")) {
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
  if (["SCRIPT", "TITLE", "DESC", "title", "desc"].includes(element.tagName) || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const below = background(element);
  const ink = over(parse(element.tagName === "text" ? style.fill : style.color), below);
  const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
  n += 1;
  if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${element.tagName} ${element.textContent.trim().slice(0, 40)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
}
return [n, poor.slice(0, 10)];
"""


def browser():
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"]:
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE})
    return driver


def look(driver, width, scheme):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
    )
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def check_quiet(driver, url):
    messages = [entry["message"] for entry in driver.get_log("browser")]
    assert not messages, f"the console says {messages}"
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
        assert message["method"] != "Page.javascriptDialogOpening", "a dialog opened"
    asked = [one.split("#")[0] for one in asked if not one.startswith("data:")]
    assert set(asked) <= {url}, f"requests left the page: {asked}"
    assert driver.execute_script("return window.__ran") == [], "something ran"
    assert driver.execute_script("return window.__violations") == [], "the policy was violated"
    assert driver.execute_script("return document.scripts.length") == 1, "a script came in"
    handlers = "return [...document.querySelectorAll('*')].filter((e) => e.getAttributeNames().some((n) => n.startsWith('on'))).length"
    assert driver.execute_script(handlers) == 0, "an element has a handler attribute"
    assert driver.execute_script("return document.querySelectorAll('img, iframe, object, embed').length") == 0


def check_layout(driver):
    driver.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in [390, 1280]:
        for scheme in ["light", "dark"]:
            look(driver, width, scheme)
            wide, window = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
            assert wide <= window, f"the page is {wide} wide in a window of {window}, {scheme}"
            n, poor = driver.execute_script(CONTRAST)
            assert n > 50 and not poor, f"contrast below 4.5 at {width}, {scheme}: {poor}"
    look(driver, 1280, "light")


def check_structure(driver):
    unnamed = """
    const named = (id) => document.getElementById(id)?.textContent.trim();
    return [...document.querySelectorAll("svg, img, [role=region], section, nav")].filter((one) =>
      !(one.getAttribute("aria-label") || (one.getAttribute("aria-labelledby") ?? "").split(" ").every(named))).length;
    """
    assert driver.execute_script(unnamed) == 0, "a picture or region has no name"
    ids = driver.execute_script("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)), f"ids stand twice: {sorted(one for one in set(ids) if ids.count(one) > 1)}"
    levels = driver.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:])), "a heading skips a level"
    bare = "return [...document.querySelectorAll('table')].filter((t) => !t.caption || t.querySelector('th:not([scope])')).length"
    assert driver.execute_script(bare) == 0, "a table lacks a caption or a scope"
    unlabelled = "return [...document.querySelectorAll('input, select')].filter((one) => !one.labels.length).length"
    assert driver.execute_script(unlabelled) == 0, "a control has no label"
    links = "return [...document.querySelectorAll('a')].filter((a) => !document.querySelector(a.getAttribute('href'))).length"
    assert driver.execute_script(links) == 0, "a link leads nowhere"


def number(text):
    return float(text.replace("−", "-").replace(",", "").split()[0].rstrip("%").lstrip("<+"))


def cells(table, column):
    script = """return [...arguments[0].tBodies[0].rows].filter((row) => !row.hidden)
      .map((row) => row.cells[arguments[1]].textContent.trim())"""
    return table.parent.execute_script(script, table, column)


def check_table(driver):
    table = driver.find_element(By.CSS_SELECTOR, "#outlets-table table")
    names = cells(table, 0)
    assert HOSTILE in names, f"{HOSTILE} does not stand as text"
    header = table.find_elements(By.CSS_SELECTOR, "thead th")[1]
    button = header.find_element(By.TAG_NAME, "button")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    assert header.get_attribute("aria-sort") == "ascending"
    numbers = [number(text) for text in cells(table, 1)]
    assert numbers == sorted(numbers), "by number, not by digit"
    # Back to names by key: the other column loses its mark.
    first = table.find_elements(By.CSS_SELECTOR, "thead th")[0]
    first.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert first.get_attribute("aria-sort") == "ascending" and header.get_attribute("aria-sort") is None
    assert sorted(cells(table, 0)) == sorted(names)
    up = cells(table, 0)
    first.find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
    assert first.get_attribute("aria-sort") == "descending" and cells(table, 0) == up[::-1]


def check_shares(driver):
    """Percent with an interval behind them, over a thousand, and dashes."""
    part = driver.find_element(By.ID, "shares-table")
    table = part.find_element(By.TAG_NAME, "table")
    driver.execute_script("arguments[0].scrollIntoView({block: 'start'})", part)
    for column in [3, 4]:
        button = table.find_elements(By.CSS_SELECTOR, "thead th")[column].find_element(By.TAG_NAME, "button")
        for falling in [False, True]:
            button.send_keys(Keys.ENTER)
            values = cells(table, column)
            given = [number(text) for text in values if text != "–"]
            assert given == sorted(given, reverse=falling), f"column {column}"
            assert all(text == "–" for text in values[len(given) :]), "what has no value comes last"
    if not part.find_elements(By.TAG_NAME, "input"):
        return
    every = len(cells(table, 0))
    status = part.find_element(By.TAG_NAME, "output")
    select = part.find_element(By.TAG_NAME, "select")
    option = select.find_elements(By.TAG_NAME, "option")[1]
    option.click()
    assert set(cells(table, 1)) == {option.text} and len(cells(table, 0)) < every
    select.find_elements(By.TAG_NAME, "option")[0].click()
    name = cells(table, 0)[0]
    field = part.find_element(By.TAG_NAME, "input")
    field.send_keys(name)
    left = cells(table, 0)
    assert 0 < len(left) < every and all(words_in(name, text) for text in left), left
    assert status.text == f"{len(left)} of {every} rows" and status.get_attribute("aria-live") == "polite"
    field.clear()
    field.send_keys("no such row anywhere")
    assert cells(table, 0) == [] and status.text == f"0 of {every} rows"
    field.clear()
    field.send_keys(" ")
    assert len(cells(table, 0)) == every


def words_in(name, text):
    return all(word in text.lower() for word in name.lower().split())


def check_policy(driver):
    """That nothing ran so far could be luck: try what the policy forbids."""
    driver.execute_script("""
      const script = document.createElement("script");
      script.textContent = "window.__ran.push('inline')";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src='x' onerror=\\"window.__ran.push('handler')\\">");
    """)
    fetched = driver.execute_async_script("fetch(location.href).then(() => arguments[0](true), () => arguments[0](false))")
    assert not fetched and driver.execute_script("return window.__ran") == []
    assert len(driver.execute_script("return window.__violations")) >= 2


def main(paths):
    driver = browser()
    try:
        for path in paths:
            url = pathlib.Path(path).resolve().as_uri()
            look(driver, 1280, "light")
            driver.get_log("performance")
            driver.get(url)
            check_structure(driver)
            check_layout(driver)
            check_table(driver)
            check_shares(driver)
            check_quiet(driver, url)
            check_policy(driver)
            driver.get_log("browser")
            print(f"{path}: as it should be")
    finally:
        driver.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
