"""The values or colours in the label files of a data set, and their meaning."""

from __future__ import annotations

import numpy as np

from unet_tutorial.datasets.annotations.class_tables import BACKGROUND
from unet_tutorial.datasets.annotations.colours import hex_colour, ready_made, some_colours
from unet_tutorial.datasets.annotations.label_options import DATA_SET, LabelOptions
from unet_tutorial.datasets.annotations.label_values import (
    RawLabels,
    colour_ids,
    colour_values,
    grey_values,
    integers,
    layer_values,
    shown,
)
from unet_tutorial.datasets.annotations.places import FEW, Evidence
from unet_tutorial.datasets.annotations.scheme import CELL, LabelScheme, default_name

LIMITS = (255, 65535, 2**31 - 1, 2**32 - 1)  # highest values of integer types, which often mark unlabelled pixels
MARK = 10  # if the other values are 0 .. k, one that is higher than k by more than this may be such a mark, too
WRAPPED = 0.1  # share of numbers in several places, if each number above 255 became another cell's
SMOOTH = "lie at edges or in pieces of a few pixels, as in a mask with smooth (anti-aliased) edges or in an image"
BOTH = "write --labels classes if each value is a class, or --labels instances if each is the number of a cell"


class FoundValues:
    """Files with one value or colour per pixel."""

    CONTENT = "a value per pixel"

    def __init__(self, options: LabelOptions, first: RawLabels) -> None:
        self.options, self.name = options, first.name
        self.evidence = Evidence()
        self.colours: dict[str, dict[int, int]] = {}  # pixels of each colour in each file
        self.coloured = ""  # the first file with colours
        self.layered = False

    def add(self, raw: RawLabels) -> None:
        if raw.layered:  # each layer is a cell
            layer_values(raw, self.options.unlabelled)
            self.layered = True
            return
        grey = grey_values(raw)
        if grey is None or self.options.table.coloured:
            self.coloured = self.coloured or raw.name
            found = np.unique(colour_values(raw), return_counts=True)
            self.colours[raw.name] = dict(zip(*(each.tolist() for each in found), strict=True))
        if grey is None and self.options.labels == "instances":
            grey = colour_ids(raw)
        if grey is not None:
            self.evidence.add(raw.name, *integers(raw.name, grey, self.options.unlabelled))

    def scheme(self) -> LabelScheme:
        if self.coloured:
            return self._colours()
        options, values = self.options, self.evidence.values
        if self.layered:
            return self._cells()
        if not values:
            raise ValueError(
                f"{self._files()}: every pixel has the value {options.unlabelled}, so nothing is labelled; "
                "give another value with --unlabelled"
            )
        given = len(options.table.keys) > (options.source == DATA_SET)  # a data set may state one value in passing
        stated = given and (options.labels != "instances" or options.source != DATA_SET)
        if len(values) > 1 and stated:
            return self._stated()
        if len(values) == 1:
            raise ValueError(
                f"{self._files()}: every pixel has the value {values[0]}, so there is nothing to learn; "
                "expected 0 in the background and another value in cells, so check the files"
            )
        if options.says_classes or (len(values) == 2 and values[0] == 0):
            return self._classes()
        if options.labels == "instances":
            return self._instances()
        return self._decided()

    def _decided(self) -> LabelScheme:
        """The kind that follows from the values, of which there are at least two, and three if one is 0."""
        evidence, values = self.evidence, self.evidence.values
        holds = f"{self._files()}: the files hold {shown(values)}"
        if len(values) > FEW and evidence.smooth_edges():
            raise ValueError(
                f"{holds}, and most of these values {SMOOTH}; threshold it to 0 and 255, or export it without "
                f"smoothing; or else {BOTH}"
            )
        if len(values) > 2:
            self._refuse_mark()
        if evidence.like_cells():
            self._refuse_background()
            return self._cells()
        if values[0] != 0:
            raise ValueError(
                f"{holds}, but not 0, which is the background; write --labels classes if each value is a class; if "
                "each is the number of a cell, save the background as 0"
            )
        if evidence.like_classes():
            return self._classes()
        raise ValueError(f"{holds}, which may be classes or the numbers of cells; {BOTH}")

    def _classes(self) -> LabelScheme:
        options, values = self.options, self.evidence.values
        if options.says_classes and self.evidence.mostly_fragments():
            raise ValueError(
                f"{self._files()}: the files hold {shown(values)}, and most of these values {SMOOTH}; threshold it, or "
                "export it without smoothing; or else name each value with --classes 0=background,1=nucleus"
            )
        binary = len(values) == 2 and values[0] == 0
        default = [BACKGROUND, CELL] if binary else [default_name(str(value)) for value in values]
        if values[0] == 0:
            default[0] = BACKGROUND
        names = tuple(default) if options.table.keys else options.names(default)
        return self._scheme(names, tuple(values))

    def _scheme(
        self, names: tuple[str, ...], values: tuple[int, ...] = (), colours: tuple[str, ...] = ()
    ) -> LabelScheme:
        """Classes, or with --labels instances their connected regions."""
        kind = "instances" if self.options.labels == "instances" else "classes"
        return LabelScheme(kind, names, values, colours, self.options.unlabelled)

    def _cells(self) -> LabelScheme:
        options = self.options
        names = (BACKGROUND, CELL) if options.table.keys else options.names([BACKGROUND, CELL])
        return LabelScheme("instances", names, unlabelled=options.unlabelled)

    def _instances(self) -> LabelScheme:
        """The numbers of cells, as the user says; ValueError if the values cannot be such numbers."""
        values = self.evidence.values
        if self.evidence.mostly_fragments():
            raise ValueError(
                f"{self._files()}: the files hold {shown(values)}, and most of these values {SMOOTH}; threshold it to "
                "0 and 255, or export the numbers of the cells without smoothing"
            )
        if len(values) == 2:
            raise ValueError(
                f"{self._files()}: the files hold {shown(values)}, but not 0, which is the background of cells; "
                "write --labels classes if each value is a class, or save the background as 0"
            )
        if values[-1] == LIMITS[0] and len(values) >= LIMITS[0] and self.evidence.in_pieces() > WRAPPED:
            raise ValueError(
                f"{self._files()}: the files hold all numbers up to {LIMITS[0]}, the highest of 8 bits, and many of "
                "them lie in several places, so cells with higher numbers seem to have got those of others; export the "
                "numbers with 16 bits"
            )
        self._refuse_mark()
        self._refuse_background()
        return self._cells()

    def _stated(self) -> LabelScheme:
        """The classes that the user or the data set gives with their values."""
        options, evidence = self.options, self.evidence
        for value in evidence.values:
            if value not in options.table.keys:
                other = "" if options.labels else "; or write --labels instances if the values are numbers of cells"
                raise ValueError(
                    f"{evidence.holders(value)[0]}: {evidence.pixels(value)} pixels of all files have the value "
                    f"{value}, which is not among the classes of {options.source} ({shown(options.table.keys)}); add "
                    f"it, or write --unlabelled {value}{other}"
                )
        return self._scheme(options.table.names, options.table.keys)

    def _refuse_background(self) -> None:
        """ValueError if the background of cells is not 0, since it would be read as one of the cells."""
        value = self.evidence.background()
        if value is not None:
            raise ValueError(
                f"{self._files()}: the files hold {shown(self.evidence.values)}, but not 0, which is the background; "
                f"most pixels are {value}: if that is the background of numbered cells, save it as 0, or else write "
                "--labels classes if each value is a class"
            )

    def _refuse_mark(self) -> None:
        """ValueError if the highest value may mark unlabelled pixels, or cells that had no number left."""
        options, evidence, values = self.options, self.evidence, self.evidence.values
        top, rest = values[-1], [value for value in values if 0 < value < values[-1]]
        if not rest:
            return
        numbered = rest == list(range(1, len(rest) + 1))
        scattered = top in LIMITS and evidence.scattered(top)
        if options.labels == "instances":
            mark = top in LIMITS and ((numbered and top > rest[-1] + 1) or scattered)
        else:
            mark = top in LIMITS or (numbered and top > rest[-1] + MARK)
        if not mark:
            return
        holders = set(evidence.holders(top))
        apart = not any(holders & set(evidence.holders(value)) for value in rest)
        mixed = f" (and no file holds {top} beside {shown(rest)}, so two kinds of masks may be mixed)" if apart else ""
        raise ValueError(
            f"{self._files()}: the files hold {shown(values)}, and {top} may be a class, a cell or the mark of "
            f"unlabelled pixels{mixed}; write --unlabelled {top} if it is a mark, --labels classes if each value is a "
            "class, or, if the values are numbers of cells, give these pixels other numbers and write --labels "
            "instances"
        )

    def _colours(self) -> LabelScheme:
        """Classes by the colour table of the user, or with --labels instances a cell per colour."""
        options = self.options
        counts = self.colours | {name: _as_colours(name, file) for name, file in self._grey_files()}
        found = sorted(set().union(*counts.values()))
        if not options.table.coloured:
            if options.labels == "instances" and not options.table.keys:
                return self._colour_per_cell(found)
            raise ValueError(
                f"{self.coloured}: the labels are coloured ({some_colours(found)}), and the table of their classes is "
                f"missing; write {ready_made(found)} with your names, or the name of a classes.json"
                + _many_colours(len(found))
            )
        table = options.table
        for colour in found:
            if colour not in (*table.keys, table.unlabelled):
                name = next(name for name, file in counts.items() if colour in file)
                others = len(set(found) - {*table.keys, table.unlabelled}) - 1
                more = f" ({others} more colours are not in it)" if others else ""
                raise ValueError(
                    f"{name}: {counts[name][colour]} pixels have the colour {hex_colour(colour)}, which is not in the "
                    f"table {', '.join(map(hex_colour, table.keys))} of --colours{more}; add it, such as "
                    f"{hex_colour(colour)}=nucleus or {hex_colour(colour)}=unlabelled" + _many_colours(others)
                )
        if len(set(found) - {table.unlabelled}) < 2:
            raise ValueError(
                f"{self._files()}: the files hold only {some_colours(found)}, so there is nothing to learn; check "
                "the files"
            )
        return self._scheme(table.names, colours=tuple(map(hex_colour, table.keys)))

    def _colour_per_cell(self, found: list[int]) -> LabelScheme:
        evidence = self.evidence
        if 0 not in evidence.values:
            raise ValueError(
                f"{self._files()}: --labels instances takes black as the background of coloured labels, but no pixel "
                "is black; save the background in black, or the cells as numbers"
            )
        if evidence.several_places() or evidence.mostly_fragments():
            raise ValueError(
                f"{self._files()}: most of the {len(found)} colours lie in several places of an image, so a colour is "
                f"not one cell; if each colour is a class, write {ready_made(found)}, or else save the cells as "
                "numbers"
            )
        return self._cells()

    def _grey_files(self) -> list[tuple[str, dict[int, int]]]:
        files = zip(self.evidence.names, self.evidence.files, strict=True)
        return [(name, file) for name, file in files if name not in self.colours]

    def _files(self) -> str:
        """The first file and the number of the others."""
        others = len({*self.evidence.names, *self.colours}) - 1
        return self.name + (f" and {others} other {'file' if others == 1 else 'files'}" if others > 0 else "")


def _as_colours(name: str, file: dict[int, int]) -> dict[int, int]:
    """The grey values of a file among coloured ones as packed colours."""
    if any(value > 255 for value in file):
        raise ValueError(
            f"{name}: its values up to {max(file)} are no colours, but other files are coloured; save all alike"
        )
    return {value * 0x010101: count for value, count in file.items()}


def _many_colours(count: int) -> str:
    """Advice if there are more colours than classes usually have."""
    if count <= 12:
        return ""
    return (
        "; so many colours may also be those of smooth (anti-aliased) edges, then export the masks without smoothing, "
        "or each may be a cell, then write --labels instances"
    )
