"""Measure the review page: from the command to the first fact, a key, a search; the page to read.

The browser is Chromium by its driver; beside the time that passed stand the processor's seconds of
the server, or of the browser. The facts are made here: each has four wordings and a statement.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from tests.browser.conftest import CHROMIUM, DRIVER, FLAGS
from tests.reviewed import Reviewed

SHOWN = "return document.querySelector('.over')?.innerText ?? ''"


def wait_for(driver: webdriver.Chrome, text: str) -> None:
    """Wait until the page shows a text above the fact."""
    end = time.monotonic() + 120
    while text not in driver.execute_script(SHOWN):
        if time.monotonic() > end:
            raise click.ClickException(f"the page never showed {text!r}")
        time.sleep(0.005)


def cpu_seconds(process: int) -> float:
    """Return what a process has used of the processors."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_browser(driver: webdriver.Chrome) -> float:
    """Return what the browser and all that it started have used of the processors."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    tree = {driver.service.process.pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(cpu_seconds(process) for process in tree)


@contextmanager
def timed(driver: webdriver.Chrome, what: str, server: int) -> Iterator[None]:
    """Print how long the block takes, and what browser and server used meanwhile."""

    def now() -> tuple[float, float, float]:
        return time.monotonic(), of_browser(driver), cpu_seconds(server) if server else 0.0

    before = now()
    yield
    took, browser, served = (after - first for after, first in zip(now(), before, strict=True))
    used = f"browser {browser:.2f} CPU-s, server {served:.2f}"
    click.echo(f"  {what}: {took:.2f} s ({used})")


def in_browser(driver: webdriver.Chrome, address: str, count: int, server: int = 0) -> None:
    """Print how long the first fact, a key and a search take."""
    with timed(driver, "first fact after opening the address", server):
        driver.get(address)
        wait_for(driver, f"Fact 1 of {count}")
    with timed(driver, "100 facts by key", server):
        for _ in range(100):
            ActionChains(driver).send_keys("j").perform()
        wait_for(driver, "Fact 101 ")
    for words in (f"charge {count + 2}", f"toll {count + 1}"):
        with timed(driver, f"search {words!r}", server):
            ActionChains(driver).send_keys("/", words, Keys.ENTER).perform()
            wait_for(driver, " of 1 ·")


@click.command()
@click.option("--facts", default=10_000, show_default=True)
def main(facts: int) -> None:
    """Make a run of so many facts, and look at it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = Reviewed(folder, facts)
        made.publish()
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={folder}/profile"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            live(driver, folder, facts)
            to_read(driver, folder, facts)
        finally:
            driver.quit()


def command(folder: Path, *more: str) -> list[str]:
    """Return the command on the run in a folder."""
    where = ["review", str(folder / "pipeline.yaml"), "--store", str(folder / "store")]
    return [sys.executable, "-m", "gabarito", *where, *more]


def live(driver: webdriver.Chrome, folder: Path, facts: int) -> None:
    """Measure the server."""
    began = time.monotonic()
    to = ("--to", str(folder / "corrections.jsonl"))
    with subprocess.Popen(command(folder, *to), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        line = next(line for line in iter(server.stdout.readline, "") if "http://" in line)
        took, used = time.monotonic() - began, cpu_seconds(server.pid)
        click.echo(f"{facts} facts: address printed after {took:.2f} s ({used:.2f} CPU-s)")
        address = re.findall(r"http://\S+", line)[0]
        in_browser(driver, address, facts, server.pid)
        server.terminate()
        server.communicate()


def to_read(driver: webdriver.Chrome, folder: Path, facts: int) -> None:
    """Measure the page that needs no server."""
    page = folder / "facts.html"
    began = time.monotonic()
    subprocess.run(command(folder, "--read-only", "--to", str(page)), check=True)
    size = page.stat().st_size / 2**20
    click.echo(f"page to read: written in {time.monotonic() - began:.2f} s, {size:.1f} MiB")
    in_browser(driver, page.as_uri(), facts)


if __name__ == "__main__":
    main()
