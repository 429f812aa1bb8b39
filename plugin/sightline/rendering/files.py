"""How a stored file reaches a worker: by its path where the storage allows it, else as a buffer of the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, TypeVar

from sightline.archive.protocol import FileSource
from sightline.errors import NotFoundError
from sightline.rendering.channel import Buffer

T = TypeVar("T")


def in_batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Split a sequence into runs of at most `size`.

    >>> in_batches("abcde", 2)
    ['ab', 'cd', 'e']
    """
    return [items[start : start + size] for start in range(0, len(items), size)]


def file_argument(source: FileSource, buffers: list[Buffer]) -> dict[str, Any]:
    """Return what a task needs to open the file with `open_file`; the bytes, if any, are appended to `buffers`."""
    if source.path is not None:
        return {"path": source.path}
    buffers.append(source.content or b"")
    return {"buffer": len(buffers) - 1}


def open_file(argument: Mapping[str, Any], buffers: Sequence[Buffer]) -> BinaryIO:
    """Open the file that `file_argument` described, in the worker.

    Raises
    ------
    NotFoundError
        It was deleted in the meantime.
    """
    if "buffer" in argument:
        return BytesIO(buffers[argument["buffer"]])
    try:
        return open(argument["path"], "rb")  # noqa: PTH123 - for every picture, and a Path costs as much as the opening
    except FileNotFoundError:
        raise NotFoundError("The file has gone.") from None


def carried(arguments: Mapping[str, Any], buffers: Sequence[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
    """Return the same arguments for a machine that has not these files: what was named by its path is a buffer.

    Raises
    ------
    NotFoundError
        A file was deleted in the meantime.

    Examples
    --------
    >>> carried({"files": [{"path": "/dev/null"}, {"buffer": 0}], "frame": 1}, [b"x"])
    ({'files': [{'buffer': 1}, {'buffer': 0}], 'frame': 1}, [b'x', b''])
    """
    everything = list(buffers)

    def without_paths(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.keys() == {"path"}:
                with open_file(value, ()) as file:
                    everything.append(file.read())
                return {"buffer": len(everything) - 1}
            return {key: without_paths(item) for key, item in value.items()}
        return [without_paths(item) for item in value] if isinstance(value, list | tuple) else value

    return without_paths(arguments), everything
