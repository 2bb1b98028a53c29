"""The options with which a user says what the labels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unet_tutorial.datasets.annotations.class_tables import BACKGROUND, ClassTable, class_table, table_of
from unet_tutorial.datasets.annotations.scheme import KINDS

DATA_SET = "the data set"  # stands for the name of an option if the data set itself states the classes


@dataclass(frozen=True)
class LabelOptions:
    """The kind of the labels ("" to decide it from the values), their classes, and the value without a label.

    ``source`` is the option that gave the classes, or `DATA_SET`.
    """

    labels: str = ""
    table: ClassTable = field(default_factory=ClassTable)
    source: str = "--classes"
    unlabelled: int | None = None

    @classmethod
    def of(
        cls, labels: str, classes: str, colours: str, unlabelled: int | None, stated: Mapping[int, str]
    ) -> LabelOptions:
        """The options from their texts, and from the names ``stated`` by the data set, used if the texts give none.

        ValueError if an option is wrong, or if two contradict each other.
        """
        if labels and labels not in KINDS:
            raise ValueError(f"--labels {labels}: write one of {', '.join(KINDS)}")
        if classes and colours:
            raise ValueError("--classes and --colours are both given; give the names in --colours only")
        source = "--colours" if colours else "--classes" if classes else DATA_SET
        if colours or classes:
            table = class_table(colours or classes, source)
        else:
            table = table_of((str(value), name) for value, name in sorted(stated.items()))
        if colours and not table.keys:
            raise ValueError(
                f"--colours {colours}: a name has no colour; write '#000000=background,#ff0000=nucleus', for example"
            )
        if table.coloured and labels == "layers":
            raise ValueError("--labels layers: layers have no colours; give only names, with --classes")
        if table.coloured and unlabelled is not None:
            raise ValueError(
                f"--unlabelled {unlabelled}: write the colour into the table instead: '#ffffff=unlabelled'"
            )
        if table.unlabelled is not None and unlabelled not in (None, table.unlabelled):
            raise ValueError(
                f"--unlabelled {unlabelled}: {source} says that {table.unlabelled} is unlabelled; give one"
            )
        unlabelled = table.unlabelled if unlabelled is None else unlabelled
        if unlabelled == 0 and not table.coloured and labels != "classes" and not table.keys:
            raise ValueError(
                "--unlabelled 0: 0 is background in a mask; give unlabelled pixels another value, such as 255, "
                "or write --labels classes if 0 is no class"
            )
        return cls(labels, table, source, unlabelled)

    @property
    def says_classes(self) -> bool:
        """Whether the user says that the values are classes, by the option or by names for more than two."""
        return self.labels == "classes" or (not self.labels and not self.table.keys and len(self.table.names) > 2)

    def names(self, default: Sequence[str]) -> tuple[str, ...]:
        """The names of the classes: those that the user gives, or the ``default`` ones.

        The background may be left out of the names. ValueError if their number is wrong.
        """
        names = self.table.names
        if len(names) == len(default) - 1 and default[0] == BACKGROUND and BACKGROUND not in map(str.lower, names):
            names = (BACKGROUND, *names)
        if names and len(names) != len(default):
            raise ValueError(
                f"{self.source}: the files hold {len(default)} classes ({', '.join(default)}), "
                f"but {len(names)} names are given ({', '.join(names)}); give a name for each"
            )
        if BACKGROUND in map(str.lower, names[1:]):
            raise ValueError(
                f"{self.source}: the names are those of the values in ascending order, and {BACKGROUND} is not the "
                "first of them; write the value of each class, such as 0=background,1=nucleus"
            )
        return names or tuple(default)
