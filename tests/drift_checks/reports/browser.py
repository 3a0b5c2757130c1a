"""A headless Chromium, driven by the WebDriver protocol that its ChromeDriver speaks."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Without the last few, a browser on a machine without a network asks for its maker's hosts over and over.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ENTER, ESCAPE = "\ue007", "\ue00c"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One session with one window.

    Args:
        url: Of the session.
    """

    def __init__(self, url: str, session: requests.Session) -> None:
        self._url = url
        self._session = session

    def open(self, path: Path, anchor: str = "") -> None:
        """Open a file."""
        self._post("url", url=path.as_uri() + anchor)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function body returns; the page's own policy does not bind the driver."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def click(self, selector: str) -> None:
        """Click as a user does: what is covered or hidden refuses."""
        found = self._post("element", using="css selector", value=selector)
        self._post(f"element/{found[_ELEMENT]}/click")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def count(self, selector: str) -> int:
        """How many elements of that kind are shown."""
        script = "return [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility()).length"
        return int(self.run(script, selector))

    def errors(self) -> list[str]:
        """What the page complained of."""
        entries = self._post("se/log", type="browser")
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def _post(self, command: str, **body: Any) -> Any:
        return _value(self._session.post(f"{self._url}/{command}", json=body, timeout=60))


def _value(response: requests.Response) -> Any:
    value = response.json()["value"]
    assert response.ok, value
    return value


def missing() -> str:
    """What is missing for a browser on this machine; "" where nothing is."""
    if shutil.which("chromedriver") is None:
        return "no ChromeDriver on this machine"
    if not any(map(shutil.which, _BROWSERS)):
        return "no Chromium on this machine"
    return ""


@contextlib.contextmanager
def browser(folder: Path, *, dark: bool = False) -> Iterator[Browser]:
    """A browser with a profile of its own in an empty folder."""
    program = next(found for found in map(shutil.which, _BROWSERS) if found)
    # Its own home too: a browser keeps more than its profile.
    driver = subprocess.Popen(
        ["chromedriver", "--port=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"HOME": str(folder)},
    )
    try:
        assert driver.stdout is not None
        ports = (re.search(r"started successfully on port (\d+)", line) for line in driver.stdout)
        port = next(found[1] for found in ports if found is not None)
        with requests.Session() as session:
            session.trust_env = False
            flags = [*_FLAGS, f"--user-data-dir={folder / 'profile'}", *(["--force-dark-mode"] if dark else [])]
            options = {"binary": program, "args": flags}
            asked: dict[str, Any] = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            sessions = f"http://127.0.0.1:{port}/session"
            started = _value(session.post(sessions, json={"capabilities": {"alwaysMatch": asked}}, timeout=60))
            url = f"{sessions}/{started['sessionId']}"
            try:
                yield Browser(url, session)
            finally:
                session.delete(url, timeout=60)
    finally:
        driver.terminate()
        driver.communicate(timeout=60)
