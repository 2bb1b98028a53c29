"""The names of the systems whose weights ``unet import`` reads, without torch, so that its help appears at once."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The systems whose weights can be read; ``jobs.importing.SYSTEMS`` has the names of their layers."""

    ELEKTRONN3 = "elektronn3"
    JAXONY = "jaxony"
    MILESIAL = "milesial"
    JOHSCHMIDT42 = "johschmidt42"
    MONAI = "monai"
    CAFFE = "caffe"
