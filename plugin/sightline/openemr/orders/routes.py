"""The orders page of administrators: what is ordered, what could not be read, and the map of codes."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from sightline.access.grant import Verb
from sightline.errors import BadRequestError, NotFoundError
from sightline.openemr.orders.orders_json import code_json, counts_json, held_json, orders_json, ways_json
from sightline.openemr.orders.retry import try_again
from sightline.state.order import OrderStatus
from sightline.state.order_codes import OrderCode
from sightline.state.orders import NEEDS_MODALITY
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

PAGE = 100
LARGEST_BODY = 8192
_STATES = frozenset({"", NEEDS_MODALITY, *OrderStatus})
_NAME = r"^[^\\*?\x00-\x1f\x7f]*$"


Model = TypeVar("Model", bound=BaseModel)


class _Asked(BaseModel):
    """What is searched for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: str = ""
    text: Annotated[str, StringConstraints(max_length=64, strip_whitespace=True)] = ""
    offset: int = Field(0, ge=0, le=1_000_000)


class _Row(BaseModel):
    """A row of the map of codes."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    sender: Annotated[str, StringConstraints(max_length=255)] = ""
    code: Annotated[str, StringConstraints(max_length=64)] = ""
    modality: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,15}$")]
    station_aet: Annotated[str, StringConstraints(max_length=16, pattern=_NAME, strip_whitespace=True)] = ""
    station_name: Annotated[str, StringConstraints(max_length=16, pattern=_NAME, strip_whitespace=True)] = ""
    description: Annotated[str, StringConstraints(max_length=64, pattern=_NAME, strip_whitespace=True)] = ""


class _Key(BaseModel):
    """Which row of the map."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sender: str = ""
    code: str = ""


def orders_page(request: Request, services: Services) -> Response:
    """Send the page."""
    data = {"user": request.grant.name, "ways": ways_json(services), "counts": counts_json(services)}
    return page(request, services, "orders", {"data": data})


def search_orders(request: Request, services: Services) -> Response:
    """Answer with orders in a state, or that have a text in number or name; names stay out of addresses."""
    asked = _read(request, _Asked)
    if asked.state not in _STATES:
        raise BadRequestError(f"'state' is one of {', '.join(sorted(filter(None, _STATES)))}, or empty.")
    found = services.orders.search(asked.state, asked.text, PAGE + 1, asked.offset)
    value = {
        "orders": orders_json(services, found[:PAGE]),
        "more": len(found) > PAGE,
        "counts": counts_json(services),
    }
    return answer_json(value)


def held_messages(_request: Request, services: Services) -> Response:
    """Answer with what could not be read, newest first."""
    return answer_json({"held": [held_json(one) for one in services.orders.held.open()]})


def again(_request: Request, services: Services, message: str) -> Response:
    """Try a held message once more, and say what became of it."""
    taken = try_again(services, services.orders.held.get(_identifier(message)))
    return answer_json({"isTaken": not taken.is_held, "orders": taken.accession_numbers, "reason": taken.reason})


def dismiss(_request: Request, services: Services, message: str) -> Response:
    """Put a held message aside: 204. What it says is kept, but nobody is shown it any more."""
    held = services.orders.held
    held.settle(held.get(_identifier(message)).id)
    return Response(status=204)


def codes(_request: Request, services: Services) -> Response:
    """Answer with the map of codes, and with those that orders wait for."""
    rows = [code_json(row) for row in services.orders.codes.read().rows]
    waiting = [
        {"sender": sender, "code": code, "text": text, "orders": count}
        for sender, code, text, count in services.orders.unmapped()
    ]
    return answer_json({"codes": rows, "waiting": waiting})


def put_code(request: Request, services: Services) -> Response:
    """Keep a row of the map, and map what is scheduled again."""
    row = _read(request, _Row)
    services.orders.codes.put(OrderCode(**row.model_dump()))
    return answer_json({"waiting": services.orders.map_again()})


def remove_code(request: Request, services: Services) -> Response:
    """Take a row out of the map, and map what is scheduled again."""
    key = _read(request, _Key)
    services.orders.codes.remove(key.sender, key.code)
    return answer_json({"waiting": services.orders.map_again()})


_ORDERS = "/sightline/api/orders"

ROUTES = (
    Route("GET", "/sightline/orders", orders_page, Verb.ADMINISTER, "Orders page", audit="search"),
    Route(
        "POST", _ORDERS, search_orders, Verb.ADMINISTER, "Orders by state, number or name",
        audit="search", max_body=LARGEST_BODY,
    ),
    Route("GET", f"{_ORDERS}/held", held_messages, Verb.ADMINISTER, "Messages that could not be read", audit="search"),
    Route("POST", f"{_ORDERS}/held/<message>/again", again, Verb.ADMINISTER, "Try one once more", audit="store"),
    Route("POST", f"{_ORDERS}/held/<message>/dismiss", dismiss, Verb.ADMINISTER, "Put one aside", audit="delete"),
    Route("GET", f"{_ORDERS}/codes", codes, Verb.ADMINISTER, "Map of codes to modalities"),
    Route(
        "PUT", f"{_ORDERS}/codes", put_code, Verb.ADMINISTER, "Add or change a row of the map",
        audit="store", max_body=LARGEST_BODY,
    ),
    Route(
        "POST", f"{_ORDERS}/codes/removal", remove_code, Verb.ADMINISTER, "Take a row out of the map",
        audit="delete", max_body=LARGEST_BODY,
    ),
)  # fmt: skip


def _read(request: Request, model: type[Model]) -> Model:
    try:
        return model.model_validate(read_json(request, LARGEST_BODY))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "body"
        raise BadRequestError(f"'{where}': {problem['msg'][0].lower()}{problem['msg'][1:]}.") from None


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f-]{36}", text):
        raise NotFoundError("This message is not held any more.", "message-unknown")
    return text
