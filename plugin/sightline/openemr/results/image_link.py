"""The address in a report that opens its study: without a login for a while, or with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sightline.access.grant import Grant, Permission, Verb
from sightline.state.report import SignedReport
from sightline.web.services import Services

_MAKER = Grant("sightline:results", (Permission(frozenset({Verb.SHARE})),), name="Sightline")


class ImageLink:
    """Makes the address when it is first wanted: what is never sent needs no link."""

    def __init__(self, services: Services, report: SignedReport) -> None:
        self._services = services
        self._report = report
        self._address = ""
        self._link_id = ""
        self._is_kept = False

    def address(self) -> str:
        """Return the address."""
        if not self._address:
            hours = self._services.configuration.results.link_hours
            self._address = self._open_link(hours) if hours else self._plain()
        return self._address

    def keep(self) -> None:
        """Have it stay, whatever follows: from now on the receiver may have it."""
        self._is_kept = True

    def revoke(self) -> None:
        """Take the link back, if one was made that nobody can have got."""
        if self._link_id and not self._is_kept:
            self._services.links.revoke(_MAKER, self._link_id)

    def _plain(self) -> str:
        """Return an address that asks for a login (IHE RAD-106)."""
        study = self._report.study_instance_uid
        return f"{_base(self._services)}/sightline/iid?requestType=STUDY&studyUID={study}"

    def _open_link(self, hours: float) -> str:
        link, secret = self._services.links.create(
            _MAKER,
            self._report.study_instance_uid,
            frozenset({Verb.VIEW}),
            self._services.clock() + timedelta(hours=hours),
            purpose="image link in a report",
            patient_id=self._report.patient_id,
        )
        self._link_id = link.id
        return self._services.links.url(link.id, secret)


@contextmanager
def image_link(services: Services, report: SignedReport) -> Iterator[ImageLink]:
    """Give a report's link, which is taken back where the report was not sent."""
    link = ImageLink(services, report)
    try:
        yield link
    except BaseException:
        link.revoke()
        raise


def _base(services: Services) -> str:
    return services.configuration.public_url or services.public_url
