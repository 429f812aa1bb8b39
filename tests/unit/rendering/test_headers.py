"""Headers become entries: classic and enhanced objects alike, and nothing is made up."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pydicom.uid import PositronEmissionTomographyImageStorage

from sightline.errors import UnprocessableError
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import (
    Cine,
    FrameEntry,
    Hanging,
    SeriesTable,
    Uptake,
    entry_from_argument,
    in_display_order,
    series_identity,
)
from sightline.rendering.view import VoiFunction, Window
from tests.support.dicom_files import AXIAL, image_file, part_10

PIXELS = np.zeros((2, 3), np.int16)


def read(**attributes: Any) -> FrameEntry:
    (entry,) = read_frames(BytesIO(image_file(PIXELS, **attributes)), "uuid")
    return entry


def test_a_plain_ct_slice() -> None:
    entry = read(
        ImagePositionPatient=(-10.5, 20, 30),
        ImageOrientationPatient=AXIAL,
        PixelSpacing=(0.5, 0.75),
        SliceThickness=2.5,
        InstanceNumber=7,
        RescaleSlope=2,
        RescaleIntercept=-1024,
        RescaleType="HU",
        WindowCenter=(40, -600),
        WindowWidth=(400, 1500),
        WindowCenterWidthExplanation=("SOFT", "LUNG"),
        PixelPaddingValue=-2000,
        FrameOfReferenceUID="1.2.3",
    )
    assert entry.image_position_patient == (-10.5, 20.0, 30.0)
    assert entry.image_orientation_patient == AXIAL
    assert (entry.pixel_spacing, entry.spacing_origin, entry.slice_thickness) == ((0.5, 0.75), "PixelSpacing", 2.5)
    assert (entry.rescale.slope, entry.rescale.intercept, entry.rescale.unit) == (2, -1024, "HU")
    assert [(p.window, p.explanation) for p in entry.windows] == [
        (Window(40, 400), "SOFT"),
        (Window(-600, 1500), "LUNG"),
    ]
    instance = entry.instance
    assert (instance.rows, instance.columns, instance.number_of_frames, instance.modality) == (2, 3, 1, "CT")
    assert (instance.padding, instance.instance_number, instance.file_uuid) == ((-2000, -2000), 7, "uuid")
    assert instance.frame_of_reference_uid == "1.2.3"


def test_slices_that_are_read_alike_are_told_of_alike() -> None:
    told = {"RescaleSlope": 2, "RescaleIntercept": -1024, "PixelPaddingValue": -2000, "StudyInstanceUID": "1.2.3"}
    one = read(**told, SOPInstanceUID="1.2.3.1", InstanceNumber=1, ImagePositionPatient=(0, 0, 1))
    other = read(**told, SOPInstanceUID="1.2.3.2", InstanceNumber=2, ImagePositionPatient=(0, 0, 2))
    assert one.argument != other.argument
    assert one.layout == other.layout != read(**told | {"RescaleSlope": 3}, SOPInstanceUID="1.2.3.1").layout
    assert one.layout != read(**told | {"PixelPaddingValue": 7}, SOPInstanceUID="1.2.3.1").layout
    made = entry_from_argument(other.layout)
    named = {"file_uuid": "uuid", "sop_instance_uid": "1.2.3.2", "instance_number": 2}
    assert made.rescale == other.rescale
    assert replace(made.instance, **named) == replace(other.instance, acquisition_number=None, content_time="")
    assert entry_from_argument(other.argument) == other


def test_what_is_not_said_is_none() -> None:
    entry = read()
    assert entry.image_position_patient is None
    assert entry.image_orientation_patient is None
    assert entry.pixel_spacing is None
    assert entry.spacing_origin == ""
    assert entry.windows == ()
    assert (entry.rescale.slope, entry.rescale.intercept, entry.rescale.unit) == (1, 0, "")
    assert entry.instance.padding is None
    assert entry.instance.frame_time is None
    assert entry.instance.instance_number is None


def test_spacing_at_the_detector_is_named_as_such() -> None:
    entry = read(ImagerPixelSpacing=(0.1, 0.1))
    assert (entry.pixel_spacing, entry.spacing_origin) == ((0.1, 0.1), "ImagerPixelSpacing")
    assert read(PixelSpacing=(0, 0)).pixel_spacing is None


@pytest.mark.parametrize(
    ("function", "widths", "kept"),
    [
        ("LINEAR", (400, 0.5, 0), [400]),
        ("LINEAR_EXACT", (400, 0.5, 0), [400, 0.5]),
        ("SIGMOID", (-1, 5, 5), [5, 5]),
        ("CUBIC", (1, 2, 3), []),
    ],
)
def test_windows_that_are_not_valid_are_left_out(function: str, widths: tuple[float, ...], kept: list[float]) -> None:
    entry = read(WindowCenter=(1, 2, 3), WindowWidth=widths, VOILUTFunction=function)
    assert [preset.window.width for preset in entry.windows] == kept
    assert all(preset.window.function == VoiFunction(function) for preset in entry.windows)


def test_padding_follows_the_signedness_of_the_pixels() -> None:
    assert read(PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1000).instance.padding == (-2000, -1000)
    unsigned = image_file(PIXELS.astype(np.uint16), PixelPaddingValue=63536)
    assert read_frames(BytesIO(unsigned), "u")[0].instance.padding == (63536, 63536)


def test_presentation() -> None:
    assert read(PhotometricInterpretation="MONOCHROME1").instance.is_inverse
    assert read(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE").instance.is_inverse
    assert not read(PresentationLUTShape="IDENTITY").instance.is_inverse


def test_cine_says_its_time() -> None:
    assert read(FrameTime=40).instance.frame_time == 40
    assert read(CineRate=20).instance.frame_time == 50
    assert read(FrameTimeVector=(0, 40, 60)).instance.cine == Cine(50)
    shown_faster = read(FrameTime=40, RecommendedDisplayFrameRate=50, PreferredPlaybackSequencing=1).instance
    assert shown_faster.cine == Cine(40, 50, sweeps=True)
    assert shown_faster.frame_time == 20
    assert read(FrameTime=0, CineRate=0).instance.cine is None


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr", "value", "expected"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", 1000, ("b-value (s/mm2)", "1000")),
        (0x0019, "SIEMENS MR HEADER", 0x0E, "FD", [1.0, 0.0, 0.5], ("diffusion direction", "1 0 0.5")),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", [1000000800, 8, 0, 0], ("b-value (s/mm2)", "800")),
        (0x2001, "Philips Imaging DD 001", 0x03, "FL", 400.0, ("b-value (s/mm2)", "400")),
    ],
)
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_diffusion_is_found_where_scanners_keep_it(
    group: int, creator: str, element: int, vr: str, value: Any, expected: tuple[str, str], syntax: str
) -> None:
    dataset = dcmread(BytesIO(image_file(PIXELS)))
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    (entry,) = read_frames(BytesIO(part_10(dataset, syntax)), "uuid")
    assert expected in entry.dimensions
    dataset.DiffusionBValue = 50.0
    (entry,) = read_frames(BytesIO(part_10(dataset, syntax)), "uuid")
    assert ("b-value (s/mm2)", "50") in entry.dimensions


def test_what_hangs_an_image() -> None:
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator = "399368009", "SCT"
    breast = read(
        ImageLaterality="L", ViewCodeSequence=[view], PresentationIntentType="FOR PRESENTATION",
        EstimatedRadiographicMagnificationFactor="1.5",
    )  # fmt: skip
    assert breast.instance.hanging == Hanging("L", "MLO", "FOR PRESENTATION", magnification=1.5)
    chest = read(ViewPosition="PA", Laterality="U", ContrastBolusAgent="Iodine")
    assert chest.instance.hanging == Hanging(view_position="PA", contrast=True)
    assert read().instance.hanging == Hanging()


def test_pet_says_what_makes_uptake_values_or_what_is_missing() -> None:
    pet = {
        "SOPClassUID": PositronEmissionTomographyImageStorage,
        "Units": "GML",
        "CorrectedImage": ("ATTN", "DECY"),
        "DecayCorrection": "START",
    }
    assert read(**pet).instance.uptake == Uptake(factor=1)
    missing = read(**pet | {"Units": None}).instance.uptake
    assert missing is not None
    assert "Units (0054,1001)" in missing.reason
    assert read().instance.uptake is None


def enhanced() -> bytes:
    """Three frames with shared and own functional groups."""
    dataset = dcmread(BytesIO(image_file(np.zeros((3, 2, 3), np.uint16))))
    measures, orientation, transformation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.6], 3
    orientation.ImageOrientationPatient = list(AXIAL)
    transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = 2, 1, "US"
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelValueTransformationSequence = Sequence([transformation])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for number in range(3):
        position, voi, group = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, 10 - number]
        voi.WindowCenter, voi.WindowWidth = 100 + number, 200
        group.PlanePositionSequence = Sequence([position])
        group.FrameVOILUTSequence = Sequence([voi])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return part_10(dataset)


def test_enhanced_frames_have_their_own_places() -> None:
    frames = read_frames(BytesIO(enhanced()), "uuid")
    assert [frame.frame for frame in frames] == [1, 2, 3]
    assert [frame.image_position_patient for frame in frames] == [(0, 0, 10), (0, 0, 9), (0, 0, 8)]
    assert {frame.pixel_spacing for frame in frames} == {(0.5, 0.6)}
    assert {frame.image_orientation_patient for frame in frames} == {AXIAL}
    assert [frame.windows[0].window.center for frame in frames] == [100, 101, 102]
    assert frames[0].rescale.slope == 2
    assert frames[0].rescale.unit == "", "unspecified is no unit"
    assert [frame.frame for frame in in_display_order(frames)] == [3, 2, 1]


def test_files_without_pixels_are_no_images() -> None:
    dataset = dcmread(BytesIO(image_file(PIXELS)))
    del dataset.PixelData
    assert read_frames(BytesIO(part_10(dataset)), "uuid") == ()


@pytest.mark.parametrize("keyword", ["Rows", "BitsAllocated"])
def test_incomplete_headers_are_refused(keyword: str) -> None:
    dataset = dcmread(BytesIO(image_file(PIXELS)))
    delattr(dataset, keyword)
    with pytest.raises(UnprocessableError):
        read_frames(BytesIO(part_10(dataset)), "uuid")


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, b"\0" * 200])
def test_nonsense_is_refused_or_no_image(content: bytes) -> None:
    try:
        assert read_frames(BytesIO(content), "uuid") == ()
    except UnprocessableError as error:
        assert error.message.endswith(".")


def test_display_order_is_by_place_then_by_number() -> None:
    def frame(number: int, z: float | None) -> FrameEntry:
        position = None if z is None else (0.0, 0.0, z)
        return read(InstanceNumber=number, ImagePositionPatient=position, ImageOrientationPatient=AXIAL)

    def numbers(*frames: FrameEntry) -> list[int | None]:
        return [entry.instance.instance_number for entry in in_display_order(frames)]

    assert numbers(frame(1, 5), frame(2, 3), frame(3, 4)) == [2, 3, 1]
    assert numbers(frame(3, 0), frame(1, 5), frame(2, 0)) == [2, 3, 1]
    assert numbers(frame(3, 0), frame(1, 5), frame(2, None)) == [1, 2, 3], "not all have a place"


def test_tables_survive_json() -> None:
    frames = (*read_frames(BytesIO(enhanced()), "u1"), read(PatientOrientation=("L", "P"), PixelPaddingValue=5))
    table = SeriesTable("id", "1.2", "1.3", "MR", frames, ("1.4",), (("1.5", "Because."),))
    assert SeriesTable.from_json(json.loads(json.dumps(table.to_json()))) == table
    assert asdict(table)["frames"][0]["frame"] == 1


def test_identity_is_of_the_set_of_files() -> None:
    assert series_identity(["a", "b"]) == series_identity(["b", "a"])
    assert len({series_identity(x) for x in (["a"], ["b"], ["a", "b"], ["ab"])}) == 4


def test_what_tells_frames_apart_comes_from_the_frame_or_the_top() -> None:
    dataset = dcmread(BytesIO(enhanced()))
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content, echo, diffusion, direction = Dataset(), Dataset(), Dataset(), Dataset()
        content.StackID, content.TemporalPositionIndex = "A", number + 1
        echo.EffectiveEchoTime = 4.5
        direction.DiffusionGradientOrientation = [1.0, 0.0, float(number)]
        diffusion.DiffusionBValue = 1000.0
        diffusion.DiffusionGradientDirectionSequence = Sequence([direction])
        group.FrameContentSequence = Sequence([content])
        group.MREchoSequence = Sequence([echo])
        group.MRDiffusionSequence = Sequence([diffusion])
    frames = read_frames(BytesIO(part_10(dataset)), "uuid")
    assert frames[1].dimensions == (
        ("stack", "A"),
        ("temporal position", "2"),
        ("echo time (ms)", "4.5"),
        ("b-value (s/mm2)", "1000"),
        ("diffusion direction", "1 0 1"),
    )
    classic = read(EchoTime="3.50", ImageType=["ORIGINAL", "PRIMARY", "M"], AcquisitionNumber=4, TriggerTime="")
    assert classic.dimensions == (("echo time (ms)", "3.5"), ("kind", "ORIGINAL PRIMARY M"), ("acquisition", "4"))
    assert not classic.instance.mosaic
    assert read(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]).instance.mosaic
