"""Query parameters of rendered volumes (PS3.18 section 8.3.5.3): read, checked, and made cameras of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from werkzeug.datastructures import MultiDict

from sightline.dicomweb.rendered_parameters import number
from sightline.errors import BadRequestError
from sightline.kernels.geometry import Vector, VolumeGeometry
from sightline.rendering.camera import SIDES, Camera, along, camera_at, curve_length, middle, swivel, upright
from sightline.rendering.volume_sources import LARGEST_SLAB, PRESETS, Blend, parse_preset

PARAMETERS = {
    "volumeinputreference": "UIDs of a series or of instances that make the volume; for an instance, frame numbers",
    "renderingmethod": "`renderedmpr`: `average_ip` (default), `maximum_ip`, `minimum_ip`; `rendered3d`: "
    "`volume_rendered` (default) and these",
    "orientation": "side of the patient that is seen: `a`, `p`, `r`, `l`, `h`, `f`; by default `f` for `renderedmpr`, "
    "`a` for `rendered3d`; not beside `viewpoint` parameters",
    "viewpointposition": "`x,y,z` in mm; only its direction counts, since projection is parallel",
    "viewpointlookat": "`x,y,z` in mm, the middle of the picture; by default the middle of the volume",
    "viewpointup": "`x,y,z`; by default to the head, or to the front where one looks along the body",
    "mprslab": "thickness in mm, above 0 and up to 1,000, of `renderedmpr`; without it, a cut without thickness",
    "swivelrange": "degrees, above 0 and up to 360: an animation around what is looked at, about the axis of up",
    "volumetriccurvepoint": "`x,y,z` of the points of a curve, in one parameter or several: an animation of "
    "`renderedmpr` along it; one point is where the curve leads to from what is looked at",
    "animationstepsize": "whole degrees (by default 5) or mm (a hundredth of the curve) between two pictures, of at "
    "most 360",
    "animationrate": "whole number of pictures a second, 1 to 100, by default 10",
    "renderedvolumetricmetadata": "`yes`: the Rendered Volume Response Module in place of pictures",
}
"""Those of the standard and what they mean here; `match` stands for keys of searches."""
EXTENSIONS = {"preset": f"colours of `volume_rendered`: {', '.join(f'`{name}`' for name in PRESETS)}"}
"""Those of our own."""
MAXIMUM_STEPS = 360
"""Pictures of an animation."""
DEFAULT_SWIVEL_STEP = 5
"""Degrees."""
DEFAULT_RATE = 10
"""Pictures a second."""
MOST_POINTS = 1000
_STEPS_WHERE_NONE_IS_SAID = 100
_LARGEST_COORDINATE = 1e5
_INTEGER = re.compile(r"[0-9]{1,6}", re.ASCII)


class Resource(Enum):
    """The two kinds of rendered volumes, as Reformatting Operation Type (0072,0510) names them."""

    MPR = "MPR"
    VOLUME = "3D_RENDERING"


class Method(Enum):
    """Rendering Method (0070,120D)."""

    VOLUME_RENDERED = "VOLUME_RENDERED"
    MAXIMUM_IP = "MAXIMUM_IP"
    MINIMUM_IP = "MINIMUM_IP"
    AVERAGE_IP = "AVERAGE_IP"

    @property
    def blend(self) -> Blend:
        """What a projection or a slab does with the values along a ray."""
        return {Method.MAXIMUM_IP: Blend.MAXIMUM, Method.MINIMUM_IP: Blend.MINIMUM}.get(self, Blend.MEAN)


METHODS = {
    Resource.MPR: (Method.AVERAGE_IP, Method.MAXIMUM_IP, Method.MINIMUM_IP),
    Resource.VOLUME: (Method.VOLUME_RENDERED, Method.MAXIMUM_IP, Method.MINIMUM_IP, Method.AVERAGE_IP),
}
"""What each resource understands; the first is the default."""
DEFAULT_SIDES = {Resource.MPR: "f", Resource.VOLUME: "a"}
"""The side of the patient that is seen where nobody says: an axial cut as it is read, or the patient's face."""


@dataclass(frozen=True)
class VolumeRequest:
    """A rendered volume as asked; None is what the server may choose.

    `swivel` is in degrees, `curve` in LPS mm; both None: a single picture. `step` is in degrees or mm.
    """

    resource: Resource
    method: Method
    side: str | None = None
    position: Vector | None = None
    look_at: Vector | None = None
    up: Vector | None = None
    slab: float | None = None
    swivel: float | None = None
    curve: tuple[Vector, ...] = ()
    step: int | None = None
    rate: int = DEFAULT_RATE
    preset: str | None = None
    response_only: bool = False

    @property
    def is_animated(self) -> bool:
        """Whether it is more than one picture."""
        return self.swivel is not None or bool(self.curve)

    def camera(self, geometry: VolumeGeometry) -> Camera:
        """Return where the first picture is taken from, or that in the middle of a swivel. Raises `BadRequestError`."""
        look_at = self.look_at or middle(geometry)
        default = camera_at(self.side or DEFAULT_SIDES[self.resource], look_at)
        position = self.position or default.position
        if self.up is not None:
            return Camera(position, look_at, self.up)
        if self.position is None:
            return default
        x, y, z = (a - b for a, b in zip(look_at, position, strict=True))
        return Camera(position, look_at, upright((x, y, z)))

    def path(self, camera: Camera) -> tuple[Vector, ...]:
        """Return the curve; one point of it is where it leads to from what the camera looks at."""
        return (camera.look_at, *self.curve) if len(self.curve) == 1 else self.curve

    def step_size(self, camera: Camera) -> int:
        """Return degrees or mm between two pictures of an animation."""
        if self.step is not None:
            return self.step
        if self.swivel is not None:
            return DEFAULT_SWIVEL_STEP if self.swivel >= DEFAULT_SWIVEL_STEP else 1
        return max(1, math.ceil(curve_length(self.path(camera)) / _STEPS_WHERE_NONE_IS_SAID))

    def cameras(self, camera: Camera) -> list[Camera]:
        """Return the camera of every picture.

        Raises
        ------
        BadRequestError
            There would be too many, or a step goes beyond the range.
        """
        if not self.is_animated:
            return [camera]
        step, path = self.step_size(camera), self.path(camera)
        length = curve_length(path) if self.swivel is None else self.swivel
        name = "volumetriccurvepoint" if self.swivel is None else "swivelrange"
        if length < 1:
            raise BadRequestError(f"'{name}' goes over less than one step.", f"bad-{name}")
        if step > length or length / step >= MAXIMUM_STEPS + 0.5:
            raise BadRequestError(
                f"'animationstepsize' makes {length / step:.3g} pictures of this; 1 to {MAXIMUM_STEPS} can be.",
                "bad-animationstepsize",
            )
        return swivel(camera, self.swivel, step) if self.swivel is not None else along(camera, path, step)


def parse_volume_request(parameters: MultiDict[str, str], resource: Resource) -> VolumeRequest:
    """Read the query parameters.

    Raises
    ------
    BadRequestError
        A value is not what the standard allows, or means nothing for this resource; the sentence names the parameter.
    """
    asked = VolumeRequest(
        resource=resource,
        method=_method(parameters, resource),
        side=_side(parameters),
        position=_vector(parameters, "viewpointposition"),
        look_at=_vector(parameters, "viewpointlookat"),
        up=_vector(parameters, "viewpointup"),
        slab=_real(parameters, "mprslab", LARGEST_SLAB),
        swivel=_real(parameters, "swivelrange", 360),
        curve=_curve(parameters),
        step=_integer(parameters, "animationstepsize", 10_000),
        rate=_integer(parameters, "animationrate", 100) or DEFAULT_RATE,
        preset=parse_preset(parameters["preset"]) if "preset" in parameters else None,
        response_only=_flag(parameters, "renderedvolumetricmetadata"),
    )
    _refuse_contradictions(parameters, asked)
    return asked


def _refuse_contradictions(parameters: Mapping[str, str], asked: VolumeRequest) -> None:
    viewpoints = [name for name in PARAMETERS if name.startswith("viewpoint") and name in parameters]
    is_3d, is_rendered = asked.resource is Resource.VOLUME, asked.method is Method.VOLUME_RENDERED
    wrong = {
        "orientation": (asked.side and viewpoints, "stands instead of 'viewpoint…' parameters, not beside them"),
        "mprslab": (asked.slab and is_3d, "is for 'renderedmpr'; here the whole volume is shown"),
        "volumetriccurvepoint": (asked.curve and is_3d, "is for 'renderedmpr'; in parallel projection nothing flies"),
        "swivelrange": (asked.swivel and asked.curve, "and 'volumetriccurvepoint' are two different animations"),
        "animationstepsize": (asked.step and not asked.is_animated, _NOTHING_MOVES),
        "animationrate": ("animationrate" in parameters and not asked.is_animated, _NOTHING_MOVES),
        "preset": (asked.preset and not is_rendered, "is for the rendering method volume_rendered"),
        "annotation": ("annotation" in parameters, "is for pictures of frames; nothing is written into volumes"),
        "window": ("window" in parameters and is_rendered, "is not for volume_rendered, whose 'preset' says it all"),
    }
    for name, (is_wrong, why) in wrong.items():
        if is_wrong:
            raise BadRequestError(f"'{name}' {why}.", f"bad-{name}")


_NOTHING_MOVES = "is for animations, which 'swivelrange' or 'volumetriccurvepoint' make"


def _method(parameters: Mapping[str, str], resource: Resource) -> Method:
    known = {method.value.lower(): method for method in METHODS[resource]}
    text = parameters.get("renderingmethod", METHODS[resource][0].value.lower())
    if text not in known:
        raise BadRequestError(f"'renderingmethod' is one of {', '.join(known)}.", "bad-renderingmethod")
    return known[text]


def _side(parameters: Mapping[str, str]) -> str | None:
    text = parameters.get("orientation")
    if text is not None and text not in SIDES:
        raise BadRequestError(f"'orientation' is one of {', '.join(SIDES)}.", "bad-orientation")
    return text


def _vector(parameters: Mapping[str, str], name: str) -> Vector | None:
    if name not in parameters:
        return None
    vectors = _vectors(parameters[name])
    if len(vectors) != 1:
        raise BadRequestError(f"'{name}' is x,y,z: three numbers in the patient's coordinates.", f"bad-{name}")
    return vectors[0]


def _vectors(text: str) -> tuple[Vector, ...]:
    """Read triples of coordinates; none if that is not what the text is."""
    try:
        values = [number(part) for part in text.split(",")]
    except ValueError:
        return ()
    if len(values) % 3 or not all(abs(value) <= _LARGEST_COORDINATE for value in values):
        return ()
    return tuple((values[k], values[k + 1], values[k + 2]) for k in range(0, len(values), 3))


def _curve(parameters: MultiDict[str, str]) -> tuple[Vector, ...]:
    """Read the points of a curve: of one parameter, with commas, or of several."""
    given: Sequence[tuple[Vector, ...]] = [_vectors(text) for text in parameters.getlist("volumetriccurvepoint")]
    points = tuple(point for points in given for point in points)
    if not all(given) or len(points) > MOST_POINTS:
        raise BadRequestError(
            f"'volumetriccurvepoint' is x,y,z for each of at most {MOST_POINTS} points, in the patient's coordinates.",
            "bad-volumetriccurvepoint",
        )
    return points


def _real(parameters: Mapping[str, str], name: str, largest: float) -> float | None:
    if name not in parameters:
        return None
    try:
        value = number(parameters[name])
    except ValueError:
        value = math.nan
    if not 0 < value <= largest:
        raise BadRequestError(f"'{name}' is a number above 0 and up to {largest:g}.", f"bad-{name}")
    return value


def _integer(parameters: Mapping[str, str], name: str, largest: int) -> int | None:
    if name not in parameters:
        return None
    text = parameters[name]
    if not _INTEGER.fullmatch(text) or not 1 <= int(text) <= largest:
        raise BadRequestError(f"'{name}' is a whole number from 1 to {largest}.", f"bad-{name}")
    return int(text)


def _flag(parameters: Mapping[str, str], name: str) -> bool:
    if parameters.get(name, "yes") != "yes":
        raise BadRequestError(f"'{name}' is yes, or absent.", f"bad-{name}")
    return name in parameters
