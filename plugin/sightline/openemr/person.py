"""Whether two records mean the same person: names as people write them, and dates of birth."""

from __future__ import annotations

from sightline.access.person_names import spellings


def contradiction(name: str, birth_date: str, other_name: str, other_birth_date: str) -> str:
    """Return why two records cannot be taken for one person's, as a code; empty where they can.

    Parameters
    ----------
    name, other_name : str
        DICOM PN (PS3.5 6.2): family, given and further parts between carets; the first representation counts.
    birth_date, other_birth_date : str
        YYYYMMDD, or empty.

    Returns
    -------
    str
        ``birth-date`` or ``patient-name`` where they differ; ``unverified`` where there is no name or no birth date
        in both, so that nothing but a number speaks for it.
    """
    if birth_date and other_birth_date and birth_date != other_birth_date:
        return "birth-date"
    (family, given), (other_family, other_given) = _parts(name), _parts(other_name)
    if family and other_family and not (family & other_family and _agree(given, other_given)):
        return "patient-name"
    is_known = (family and other_family) or (birth_date and other_birth_date)
    return "" if is_known else "unverified"


def _parts(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return all spellings of family name and first given name."""
    family, given, *_ = [*name.split("=")[0].split("^"), "", ""]
    return spellings(family), spellings(" ".join(given.split()[:1]))


def _agree(given: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two given names may be one: the same, one an initial of the other, or one unknown."""
    pairs = [sorted((one, other), key=len) for one in given for other in others]
    return not pairs or any(long.startswith(short) if len(short) == 1 else short == long for short, long in pairs)
