"""An EHR's access tokens at our door: what becomes of one, wherever it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sightline.access.grant import Grant
from sightline.access.launch import EhrPatient

if TYPE_CHECKING:
    from sightline.web.services import Services


@dataclass(frozen=True)
class TokenHolder:
    """Whoever came with a token that counts.

    Parameters
    ----------
    grant : Grant
        The patient's studies, and nothing else.
    fhir_base : str
        Of the EHR that issued the token.
    patient : EhrPatient
        The one patient that the token is for.
    named : str
        How the token's patient was named: the logical id, or OpenEMR's internal number.
    """

    grant: Grant
    fhir_base: str
    patient: EhrPatient
    named: str


class EhrTokens(Protocol):
    """Checks tokens. Safe between threads; may ask the EHR, so it takes time."""

    def holder(self, services: Services, token: str, patient: str, address: str) -> TokenHolder:
        """Return who came with a token.

        Parameters
        ----------
        services : Services
            For the archive, and the audit log.
        token : str
            As in the header, without ``Bearer``.
        patient : str
            Logical id of the FHIR Patient that the request names; empty where it names none.
        address : str
            Network address of the caller.

        Raises
        ------
        UnauthenticatedError, ForbiddenError
            The token does not count, or not for this patient.
        UnavailableError, TooManyRequestsError
            The EHR cannot be asked now; too many failures from that address.
        """
        ...
