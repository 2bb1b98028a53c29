"""Detects automatic mixed precision during a pass."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def autocast_devices() -> Iterator[set[str]]:
    """Yield a set, filled with the device types, such as "cuda", for which the code inside enters ``torch.autocast``.

    A device that this machine lacks is in the set as well, although torch then disables the context. A context around
    the code inside counts, too.
    """
    context: Any = torch.autocast
    enter, init = context.__enter__, context.__init__
    devices = {device for device in ("cpu", "cuda") if torch.is_autocast_enabled(device)}

    def recording_init(self: Any, *args: Any, **kwargs: Any) -> None:
        self.requested = inspect.signature(init).bind(self, *args, **kwargs).arguments.get("enabled", True)
        init(self, *args, **kwargs)

    def recording_enter(self: Any) -> Any:
        # a decorator is made before the pass: whether torch has disabled it is not known
        if self._enabled or vars(self).get("requested", self.device != "cpu"):
            devices.add(self.device)
        return enter(self)

    try:
        context.__init__, context.__enter__ = recording_init, recording_enter
        yield devices
    finally:
        context.__init__, context.__enter__ = init, enter
