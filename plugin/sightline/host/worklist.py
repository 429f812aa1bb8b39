"""Answers modalities' worklist queries. The query is parsed on a stack of our own; answers are given on Orthanc's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import orthanc

SECONDS = 30
"""A modality does not wait longer."""


class WorklistAnswers:
    """Hands queries to the orders.

    Parameters
    ----------
    threads : Executor
    find : callable
        Takes a query as DICOM file and the AE title that asks, returns the items that answer it.
    """

    def __init__(self, threads: Executor, find: Callable[[bytes, str], list[bytes]]) -> None:
        self._threads, self._find = threads, find

    def answer(self, answers: orthanc.WorklistAnswers, query: orthanc.WorklistQuery, aet: str) -> None:
        """Answer one query.

        Whatever goes wrong is raised: Orthanc then tells the modality that the query has failed. No answers would say
        that there is nothing to do.
        """
        content = query.WorklistGetDicomQuery()
        for item in self._threads.submit(self._find, content, aet).result(SECONDS):
            answers.WorklistAddAnswer(query, item)
