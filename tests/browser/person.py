"""A headless browser, and a person before it: what they press and what they see."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from selenium.common.exceptions import JavascriptException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains


class Browser:
    """Chromium on one page at a time."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str, width: int = 1280, scheme: str = "light") -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get("about:blank")
        self.driver.get(address)

    def value(self, script: str) -> Any:  # noqa: ANN401  # whatever JavaScript gives
        """Return what a JavaScript expression is."""
        try:
            return self.driver.execute_script(f"return {script}")
        except JavascriptException as error:
            pytest.fail(f"{script}: {error.msg}")

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


def wait_for(is_so: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"it did not happen: {what}"
        time.sleep(0.05)
