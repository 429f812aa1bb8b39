"""A small study for other viewers: a CT of a bright ball, and what was segmented, drawn, measured, written about it."""

from __future__ import annotations

import gc
import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage, RTStructureSetStorage, generate_uid

from tests.support.dicom_files import part_10, slices_of

SLICES, SIZE, RADIUS = 24, 64, 18
STUDY_DESCRIPTION, SERIES_DESCRIPTION = "Ball in a box", "Axial ball"
SEGMENT, STRUCTURE, MEASURED_MM = "Segmented ball", "Drawn ball", 20.0
PDF_TITLE, PDF_TEXT = "Report of the ball", "The ball is round"
AIR, BALL = -800, 600
_IDENTITY = "PatientID PatientName PatientBirthDate PatientSex StudyInstanceUID StudyID StudyDate StudyTime"
_MORE = "AccessionNumber StudyDescription ReferringPhysicianName FrameOfReferenceUID"


@dataclass(frozen=True)
class BallStudy:
    """Its files, and the UIDs by which it is opened."""

    study: str
    patient: str
    ct: tuple[bytes, ...]
    segmentation: bytes
    structures: bytes
    measurements: bytes
    document: bytes

    @property
    def files(self) -> tuple[bytes, ...]:
        """Return all of them."""
        return (*self.ct, self.segmentation, self.structures, self.measurements, self.document)


def ball_study() -> BallStudy:
    """Make the study, under new UIDs each time. The ball is in the middle; slices are 2 mm apart, pixels 1 mm."""
    study, patient = generate_uid(), f"BALL{generate_uid()[-8:]}"
    inside = _ball()
    volume = np.where(inside, BALL, AIR).astype(np.int16)
    volume[:, 4:8, 4:20] = 200  # in one corner, so that it is seen when something is mirrored
    files = tuple(
        slices_of(
            volume,
            [(-32.0, -32.0, 2.0 * index) for index in range(SLICES)],
            StudyInstanceUID=study,
            SeriesInstanceUID=generate_uid(),
            FrameOfReferenceUID=generate_uid(),
            PatientID=patient,
            PatientName="Ball^Beatrice",
            PatientBirthDate="19700102",
            PatientSex="F",
            StudyID="1",
            SeriesNumber=1,
            AccessionNumber="B1",
            ReferringPhysicianName="Doctor^D",
            StudyDescription=STUDY_DESCRIPTION,
            SeriesDescription=SERIES_DESCRIPTION,
            SliceThickness=2,
            RescaleIntercept=0,
            RescaleSlope=1,
            RescaleType="HU",
            WindowCenter=0,
            WindowWidth=2000,
            Manufacturer="Sightline tests",
            KVP=120,
        )
    )
    sources = [dcmread(BytesIO(file)) for file in files]
    return BallStudy(
        study=study,
        patient=patient,
        ct=files,
        segmentation=_segmentation(sources, inside),
        structures=_structures(sources, inside),
        measurements=measurements(sources),
        document=_document(sources[0]),
    )


def _ball() -> NDArray[np.bool_]:
    """Return where the ball is: (slices, rows, columns)."""
    z, y, x = np.mgrid[:SLICES, :SIZE, :SIZE]
    return np.asarray((2.0 * (z - SLICES / 2)) ** 2 + (y - 32.0) ** 2 + (x - 32.0) ** 2 <= RADIUS**2)


def _saved(dataset: Dataset) -> bytes:
    target = BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def _segmentation(sources: list[Dataset], inside: NDArray[np.bool_]) -> bytes:
    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.sr.codedict import codes

    description = SegmentDescription(
        segment_number=1,
        segment_label=SEGMENT,
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Mass,
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence("threshold", codes.DCM.ArtificialIntelligence, "1"),
    )
    with warnings.catch_warnings():
        # highdicom leaves it to the garbage collector to close a database that it keeps in memory.
        warnings.simplefilter("ignore", ResourceWarning)
        made = Segmentation(
            sources,
            inside.astype(np.uint8),
            "BINARY",
            [description],
            series_instance_uid=generate_uid(),
            series_number=2,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="Sightline tests",
            manufacturer_model_name="ball",
            software_versions="1",
            device_serial_number="1",
            series_description="Segmentation of the ball",
        )
        content = _saved(made)
        del made
        gc.collect()
    return content


def measurements(sources: list[Dataset]) -> bytes:
    """Return a report (TID 1500) with one length, drawn on the middle slice."""
    from highdicom.sr import (
        Comprehensive3DSR,
        CoordinatesForMeasurement,
        DeviceObserverIdentifyingAttributes,
        FindingSite,
        GraphicTypeValues,
        Measurement,
        MeasurementReport,
        MeasurementsAndQualitativeEvaluations,
        ObservationContext,
        ObserverContext,
        SourceImageForRegion,
        TrackingIdentifier,
    )
    from pydicom.sr.codedict import codes

    drawn = CoordinatesForMeasurement(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array([[22.0, 32.0], [22.0 + MEASURED_MM, 32.0]]),
        source_image=SourceImageForRegion.from_source_image(sources[len(sources) // 2]),
    )
    length = Measurement(
        name=codes.SCT.Length, value=MEASURED_MM, unit=codes.UCUM.Millimeter, referenced_coordinates=[drawn]
    )
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(generate_uid(), "Cornerstone3DTools@^0.1.0:Length"),
        finding_type=codes.SCT.Mass,
        measurements=[length],
        finding_sites=[FindingSite(codes.SCT.Liver)],
    )
    observer = ObserverContext(codes.DCM.Device, DeviceObserverIdentifyingAttributes(uid=generate_uid()))
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    made = Comprehensive3DSR(
        evidence=sources,
        content=report[0],
        series_number=4,
        series_instance_uid=generate_uid(),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Sightline tests",
        series_description="Measurements of the ball",
    )
    return _saved(made)


def _of_the_same_patient(source: Dataset, sop_class: str, modality: str, number: int, description: str) -> Dataset:
    made = Dataset()
    for keyword in f"{_IDENTITY} {_MORE}".split():
        setattr(made, keyword, getattr(source, keyword))
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = sop_class, generate_uid(), generate_uid()
    made.Modality, made.SeriesNumber, made.InstanceNumber = modality, number, 1
    made.SeriesDescription = description
    return made


def _structures(sources: list[Dataset], inside: NDArray[np.bool_]) -> bytes:
    """Return a structure set with one closed contour on each slice that the ball touches."""
    made = _of_the_same_patient(sources[0], RTStructureSetStorage, "RTSTRUCT", 3, "Structures of the ball")
    made.StructureSetLabel, made.StructureSetDate, made.StructureSetTime = "BALL", "20260102", "101500"
    made.Manufacturer = "Sightline tests"
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = 1, STRUCTURE, "MANUAL"
    roi.ReferencedFrameOfReferenceUID = sources[0].FrameOfReferenceUID
    made.StructureSetROISequence = Sequence([roi])
    contours = Dataset()
    contours.ROIDisplayColor, contours.ReferencedROINumber = [0, 255, 0], 1
    contours.ContourSequence = Sequence(
        [_contour(source, index) for index, source in enumerate(sources) if inside[index].sum() > 9]
    )
    made.ROIContourSequence = Sequence([contours])
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = 1
    observation.RTROIInterpretedType, observation.ROIInterpreter = "ORGAN", ""
    made.RTROIObservationsSequence = Sequence([observation])
    made.ReferencedFrameOfReferenceSequence = Sequence([_frame_of_reference(sources)])
    return part_10(made)


def _contour(source: Dataset, index: int) -> Dataset:
    """Return the circle in which one slice cuts the ball, in patient mm."""
    height = 2.0 * (index - SLICES / 2)
    radius = max(RADIUS**2 - height**2, 1.0) ** 0.5
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(60, 2.0 * index)], axis=1)
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    contour = Dataset()
    contour.ContourImageSequence = Sequence([image])
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 60
    contour.ContourData = [f"{value:.3f}" for value in points.ravel()]
    return contour


def _frame_of_reference(sources: list[Dataset]) -> Dataset:
    """Return the item that says which images were drawn on."""
    series = Dataset()
    series.SeriesInstanceUID = sources[0].SeriesInstanceUID
    series.ContourImageSequence = Sequence()
    for source in sources:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
        series.ContourImageSequence.append(image)
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = sources[0].StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame = Dataset()
    frame.FrameOfReferenceUID = sources[0].FrameOfReferenceUID
    frame.RTReferencedStudySequence = Sequence([study])
    return frame


def _document(source: Dataset) -> bytes:
    made = _of_the_same_patient(source, EncapsulatedPDFStorage, "DOC", 5, PDF_TITLE)
    made.ConversionType, made.BurnedInAnnotation = "WSD", "NO"
    made.ContentDate, made.ContentTime, made.DocumentTitle = "20260102", "101500", PDF_TITLE
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    content = pdf(PDF_TEXT)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    made.EncapsulatedDocumentLength = len(content)
    return part_10(made)


def pdf(text: str) -> bytes:
    """Return a document of one page with one line of large text."""
    drawing = f"BT /F1 48 Tf 40 400 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawing), drawing),
    )
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"%" * 2000 + b"\n"  # too long to be part of metadata
    return body + b"xref\n0 5\n0000000000 65535 f \n%btrailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(body),
    )
