"""The meaning of the values in label files: classes, numbers of cells, or overlapping layers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("classes", "instances", "layers")
CELL, UNCLASSIFIED = "cell", "unclassified"  # names of classes without a name
MOST_CLASSES = 255


@dataclass(frozen=True)
class LabelScheme:
    """The kind of the labels, and the classes that a network learns from them.

    - "classes": each pixel has one class. ``values`` holds the value of each class in the files; class 0 is the
      background.
    - "instances": the files hold the number of the cell of each pixel, 0 in the background.
    - "layers": the classes may overlap (multi-label); each has a mask of its own.

    ``names`` are the names of the classes, in the order of the network's output channels. ``colours`` ("#rrggbb") is
    that of each class in colour-coded files, else (). ``unlabelled`` is the value of pixels without a label.
    ValueError for another kind.
    """

    kind: str = "instances"
    names: tuple[str, ...] = ("background", "cell")
    values: tuple[int, ...] = ()
    colours: tuple[str, ...] = ()
    unlabelled: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"--labels {self.kind}: write one of {', '.join(KINDS)}")
        if len(self.names) > MOST_CLASSES:
            raise ValueError(
                f"the labels have {len(self.names)} classes, and at most {MOST_CLASSES} are possible; "
                "write --labels instances if the values are numbers of cells"
            )

    @property
    def layered(self) -> bool:
        """Whether classes may overlap: one sigmoid per class instead of a softmax over all classes."""
        return self.kind == "layers"

    def notes(self) -> dict[str, Any]:
        """The scheme as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_notes(cls, notes: dict[str, Any]) -> LabelScheme:
        """The scheme that ``notes`` returned. TypeError or KeyError for any other dict."""
        return cls(
            str(notes["kind"]),
            tuple(map(str, notes["names"])),
            tuple(map(int, notes["values"])),
            tuple(map(str, notes["colours"])),
            None if notes["unlabelled"] is None else int(notes["unlabelled"]),
        )


def default_name(key: str) -> str:
    """The name of a class that has only a value."""
    return f"class {key}"
