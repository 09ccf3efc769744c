"""A headless browser, and a person before it: what they press and what they see."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from selenium.common.exceptions import JavascriptException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains

from gabarito.core.page_words import Words

TEXTS = """(() => {
  const HEARD = ["aria-label", "placeholder", "title", "data-label"];
  const texts = [document.title], others = "script, template, noscript, [lang=en]";
  const {SHOW_ELEMENT, SHOW_TEXT, FILTER_REJECT, FILTER_ACCEPT} = NodeFilter;
  const walk = document.createTreeWalker(document.body, SHOW_ELEMENT | SHOW_TEXT,
    (node) => node.matches?.(others) ? FILTER_REJECT : FILTER_ACCEPT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    else for (const name of HEARD) texts.push(node.getAttribute(name) ?? "");
  }
  return texts.map((text) => text.trim()).filter(Boolean);
})()"""


class Browser:
    """Chromium on one page at a time."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(
        self,
        address: str,
        width: int = 1280,
        scheme: str = "light",
        languages: tuple[str, ...] = ("en-GB",),
    ) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        agent = {"userAgent": "tests", "acceptLanguage": ",".join(languages)}
        self.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", agent)
        self.driver.get("about:blank")
        self.driver.get(address)

    def value(self, script: str) -> Any:  # noqa: ANN401  # whatever JavaScript gives
        """Return what a JavaScript expression is."""
        try:
            return self.driver.execute_script(f"return {script}")
        except JavascriptException as error:
            pytest.fail(f"{script}: {error.msg}")

    def texts(self) -> list[str]:
        """Return what stands on the page to be read or heard, piece by piece."""
        found = self.value(TEXTS)
        assert isinstance(found, list)
        return [str(text) for text in found]

    def log(self) -> list[object]:
        """Return what the console holds."""
        driver: Any = self.driver  # its ``get_log`` has no types
        return list(driver.get_log("browser"))


@dataclass
class Person:
    """Presses keys and reads a page."""

    browser: Browser

    def press(self, *keys: str) -> None:
        for one in keys:
            ActionChains(self.browser.driver).send_keys(one).perform()

    def text(self, selector: str) -> str:
        script = f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"
        return str(self.browser.value(script))

    def sees(self, selector: str, text: str) -> None:
        """Wait until a text stands there."""
        wait_for(lambda: text in self.text(selector), f"{selector}: {text}")


def said_in_english(words: Mapping[str, Words], texts: Iterable[str]) -> list[str]:
    """Return the texts that are English words of a page, whatever the values in them."""
    patterns = {
        language: [pattern_of(text) for text in words[language].values()] for language in words
    }

    def is_said(text: str, language: str) -> bool:
        return any(re.fullmatch(pattern, text) for pattern in patterns[language])

    return [text for text in texts if is_said(text, "en") and not is_said(text, "pt")]


def pattern_of(text: str) -> str:
    parts = re.split(r"\{\w+\}", text)
    return ".*".join(map(re.escape, parts)) if any(part.strip() for part in parts) else "(?!)"


def wait_for(is_so: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"it did not happen: {what}"
        time.sleep(0.05)
