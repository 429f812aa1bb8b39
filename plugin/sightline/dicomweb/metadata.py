"""The worker's part of metadata: stored files in, DICOM JSON out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset, dcmread

from sightline.dicomweb.attributes import INLINE_BYTES, bulk_data_url, dataset_attributes
from sightline.dicomweb.dicom_json import attribute, encode
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file


def instances_metadata(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return the metadata of stored files, one buffer of JSON each; an empty one where a file cannot be read.

    Parameters
    ----------
    arguments : mapping
        ``files``: a list of ``{"file": as rendering.files wants it, "url": address of the instance}``.
    buffers : sequence of bytes
        Files that have no path.
    """
    return Reply({}, tuple(_metadata(item, buffers) for item in arguments["files"]))


def _metadata(item: Mapping[str, Any], buffers: Sequence[Buffer]) -> bytes:
    dataset = read_dataset(item["file"], buffers)
    try:
        return b"" if dataset is None else metadata_json(dataset, item["url"])
    except (MemoryError, RecursionError):
        raise
    except Exception:
        return b""


def metadata_json(dataset: Dataset, url: str) -> bytes:
    """Return the JSON of one instance, all attributes of its file but the meta header."""
    found = dataset_attributes(dataset, lambda place: bulk_data_url(url, place))
    text = encode(found)
    if "00080005" not in found and not text.isascii():
        return encode({"00080005": attribute("CS", ["ISO_IR 192"]), **found})
    return text


def read_dataset(
    file_argument: Mapping[str, Any], buffers: Sequence[Buffer], defer: int | None = INLINE_BYTES
) -> Dataset | None:
    """Read a stored file; values longer than `defer` only when asked for, where the file can be read again.

    Returns None where it is no DICOM file, or damaged beyond reading.

    Raises
    ------
    NotFoundError
        It was deleted in the meantime.
    """
    with open_file(file_argument, buffers) as file:
        try:
            return dcmread(file, defer_size=defer if "path" in file_argument else None, force=True)
        except (MemoryError, RecursionError):
            raise
        except Exception:
            return None
