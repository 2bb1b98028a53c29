"""The user's own names, colours, selection and language for a drawing. The numbers stay those of the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from matplotlib.colors import to_hex

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.drawing.language import LANGUAGES, translation
from unet_tutorial.figures.drawing.legend import add_legend, legend_entries
from unet_tutorial.figures.drawing.scene import LINE_HEIGHT, MARGIN, Label, Scene, wrapped
from unet_tutorial.figures.drawing.sketch import FeatureMap, Link, Sketch
from unet_tutorial.figures.drawing.style import check_name

PARTS = {"encoder": ("enc", "bottom"), "decoder": ("bottom", "dec", "head")}  # the sides of each part
LEVELS = re.compile(r"levels? (\d+)(?:\s*[-–]\s*(\d+))?")
HOW_TO_SELECT = "write 'encoder', 'decoder', or levels such as 'levels 0-2'"


@dataclass(frozen=True)
class Annotations:
    """Changes to a drawing that keep its numbers.

    A key of ``names`` or ``colours`` selects boxes: the id of a map ("enc0.conv1"), a side and level ("enc2"), or a
    module ("encoder.blocks.0") with all its maps. A name is written at the middle one of the selected boxes. A key of
    ``names`` may also be a text of the legend, which is replaced. Colours are those of matplotlib, such as "#e69f00" or
    "orange". ``part`` is drawn alone: "encoder", "decoder", "levels 0-2"; "" draws everything. ``caption`` is written
    below the drawing. ``language`` is one of ``LANGUAGES``. Raises ValueError for an unknown part, colour or language.
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
            try:
                to_hex(colour)
            except ValueError as error:
                raise ValueError(
                    f"the colour {colour!r} of {key!r} is unknown; write a name such as orange, or #e69f00"
                ) from error

    def text(self, text: str) -> str:
        """A text of the legend, a caption or a sentence in the user's words, else in the language of the drawing."""
        return self.names.get(text) or translation(text, self.language)

    def applied_to(self, sketch: Sketch) -> Sketch:
        """The sketch of the selected part, with the user's names and colours, in the language of the drawing.

        Raises ValueError if the network has no such part.
        """
        sketch = selected(sketch, self._is_selected) if self.part else sketch
        maps = [replace(each, caption=self.text(each.caption)) for each in sketch.maps]
        for key, colour in self.colours.items():
            for i in _matching(maps, key):
                maps[i] = replace(maps[i], colour=to_hex(colour))
        for key, name in self.names.items():
            found = _matching(maps, key)
            if found:
                middle = found[len(found) // 2]
                maps[middle] = replace(maps[middle], caption=name)
        asides = tuple(
            replace(each, lines=tuple(map(self.text, each.lines)), caption=self.text(each.caption))
            for each in sketch.asides
        )
        return replace(sketch, maps=tuple(maps), asides=asides)

    def finished(self, scene: Scene, sketch: Sketch) -> Scene:
        """The scene of a sketch with its texts in the language of the drawing, its legend, and the user's caption."""
        labels = tuple(replace(label, text=self.text(label.text)) for label in scene.labels)
        entries = [(kind, self.text(text)) for kind, text in legend_entries(sketch)]
        scene = add_legend(replace(scene, labels=labels), entries)
        if not self.caption:
            return scene
        font, margin = scene.font, MARGIN * scene.font
        lines = wrapped(self.caption, font, scene.width - 2 * margin)
        caption = tuple(
            Label(f"caption-{i}", line, margin, scene.height + (0.9 + LINE_HEIGHT * i) * font, "start")
            for i, line in enumerate(lines)
        )
        height = scene.height + (LINE_HEIGHT * len(lines) + 0.3) * font
        return replace(scene, labels=(*scene.labels, *caption), height=height)

    def _is_selected(self, node: Node) -> bool:
        if self.part in PARTS:
            return node.side in PARTS[self.part]
        levels = [int(number) for number in re.findall(r"\d+", self.part)]
        return bool(node.scale) and levels[0] <= node.level <= levels[-1]


UNCHANGED = Annotations()


def check_keys(annotations: Annotations, arch: ArchIR, texts: Sequence[str]) -> None:
    """Raise ValueError for a key that selects no map of the network and is none of ``texts``.

    ``texts`` are the captions and the texts of the legend, which can be renamed. The message lists similar keys.
    """
    known = {key for node in arch.nodes for key in _keys(node)}
    for key in (*annotations.names, *annotations.colours):
        renamed = key in annotations.names and key in texts
        if key not in known and not renamed:
            near = get_close_matches(key, sorted({*known, *texts}), n=3, cutoff=0.5) or sorted(known)[:3]
            raise ValueError(f"{key!r} is neither a map nor a text of this drawing; similar ones are {', '.join(near)}")


def undrawn_keys_note(annotations: Annotations, arch: ArchIR, drawn: Collection[str]) -> tuple[str, ...]:
    """The note for names and colours whose maps have no box in the drawing; ``drawn`` are the ids of those that have.

    Returns () if there are none.
    """
    lost = []
    for key in dict.fromkeys((*annotations.names, *annotations.colours)):
        ids = {node.id for node in arch.nodes if key in _keys(node)}
        lost += [key] if ids and not ids & set(drawn) else []
    return (f"not shown, because these maps have no box here: {', '.join(lost)}",) if lost else ()


def selected(sketch: Sketch, is_selected: Callable[[Node], bool]) -> Sketch:
    """The part of a sketch whose maps are selected, and the arrows between them.

    Raises ValueError if no map is selected.
    """
    kept = [i for i, each in enumerate(sketch.maps) if is_selected(each.node)]
    if not kept:
        raise ValueError(f"the network has no such part; {HOW_TO_SELECT}")
    new = {old: number for number, old in enumerate(kept)}

    def between(links: Sequence[Link]) -> tuple[Link, ...]:
        inside = (link for link in links if link.source in new and link.target in new)
        return tuple(replace(link, source=new[link.source], target=new[link.target]) for link in inside)

    asides = []
    for aside in sketch.asides:
        uses = tuple((new[a], new[b]) for a, b in aside.uses if a in new and b in new)
        asides += [replace(aside, uses=uses)] if uses else []
    return Sketch(
        tuple(sketch.maps[i] for i in kept),
        between(sketch.steps),
        between(sketch.copies),
        between(sketch.branches),
        sum(i < sketch.length for i in kept),
        between(sketch.heads),
        between(sketch.gates),
        tuple(asides),
    )


def _matching(maps: Sequence[FeatureMap], key: str) -> list[int]:
    return [i for i, each in enumerate(maps) if key in _keys(each.node)]


def _keys(node: Node) -> set[str]:
    """The keys that select a node: its id, its side and level, its module and the modules around it."""
    modules = node.path.split(".") if node.path else []
    return {node.id, node.id.rpartition(".")[0], *(".".join(modules[: i + 1]) for i in range(len(modules)))}
