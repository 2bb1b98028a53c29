"""What a picture says: its texts and arrows, read from the SVG; nothing shared with the code that draws."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.oracles.hooked_nets import Shape


def texts(svg: str) -> dict[str, str]:
    """Every text of a picture by the id of the group it stands in."""
    root = ElementTree.fromstring(svg)
    space = {"svg": "http://www.w3.org/2000/svg"}
    groups = root.findall(".//svg:g[svg:text]", space)
    return {group.attrib["id"]: "".join(group.find("svg:text", space).itertext()) for group in groups}  # type: ignore[union-attr]


def ids(svg: str, kind: str) -> list[str]:
    """Arrows of a kind, the legend's left out."""
    return [key for key in re.findall(r'id="([^"]+)"', svg) if re.fullmatch(rf"{kind}-(?!legend).*(?<!\.head)", key)]


def told(svg: str) -> list[Shape]:
    """(C, *size) of each box in the order drawn; a size that is left out is that of the box before."""
    said, found = texts(svg), []
    size: Shape = ()
    for key in [key.removesuffix(".channels") for key in said if key.endswith(".channels")]:
        if f"{key}.size" in said:
            size = parsed(said[f"{key}.size"])
        found.append((int(said[f"{key}.channels"]), *size))
    return found


def parsed(text: str) -> Shape:
    """572² or 8×64×64 as numbers."""
    power = {"²": 2, "³": 3}.get(text[-1], 1)
    return tuple(int(part) for part in text.rstrip("²³").split("×")) * power
