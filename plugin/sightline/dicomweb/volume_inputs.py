"""Which series, and which part of it, a rendered volume is made of (PS3.18 sections 8.3.5.3.1 and 8.3.5.3.2).

Nothing is guessed: an address that stands for several volumes is refused with what would tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.datadict import tag_for_keyword
from werkzeug.datastructures import MultiDict

from sightline.archive.protocol import Level, Query
from sightline.dicomweb.search_candidates import find
from sightline.dicomweb.search_parameters import parse_search
from sightline.errors import BadRequestError, NotFoundError, UnprocessableError
from sightline.kernels.geometry import VolumeGeometry
from sightline.rendering.volume_plan import VolumePlan
from sightline.rendering.volume_sources import MOST_INPUTS, PRESETS, WITHOUT_UNIT, Inputs
from sightline.uids import is_uid
from sightline.web.request import REPEATED_KEYS_LOST, Request
from sightline.web.services import Services

REFERENCE = "volumeinputreference"
_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_FRAMES = re.compile(r"[1-9][0-9]{0,5}(,[1-9][0-9]{0,5})*", re.ASCII)


@dataclass(frozen=True)
class VolumeInput:
    """A series, the part of it that is meant, and the volume that this is."""

    series: str
    inputs: Inputs
    plan: VolumePlan

    @property
    def geometry(self) -> VolumeGeometry:
        """Where the voxels lie."""
        return self.plan.geometry

    @property
    def preset(self) -> str:
        """How the volume is rendered where nobody says: values of CT alone have a meaning of their own."""
        return PRESETS[0] if self.plan.frames[0].instance.modality == "CT" else WITHOUT_UNIT


@dataclass(frozen=True)
class Reference:
    """What the query says of the input: UIDs, or frames of the one instance that is asked for."""

    uids: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()


def parse_reference(parameters: MultiDict[str, str], of_instance: bool) -> Reference:
    """Read ``volumeinputreference``. Raises `BadRequestError`."""
    if REFERENCE not in parameters:
        return Reference()
    text = ",".join(parameters.getlist(REFERENCE))
    if of_instance and _FRAMES.fullmatch(text) and text.count(",") < MOST_INPUTS:
        return Reference(frames=tuple(dict.fromkeys(map(int, text.split(",")))))
    uids = tuple(dict.fromkeys(text.split(",")))
    if of_instance or not all(map(is_uid, uids)) or len(uids) > MOST_INPUTS:
        what = "frame numbers from 1" if of_instance else "UIDs of series or instances"
        raise BadRequestError(
            f"'{REFERENCE}' is {what}, at most {MOST_INPUTS}, with commas between.", f"bad-{REFERENCE}"
        )
    return Reference(uids)


def volume_input(
    request: Request, services: Services, study: str, series: str | None, instance: str | None, reference: Reference
) -> VolumeInput:
    """Return what the volume is made of.

    Raises
    ------
    NotFoundError
        There is no such study, series, instance or frame.
    UnprocessableError
        It is no volume; the sentence says why.
    BadRequestError
        It is several volumes, or a key cannot be compared.
    """
    matched = _matched(request, services, study, series)
    if series is None:
        return _of_study(request, services, study, reference.uids, matched)
    if instance is not None:
        services.archive.instance(request.grant, study, series, instance)
    listed = (instance,) if instance is not None else reference.uids if reference.uids != (series,) else ()
    inputs = _both(listed, None if matched is None else matched.get(series, ()))
    return _input(request, services, study, series, replace(inputs, frames=reference.frames))


def _of_study(
    request: Request, services: Services, study: str, uids: Sequence[str], matched: dict[str, tuple[str, ...]] | None
) -> VolumeInput:
    """Return the one series of a study that is a volume, or is made one by what was named."""
    page = services.archive.search(request.grant, Query(Level.SERIES, study_instance_uid=study))
    known = [row["SeriesInstanceUID"] for row in page.rows]
    if not known:
        raise NotFoundError("There is no such study.")
    named = [uid for uid in known if uid in uids]
    instances = tuple(uid for uid in uids if uid not in named)
    if named and instances:
        raise BadRequestError(f"'{REFERENCE}' names series or instances, not both.", f"bad-{REFERENCE}")
    candidates = [uid for uid in (named or known) if matched is None or uid in matched]
    found, refusals = [], []
    for series in candidates:
        try:
            inputs = _both(instances, None if matched is None else matched[series])
            found.append(_input(request, services, study, series, inputs))
        except (NotFoundError, UnprocessableError) as error:
            refusals.append(error)
    if len(found) > 1:
        raise BadRequestError(
            f"{len(found)} series of this study are volumes; please name one of them as '{REFERENCE}': "
            f"{', '.join(item.series for item in found[:20])}.",
            f"bad-{REFERENCE}",
        )
    if not found:
        raise _best(refusals)
    return found[0]


def _best(refusals: Sequence[NotFoundError | UnprocessableError]) -> NotFoundError | UnprocessableError:
    """Return the refusal to tell: what is there and no volume says more than what is not there."""
    there = [error for error in refusals if isinstance(error, UnprocessableError)]
    if len(there) < 2:
        return (there or refusals)[0]
    return UnprocessableError("No series of this study is a volume.", "no-volume")


def _input(request: Request, services: Services, study: str, series: str, inputs: Inputs) -> VolumeInput:
    return VolumeInput(series, inputs, services.engine.volume_plan(request.grant, study, series, inputs))


def _both(listed: Sequence[str], matched: Sequence[str] | None) -> Inputs:
    """Return the instances that are listed, if any, and match, if there is anything to match."""
    if matched is None:
        return Inputs(tuple(listed))
    chosen = tuple(uid for uid in matched if uid in listed or not listed)
    if not chosen:
        raise NotFoundError("No instance has these attributes.")
    return Inputs(chosen)


def _matched(request: Request, services: Services, study: str, series: str | None) -> dict[str, tuple[str, ...]] | None:
    """Return the instances of each series that have the attributes which the query names; None if it names none."""
    keys = MultiDict(
        (name, value)
        for name, value in request.args.items(multi=True)
        if tag_for_keyword(name.partition(".")[0]) is not None or _TAG.fullmatch(name.partition(".")[0])
    )
    if not keys:
        return None
    lost = bool(request.environ.get(REPEATED_KEYS_LOST))
    search = parse_search(keys, Level.INSTANCE, study, series, repeated_keys_are_lost=lost)
    if search.warnings:
        raise BadRequestError(search.warnings[0], "bad-match")
    found = find(request.grant, services, search)
    if found.more or found.warnings:
        raise BadRequestError("These attributes match more instances than can be compared at once.", "bad-match")
    instances: dict[str, list[str]] = {}
    for row in found.rows:
        instances.setdefault(row.get("SeriesInstanceUID") or series or "", []).append(row["SOPInstanceUID"])
    if not instances:
        raise NotFoundError("No instance has these attributes.")
    return {uid: tuple(sorted(uids)) for uid, uids in instances.items()}
