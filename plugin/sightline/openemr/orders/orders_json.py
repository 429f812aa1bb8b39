"""Orders, held messages and the map of codes as the orders page gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic.alias_generators import to_camel

from sightline.state.held_messages import HeldMessage
from sightline.state.order import ImagingOrder
from sightline.state.order_codes import OrderCode
from sightline.web.services import Services

_SHOWN = (
    "accession_number", "placer_order_number", "line", "code", "code_text", "sender", "patient_id", "patient_name",
    "birth_date", "sex", "requester", "priority", "modality", "station_aet", "station_name", "description",
)  # fmt: skip


def orders_json(services: Services, orders: Sequence[ImagingOrder]) -> list[dict[str, Any]]:
    """Return orders with the studies that answer them, or that should but do not fit."""
    studies = services.orders.studies_of([order.accession_number for order in orders])
    return [
        {to_camel(name): getattr(order, name) for name in _SHOWN}
        | {
            "status": order.status.value,
            "scheduled": order.scheduled.isoformat() if order.scheduled else None,
            "received": order.received.isoformat(),
            "changed": order.changed.isoformat(),
            "studies": [
                {"uid": study.study_instance_uid, "problem": study.problem}
                for study in studies.get(order.accession_number, ())
            ],
        }
        for order in orders
    ]


def held_json(held: HeldMessage) -> dict[str, Any]:
    """Return a held message; its text in whatever character set it is, line by line."""
    text = held.content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return {
        "id": held.id,
        "source": held.source,
        "name": held.name,
        "code": held.code,
        "reason": held.reason,
        "received": held.received.isoformat(),
        "text": text[:20_000],
    }


def code_json(code: OrderCode) -> dict[str, Any]:
    """Return a row of the map."""
    return {to_camel(name): value for name, value in asdict(code).items()}


def counts_json(services: Services) -> dict[str, int]:
    """Return how many orders are in each state, and how many messages are held."""
    return services.orders.counts() | {"held": services.orders.held.count()}


def ways_json(services: Services) -> list[str]:
    """Return the ways by which orders come in here: ``folder``, ``sftp``, ``mllp``, ``fhir``."""
    options = services.configuration.orders
    ways = {
        "folder": options.folder.path, "sftp": options.folder.sftp.url, "mllp": options.mllp.port,
        "fhir": options.fhir.poll_seconds,
    }  # fmt: skip
    return [name for name, is_on in ways.items() if is_on]
