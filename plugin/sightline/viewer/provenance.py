"""Where a picture comes from, as JSON at the picture's own address with ``.json`` after its path.

An address of its own rather than a header `Accept`: a picture and what is said of it are two things with two ETags,
nothing that keeps one can give it for the other, and a person can open it in the browser's address bar.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from sightline.errors import UnprocessableError
from sightline.rendering.engine import PreparedView
from sightline.rendering.files import file_argument
from sightline.rendering.fusion import Fusion
from sightline.rendering.picture import Picture
from sightline.rendering.pool import Buffer
from sightline.rendering.provenance import Provenance, ValueSteps
from sightline.rendering.view import PictureFormat, View
from sightline.viewer.series_json import window_json
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services


def frame_provenance(
    request: Request, services: Services, study: str, series: str, instance: str, frame: int
) -> Response:
    """Say where the picture of one stored frame comes from."""
    return send_provenance(request, services, View.parse((study, series, instance, str(frame)), request.args))


def plane_provenance(request: Request, services: Services, study: str, series: str, plane: str, index: int) -> Response:
    """Say where the picture of one plane through the volume comes from."""
    return send_provenance(request, services, View.parse((study, series, plane, str(index)), request.args))


def volume_provenance(request: Request, services: Services, study: str, series: str, kind: str, plane: str) -> Response:
    """Say where the picture of a cut, a projection or a rendering of the volume comes from."""
    return send_provenance(request, services, View.parse((study, series, kind, plane), request.args))


def send_provenance(request: Request, services: Services, view: View) -> Response:
    """Send what a picture was made of and how, or 304 where the client has it."""
    wanted = [view, replace(view, picture_format=PictureFormat.PNG)]
    prepared, exact = (services.engine.prepare(request.grant, [each])[0] for each in wanted)
    etag = sha256(f"provenance {prepared.etag}".encode()).hexdigest()[:32]
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = answer_json(_account(request, services, prepared, exact))
    response.set_etag(etag)
    return response


def _account(request: Request, services: Services, prepared: PreparedView, exact: PreparedView) -> dict[str, Any]:
    """Make the picture, and measure it against `exact`, the same one in a format that loses nothing."""
    picture = services.engine.render_prepared(request.grant, prepared)
    provenance = picture.provenance
    if provenance is None:
        raise UnprocessableError("Nothing is known of how this picture was made.", "no-provenance")
    buffers: list[Buffer] = []
    if provenance.encoding_lossy:
        other = services.engine.render_prepared(request.grant, exact)
        buffers = [picture.content, other.content]
    source = provenance.sources[0]
    record = next(each for each in prepared.records if each.sop_instance_uid == source.sop_instance_uid)
    arguments = {
        "pictures": [0, 1] if buffers else None,
        "file": file_argument(services.archive.source(request.grant, record), buffers),
        "frame": source.frame,
    }
    measured = services.engine.run("sightline.rendering.accounts:measure", arguments, buffers).values
    return account_json(prepared.view, picture, provenance, measured)


def account_json(view: View, picture: Picture, provenance: Provenance, measured: dict[str, Any]) -> dict[str, Any]:
    """Return all that is known of a picture.

    Parameters
    ----------
    view : View
    picture : Picture
    provenance : Provenance
        Of the picture.
    measured : dict
        What `sightline.rendering.accounts.measure` replied.

    Returns
    -------
    dict
        ``digest`` is that of the bytes at ``view``. ``sources`` names ``count`` stored frames, of many the first and
        the last, and likewise of the series in ``fusion``. ``samples`` is None for what is to be looked at, else says
        that a sample is a stored value plus ``bias``. ``stored`` is what was lost before it was stored, ``encoding``
        what the picture's format lost: ``maximumError`` is by how much of 255 any sample differs from what was encoded.
        ``hidden`` names what the view left out of what the file wants shown.
    """
    state = provenance.presentation
    return {
        "view": view.path(),
        "mediaType": picture.media_type,
        "columns": picture.columns,
        "rows": picture.rows,
        "bytes": len(picture.content),
        "digest": {"sha-256": picture.digest.hex()},
        "pixelSpacing": picture.pixel_spacing,
        "sources": {
            "study": view.study_instance_uid,
            "series": view.series_instance_uid,
            "count": provenance.source_count,
            "frames": [[source.sop_instance_uid, source.frame] for source in provenance.sources],
        },
        **_steps_json(provenance.steps, measured),
        "filter": provenance.look.filter,
        "colourMap": provenance.look.colour_map,
        "fusion": _fusion_json(provenance.fusion) if provenance.fusion else None,
        "hidden": [name for name in ("overlays", "shutter") if not getattr(provenance.look, name)],
        "presentationState": [state.series_instance_uid, state.sop_instance_uid] if state else None,
        "interpolation": list(provenance.interpolation),
        "samples": None if provenance.bias is None else {"are": "stored values", "bias": provenance.bias},
        "stored": {
            "lossy": provenance.stored_lossy,
            "ratios": measured["ratios"],
            "methods": measured["methods"],
        },
        "encoding": {"lossy": provenance.encoding_lossy, "maximumError": measured["maximum_error"]},
    }


def _fusion_json(fusion: Fusion) -> dict[str, Any]:
    """Return what was laid over, and how."""
    return {
        "series": fusion.series_instance_uid,
        "colourMap": fusion.colour_map,
        "opacity": fusion.opacity,
        "window": window_json(fusion.window) if fusion.window else None,
    }


def _steps_json(steps: ValueSteps, measured: dict[str, Any]) -> dict[str, Any]:
    """Return the modality transform and the VOI, each with what the file calls it."""
    return {
        "modality": {
            "kind": steps.modality,
            "rescale": asdict(steps.rescale) if steps.rescale else None,
            "explanation": measured["modality_lut"] if steps.modality == "lut" else "",
        },
        "voi": {
            "kind": steps.voi,
            "of": steps.voi_origin,
            "window": window_json(steps.window) if steps.window else None,
            "explanation": measured["voi_lut"] if steps.voi == "lut" else steps.explanation,
        },
    }
