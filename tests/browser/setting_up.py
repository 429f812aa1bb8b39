"""The administrator's way from a clean start to a connected EHR: by what the set-up page prints, and nothing else."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from deploy.orthanc_configuration import merged
from sightline.openemr.setup.plan import SECRET_TO_COME
from tests.browser.people import fill_in_login
from tests.support.openemr.server import FakeOpenEmr
from tests.support.orthanc_server import OrthancServer

_log = logging.getLogger("sightline.tests")

UNUSED = {"Chart documents"}
"""Legs that this site does not set up: the account that the page prints may look patients up, and no more."""


@dataclass
class Stopwatch:
    """How long each step of a way takes; the log says it, too (``--log-cli-level=INFO``)."""

    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def lap(self, step: str) -> None:
        """The step has ended, and the next one begins."""
        self.seconds[step] = time.monotonic() - self.begun - self.total
        _log.info("%6.2f s, in all %6.2f s: %s", self.seconds[step], self.total, step)

    @property
    def total(self) -> float:
        """Seconds of all steps that have ended."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Office:
    """Where the administrator sits: a browser, a shell on the server, and OpenEMR's administration.

    Parameters
    ----------
    page : Page
        Nobody is logged in.
    url : str
        Address of the archive.
    server : OrthancServer
        It runs, and knows of no EHR.
    emr : FakeOpenEmr
    authority : str
        File of the authority of both certificates.
    orders, results : Path
        Folders that both sites see.
    """

    page: Page
    url: str
    server: OrthancServer
    emr: FakeOpenEmr
    authority: str
    orders: Path
    results: Path

    def connect(self, watch: Stopwatch, further: Mapping[str, Any]) -> None:
        """Go the whole way; `further` are options that the page does not print, for tests that cannot wait."""
        self.open_page()
        watch.lap("log in and open the set-up page")
        self.check({"Frame", "Configuration"})
        watch.lap("check the address")
        self.choose()
        watch.lap("choose the number and the folders")
        launching, asking = self.register("Register Sightline"), self.register("Register the client for orders")
        watch.lap("register and enable both clients")
        section = self.printed(launching["client_id"], asking["client_id"])
        text = section.replace(SECRET_TO_COME, launching["client_secret"])
        self.restart(json.loads(text), further)
        watch.lap("take the configuration and restart Orthanc")
        self.page.goto(f"{self.url}/sightline/setup")
        self.check(set())
        self.self_test()
        watch.lap("check again and run the self-test")

    def open_page(self) -> None:
        """Log in, and go where the manual says."""
        self.page.goto(f"{self.url}/")
        fill_in_login(self.page)
        self.page.get_by_role("button", name="Site").click()
        self.page.get_by_role("menuitem", name="Connect an EHR").click()
        self.page.wait_for_url("**/sightline/setup")

    def check(self, missing: set[str]) -> None:
        """Have OpenEMR looked at: all is well but what is not configured yet. What is configured is there already."""
        address, authority = self.page.get_by_label("Address of OpenEMR"), self.page.get_by_label("File of that")
        if missing:
            address.fill(self.emr.url)
            self.page.get_by_text("certificate is of an authority of our own").click()
            authority.fill(self.authority)
        expect(address).not_to_be_empty()
        expect(authority).to_have_value(self.authority)
        self.page.get_by_role("button", name="Check", exact=True).click()
        expect(self.page.get_by_text(self.emr.fhir, exact=True)).to_be_visible()
        states = outcomes(self.page.locator("#address .checked"))
        assert {title for title, (word, _) in states.items() if word != "good"} == missing, states

    def choose(self) -> None:
        """Decide for the number that people see, and name the folders."""
        self.page.get_by_label("the number that people see in OpenEMR").check()
        self.page.get_by_label("Folder of orders").fill(str(self.orders))
        self.page.get_by_label("Folder of reports").fill(str(self.results))
        for label, value in (("Orders Path", self.orders), ("Results Path", self.results)):
            expect(self.page.get_by_role("row", name=label)).to_contain_text(str(value))

    def register(self, title: str) -> dict[str, str]:
        """Run the line that is printed, as it is printed, and enable the client."""
        line = self.block(title).inner_text()
        environment = os.environ | {"CURL_CA_BUNDLE": self.authority}
        done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        answer: dict[str, str] = json.loads(done.stdout)
        assert "client_id" in answer, answer
        client = self.emr.clients[answer["client_id"]]
        assert not client.is_enabled
        client.is_enabled = True  # what the administrator does under API Clients
        return answer

    def printed(self, launching: str, asking: str) -> str:
        """Return the section that is printed, once it has both clients' ids."""
        self.page.get_by_label("client_id", exact=True).fill(launching)
        self.page.get_by_label("client_id of the client for orders").fill(asking)
        block = self.block("Section of Orthanc\u2019s configuration")
        for client in (launching, asking):
            expect(block).to_contain_text(client)
        return block.inner_text()

    def restart(self, section: Mapping[str, Any], further: Mapping[str, Any]) -> None:
        """Merge it into Orthanc's configuration file, and restart Orthanc on what it has stored."""
        self.server.stop()
        self.server.configuration = merged(merged(self.server.configuration, section), further)
        self.server.start()

    def self_test(self) -> None:
        """Run all tests: each passes, or says why there is nothing to try."""
        self.page.get_by_role("button", name="Run the self-test").click()
        expect(self.page.get_by_role("button", name="Run it again")).to_be_enabled()
        found = outcomes(self.page.locator("#test .checked"))
        assert len(found) > len(UNUSED), found
        assert {title for title, (word, _) in found.items() if word == "to be mended"} == set(), found
        skipped = {title: text for title, (word, text) in found.items() if word != "good"}
        assert set(skipped) == UNUSED, found
        assert all("Not set up" in text for text in skipped.values()), skipped

    def block(self, title: str) -> Locator:
        """Return a text that is to be taken elsewhere."""
        return self.page.get_by_role("group", name=title)


def outcomes(rows: Locator) -> dict[str, tuple[str, str]]:
    """Return what is said of each check or test: its title -> the word for how it went, and all of it."""
    found = {}
    for row in rows.all():
        title, word = row.locator("strong").inner_text(), row.locator(".checked-word").inner_text()
        found[title] = (word.strip(), row.inner_text())
    return found
