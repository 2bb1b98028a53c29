"""The user's own names, colours, selection and language for a drawing. The numbers stay those of the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import NoReturn

from matplotlib.colors import to_hex, to_rgba

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.drawing.language import LANGUAGES, translation
from unet_tutorial.figures.drawing.legend import add_legend, legend_entries
from unet_tutorial.figures.drawing.palette import faded
from unet_tutorial.figures.drawing.scene import Label, Scene, text_area, with_text_below
from unet_tutorial.figures.drawing.sketch import FeatureMap, Link, Sketch, input_output_captions
from unet_tutorial.figures.drawing.style import check_name

PARTS = {"encoder": ("enc", "bottom"), "decoder": ("bottom", "dec", "head")}  # the sides of each part
LEVELS = re.compile(r"levels? (\d+)(?:\s*[-–]\s*(\d+))?")
JOINTS = re.compile(r"(, then | or |\d+(?:–\d+)? × |[()])")  # between the operations of a text
HOW_TO_SELECT = "write 'encoder', 'decoder', or levels such as 'levels 0-2'"


@dataclass(frozen=True)
class Annotations:
    """Changes to a drawing that keep its numbers.

    A key of ``names`` or ``colours`` selects boxes: the id of a map ("enc0.conv1"), a side and level ("enc2"), a module
    ("encoder.blocks.0") with all its maps, or a caption ("input"). Of two keys that select the same box, the one that
    selects fewer boxes applies. A name is written at the middle one of the selected boxes. A key of ``names`` may also
    be a text of the legend or of a block beside the path, which is replaced; "3x3" stands for "3×3". Colours are those
    of matplotlib, such as "#e69f00" or "orange". ``part`` is drawn alone: "encoder", "decoder", "levels 0-2"; ""
    draws everything. ``caption`` is written below the drawing. ``language`` is one of ``LANGUAGES``. Raises ValueError
    for an unknown part, colour or language, and for a transparent colour.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    caption: str = ""
    language: str = "en"

    def __post_init__(self) -> None:
        check_name(self.language, LANGUAGES, "language")
        if self.part not in ("", *PARTS) and not LEVELS.fullmatch(self.part):
            raise ValueError(f"part {self.part!r} is unknown; {HOW_TO_SELECT}")
        for key, colour in self.colours.items():
            _check_colour(key, colour)

    def text(self, text: str) -> str:
        """A text of the legend, a caption or a sentence with the user's names, else in the language of the drawing.

        If there is no name for the whole text, there may be names for parts of it, such as "conv 3×3" in
        "2 × conv 3×3 or conv 1×1".
        """
        own = {_typed(key): name for key, name in self.names.items()}
        parts = [text] if _typed(text) in own else JOINTS.split(text)
        if not any(_typed(part) in own for part in parts):
            return translation(text, self.language)
        return "".join(own.get(_typed(part)) or translation(part, self.language) for part in parts)

    @property
    def part_in_words(self) -> str:
        """The sentence of the alternative text about a part that is drawn alone; "" if everything is drawn."""
        if self.part in ("", *PARTS):
            return f" Only its {self.part} is drawn." if self.part else ""
        first, last = self._levels
        levels, are = (f"levels {first} to {last}", "are") if first < last else (f"level {first}", "is")
        return f" Only its {levels} {are} drawn."

    def applied_to(self, sketch: Sketch) -> Sketch:
        """The sketch of the selected part, with the user's names and colours, in the language of the drawing.

        Raises ValueError if the network has no such part.
        """
        sketch = selected(sketch, self._is_selected, self.part) if self.part else sketch
        boxes = {key: _matching(sketch.maps, key) for key in (*self.names, *self.colours)}
        maps = [replace(each, caption=self.text(each.caption)) for each in sketch.maps]
        for key in sorted(self.colours, key=lambda key: len(boxes[key]), reverse=True):
            for i in boxes[key]:
                maps[i] = replace(maps[i], colour=to_hex(self.colours[key]))
        named: set[int] = set()
        for key in sorted(self.names, key=lambda key: len(boxes[key])):
            free = [i for i in boxes[key] if i not in named]
            free = [i for i in free if not maps[i].caption] or free
            if free:
                middle = boxes[key][len(boxes[key]) // 2]
                nearest = min(free, key=lambda i: abs(i - middle))
                maps[nearest] = replace(maps[nearest], caption=self.names[key])
                named.add(nearest)
        asides = tuple(
            replace(each, lines=tuple(map(self.text, each.lines)), caption=self.text(each.caption))
            for each in sketch.asides
        )
        return replace(sketch, maps=tuple(maps), asides=asides)

    def finished(self, scene: Scene, sketch: Sketch) -> Scene | None:
        """The scene of a sketch with its texts in the language of the drawing, its legend, and the user's caption.

        None if a word of the legend or of the caption is longer than the sheet is wide.
        """
        labels = tuple(map(self._finished_label, scene.labels))
        entries = [(kind, self.text(text)) for kind, text in legend_entries(sketch)]
        scene = add_legend(replace(scene, labels=labels), entries)
        scene = with_text_below(scene, "caption", self.caption, above=0.9, below=0.7)
        added = (text_area(label, scene.font) for label in scene.labels[len(labels) :])
        return scene if all(x + width <= scene.width for x, _, width, _ in added) else None

    def _finished_label(self, label: Label) -> Label:
        """A label in the language of the drawing; a name that lines may cross has a background."""
        if label.id.endswith(".word"):  # is in the user's words since ``applied_to``
            return replace(label, backed=label.backed or label.text in self.names.values())
        return label if label.id.startswith("reason-") else replace(label, text=self.text(label.text))

    def _is_selected(self, node: Node) -> bool:
        """Whether the map of a node is in the part."""
        if self.part in PARTS:
            return node.side in PARTS[self.part]
        first, last = self._levels
        return bool(node.scale) and first <= node.level <= last

    @property
    def _levels(self) -> tuple[int, int]:
        """The first and the last level of the part."""
        levels = [int(number) for number in re.findall(r"\d+", self.part)]
        return min(levels), max(levels)


UNCHANGED = Annotations()


def check_keys(annotations: Annotations, arch: ArchIR, texts: Sequence[str]) -> None:
    """Raise ValueError for a key that selects no map of the network and is none of ``texts``.

    ``texts`` are the texts of the legend and those of blocks beside the path. The message lists similar keys.
    """
    maps = set(_ids_by_key(arch))
    typed = {_typed(part) for text in texts for part in (text, *JOINTS.split(text))}
    for key in (*annotations.names, *annotations.colours):
        if key not in maps and not (key in annotations.names and _typed(key) in typed):
            _refuse_key(key, arch, maps, texts if key in annotations.names else ())


def _refuse_key(key: str, arch: ArchIR, maps: Collection[str], texts: Sequence[str]) -> NoReturn:
    near = get_close_matches(key, sorted({*maps, *texts}), n=3, cutoff=0.5)
    similar = f"; similar ones are {', '.join(near)}" if near else ""
    last, sides = arch.nodes[-1].id, sorted({node.id.rpartition(".")[0] for node in arch.nodes if node.side})
    forms = [f"an id such as {last}", *(f"a side and level such as {side}" for side in sides[:1]), "a module"]
    hint = f"write {', '.join(forms)} or a caption; the page .html lists all ids"
    wrong = "is neither a map nor a text of this drawing" if texts else "selects no map, and only maps are coloured"
    raise ValueError(f"{key!r} {wrong}{similar}; {hint}")


def unused_keys_note(annotations: Annotations, arch: ArchIR, scene: Scene) -> tuple[str, ...]:
    """The note for names and colours that are not in the scene; () if there are none.

    Their maps have no box in it or got another name or colour, or their texts are not in its legend.
    """
    ids = _ids_by_key(arch)
    words = {label.id.removesuffix(".word"): label.text for label in scene.labels if label.id.endswith(".word")}
    colours = {box.id: box.colour for box in scene.boxes}
    texts = [label.text for label in scene.labels] + [line for block in scene.blocks for line in block.lines]
    lost = []
    for key, name in annotations.names.items():
        named = any(words.get(node) == name for node in ids.get(key, ()))
        lost += [] if named or (key not in ids and _closed_up(name) in _closed_up("".join(texts))) else [key]
    for key, colour in annotations.colours.items():
        lost += [] if any(colours.get(node) == to_hex(colour) for node in ids[key]) else [key]
    if not lost:
        return ()
    return (f"without effect, because this drawing has no box or text for it: {', '.join(dict.fromkeys(lost))}",)


def selected(sketch: Sketch, is_selected: Callable[[Node], bool], part: str) -> Sketch:
    """The part of a sketch whose maps are selected, and the arrows between them.

    An output that is computed from maps outside the part is not in it. Raises ValueError if no map is selected;
    ``part`` is the user's word for it.
    """
    kept: list[int] = []
    links = (*sketch.steps, *sketch.copies, *sketch.branches, *sketch.heads)
    for i, each in enumerate(sketch.maps):
        sources = [link.source for link in links if link.target == i]
        computed_outside = each.caption and sources and not set(sources) & set(kept)
        if is_selected(each.node) and not computed_outside:
            kept.append(i)
    if not kept:
        last = max(each.node.level for each in sketch.maps)
        sides = any(each.node.side for each in sketch.maps)
        has = f"levels 0 to {last}" if sides else f"levels 0 to {last}, and neither an encoder nor a decoder"
        raise ValueError(f"this network has no {part}; it has {has}")
    new = {old: number for number, old in enumerate(kept)}

    def between(links: Sequence[Link]) -> tuple[Link, ...]:
        inside = (link for link in links if link.source in new and link.target in new)
        return tuple(replace(link, source=new[link.source], target=new[link.target]) for link in inside)

    asides = []
    for aside in sketch.asides:
        uses = tuple((new[a], new[b]) for a, b in aside.uses if a in new and b in new)
        sums = tuple(new[i] for i in aside.sums if new.get(i) in {target for _, target in uses})
        asides += [replace(aside, uses=uses, sums=sums)] if uses else []
    return Sketch(
        tuple(sketch.maps[i] for i in kept),
        between(sketch.steps),
        between(sketch.copies),
        branches=between(sketch.branches),
        length=sum(i < sketch.length for i in kept),
        heads=between(sketch.heads),
        gates=between(sketch.gates),
        asides=tuple(asides),
    )


def _matching(maps: Sequence[FeatureMap], key: str) -> list[int]:
    """The boxes that a key selects."""
    return [i for i, each in enumerate(maps) if key in _keys(each.node) or key == each.caption]


def _ids_by_key(arch: ArchIR) -> dict[str, set[str]]:
    """By key: the ids of the maps that it selects."""
    found = {caption: {node} for node, caption in input_output_captions(arch).items()}
    for node in arch.nodes:
        for key in _keys(node):
            found.setdefault(key, set()).add(node.id)
    return found


def _keys(node: Node) -> set[str]:
    """The keys that select a node: its id, its side and level, its module and the modules around it."""
    modules = node.path.split(".") if node.path else []
    return {node.id, node.id.rpartition(".")[0], *(".".join(modules[: i + 1]) for i in range(len(modules)))}


def _typed(text: str) -> str:
    """A text as it can be typed on any keyboard.

    >>> _typed("2–4 × conv 3×3")
    '2-4 x conv 3x3'
    """
    return text.replace("×", "x").replace("–", "-")


def _closed_up(text: str) -> str:
    """A text without spaces, as its lines may be broken at any of them."""
    return "".join(text.split())


def _check_colour(key: str, colour: str) -> None:
    """Raise ValueError for a colour that matplotlib does not know, and for one that is transparent."""
    try:
        seen, opacity = to_hex(colour), to_rgba(colour)[3]
    except ValueError as error:
        raise ValueError(
            f"the colour {colour!r} of {key!r} is unknown; write a name such as orange, or #e69f00"
        ) from error
    if opacity < 1:
        opaque = faded(seen, "#ffffff", 1 - opacity)
        raise ValueError(
            f"the colour {colour!r} of {key!r} is transparent; write {opaque}, which it looks like on white"
        )
