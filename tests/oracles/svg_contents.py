"""Texts, arrows and boxes of a drawing, parsed from its SVG without using code of the package."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.oracles.hooked_nets import Shape


def texts(svg: str) -> dict[str, str]:
    """Every text of the drawing by the id of its group."""
    root = ElementTree.fromstring(svg)
    space = {"svg": "http://www.w3.org/2000/svg"}
    groups = root.findall(".//svg:g[svg:text]", space)
    return {group.attrib["id"]: "".join(group.find("svg:text", space).itertext()) for group in groups}  # type: ignore[union-attr]


def arrow_ids(svg: str, kind: str) -> list[str]:
    """Ids of the arrows of a kind, without those of the legend."""
    return [key for key in re.findall(r'id="([^"]+)"', svg) if re.fullmatch(rf"{kind}-(?!legend).*(?<!\.head)", key)]


def box_shapes(svg: str) -> list[Shape]:
    """(C, *size) of each box in drawing order; a box without a size text has the size of the box before."""
    said, found = texts(svg), []
    size: Shape = ()
    for key in [key.removesuffix(".channels") for key in said if key.endswith(".channels")]:
        if f"{key}.size" in said:
            size = parsed(said[f"{key}.size"])
        found.append((int(said[f"{key}.channels"]), *size))
    return found


def parsed(text: str) -> Shape:
    """The numbers in 572² or 8×64×64."""
    power = {"²": 2, "³": 3}.get(text[-1], 1)
    return tuple(int(part) for part in text.rstrip("²³").split("×")) * power
