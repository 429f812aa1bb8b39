"""Transfer functions to begin with. Each row says where its numbers come from."""

from __future__ import annotations

from sightline.kernels.transfer import Colour, Light, Point, TransferFunction

_IVORY: Colour = (1.0, 0.95, 0.85)
_AMBER: Colour = (0.9, 0.7, 0.5)
_WHITE: Colour = (1.0, 1.0, 1.0)
_RED: Colour = (0.85, 0.2, 0.15)
_FLESH: Colour = (0.75, 0.35, 0.3)
_SKIN: Colour = (0.95, 0.75, 0.63)
_FAT: Colour = (0.95, 0.85, 0.55)
_AIR: Colour = (0.55, 0.7, 0.85)
_GREY: Colour = (0.6, 0.6, 0.6)
_MATT = Light(ambient=0.25, diffuse=0.75, surface=40.0)
_GLOSSY = Light(ambient=0.2, diffuse=0.7, specular=0.15, power=12.0, surface=40.0)

PRESETS: dict[str, TransferFunction] = {
    "bone": TransferFunction(
        (Point(150, 0.0, _AMBER), Point(450, 0.5, _IVORY), Point(1500, 0.9, _WHITE)),
        _GLOSSY,
        "HU: trabecular bone from 150, cortical bone above 450",
    ),
    "vessels": TransferFunction(
        (
            Point(120, 0.0, _RED),
            Point(220, 0.25, _RED),
            Point(400, 0.5, (1.0, 0.6, 0.45)),
            Point(700, 0.6, _IVORY),
        ),
        _GLOSSY,
        "HU: blood with contrast medium, 200 to 450; unenhanced blood is at 40 to 60",
    ),
    "lung": TransferFunction(
        (Point(-950, 0.0, _AIR), Point(-800, 0.004, _AIR), Point(-600, 0.03, _FLESH), Point(-400, 0.0, _FLESH)),
        _MATT,
        "HU: aerated lung -900 to -700, its vessels and walls up to -400",
    ),
    "skin": TransferFunction(
        (Point(-400, 0.0, _SKIN), Point(-150, 0.8, _SKIN), Point(200, 0.9, _SKIN)),
        _GLOSSY,
        "HU: the step from air at -1000 to fat at -100",
    ),
    "muscle": TransferFunction(
        (
            Point(-120, 0.0, _FAT),
            Point(-60, 0.002, _FAT),
            Point(10, 0.03, _FLESH),
            Point(80, 0.15, _FLESH),
            Point(250, 0.3, _IVORY),
        ),
        _MATT,
        "HU: fat -120 to -60, muscle 10 to 80, bone above 200",
    ),
    "mr": TransferFunction(
        (Point(0.15, 0.0, _GREY), Point(0.4, 0.03, _GREY), Point(0.8, 0.2, _WHITE), Point(1.0, 0.3, _WHITE)),
        Light(ambient=0.3, diffuse=0.7, surface=0.02),
        "parts of the range of values, which has no unit: place it with `stretched`; noise of air lies below 0.15",
    ),
}
"""By name. All but "mr" are over Hounsfield units."""
