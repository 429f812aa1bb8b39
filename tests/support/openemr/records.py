"""What the fake OpenEMR knows of patients: its tables, in short."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from uuid import uuid4


@dataclass
class Patient:
    """A row of `patient_data`. `pid` is internal, `pubpid` is what people edit; they are equal until somebody does."""

    pid: int
    pubpid: str
    fname: str
    lname: str
    dob: str
    """YYYY-MM-DD."""
    sex: str = "Male"
    ss: str = ""
    uuid: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Document:
    """A row of `documents` with its content."""

    patient: Patient
    name: str
    mimetype: str
    content: bytes
    category: str = "Medical Record"
    docdate: str = "2026-11-20"
    id: int = 0
    uuid: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class OrderLine:
    """One code of an order."""

    code: str
    name: str


@dataclass
class Order:
    """A row of `procedure_order` with its codes."""

    id: int
    patient: Patient
    encounter: int
    lines: list[OrderLine]
    order_type: str = "imaging"
    priority: str = "normal"
    status: str = "pending"
    clinical_history: str = ""
    date_ordered: str = "2026-11-20"
    scheduled: str = ""
    uuid: str = field(default_factory=lambda: str(uuid4()))


class Records:
    """All of one OpenEMR's records."""

    def __init__(self) -> None:
        self.patients: list[Patient] = []
        self.documents: list[Document] = []
        self.orders: list[Order] = []
        self._numbers = itertools.count(1)

    def add_patient(self, fname: str, lname: str, dob: str, pubpid: str = "", **more: str) -> Patient:
        """Register a patient; without `pubpid` it is the pid, as OpenEMR has it."""
        pid = next(self._numbers)
        patient = Patient(pid, pubpid or str(pid), fname, lname, dob, **more)
        self.patients.append(patient)
        return patient

    def add_document(self, patient: Patient, name: str, mimetype: str, content: bytes) -> Document:
        """File a document."""
        document = Document(patient, name, mimetype, content, id=next(self._numbers))
        self.documents.append(document)
        return document

    def add_order(self, patient: Patient, encounter: int, *lines: tuple[str, str], **more: str) -> Order:
        """Order procedures, (code, name) each."""
        order = Order(next(self._numbers), patient, encounter, [OrderLine(*line) for line in lines], **more)
        self.orders.append(order)
        return order

    def patient(self, uuid: str) -> Patient | None:
        """Return the patient with this uuid, or numeric pid, as older builds tell in a token."""
        return next((one for one in self.patients if uuid in (one.uuid, str(one.pid))), None)
