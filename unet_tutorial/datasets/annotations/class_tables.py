"""Tables of classes: names with values or colours, from the text of an option or from a JSON file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from unet_tutorial.datasets.annotations.colours import colour_of
from unet_tutorial.disk import one_line

BACKGROUND = "background"
CLASSES_FILE = "classes.json"  # of a data set: names of classes with their values or colours
NO_CLASS = ("unlabelled", "unlabeled", "ignore")  # names for the value or colour of pixels without a label


def marks_unlabelled(name: str) -> bool:
    """Whether a name is that of pixels without a label, also as labelme and QuPath write it.

    >>> marks_unlabelled("__ignore__"), marks_unlabelled("Ignore*"), marks_unlabelled("ignored cell")
    (True, True, False)
    """
    return re.sub(r"[\W_]+", "", name).lower() in NO_CLASS


class ClassTable(NamedTuple):
    """Classes in order, the background first if there is one.

    ``keys`` holds the value of each class in the files, or its packed colour if ``coloured``; it is () if the table
    has only names. ``unlabelled`` is the value or colour of pixels without a label.
    """

    names: tuple[str, ...] = ()
    keys: tuple[int, ...] = ()
    coloured: bool = False
    unlabelled: int | None = None


def class_table(text: str, option: str) -> ClassTable:
    """The classes in the text of an option, or in the JSON file that it names.

    The text is a list of names, "background,nucleus", or of names with values, "0=background,1=nucleus", or with
    colours, "#000000=background,#ff0000=nucleus". The name "unlabelled" stands for pixels without a label.

    ValueError, which begins with the name of the option, for any other text or file, and for names, values or colours
    that are given twice.
    """
    try:
        if text.strip().lower().endswith(".json"):
            pairs = _from_json(Path(text.strip()))
        else:
            pairs = [_split(part) for part in text.split(",")]
        return table_of(pairs)
    except ValueError as error:
        raise ValueError(f"{option} {text}: {error}") from error


def table_of(pairs: Iterable[tuple[str, str]]) -> ClassTable:
    """A table of keys with names; a key is a value, a colour, or "" if there are only names."""
    pairs = [(key.strip(), " ".join(name.split())) for key, name in pairs]
    names = [name for _, name in pairs]
    if not all(names):
        raise ValueError("a name is empty; write a name for each class, such as 0=background,1=nucleus")
    _refuse_twice("name", [name.lower() for name in names])
    if not any(key for key, _ in pairs):
        unnamed = next((name for name in names if name.lower() in NO_CLASS), None)
        if unnamed:
            raise ValueError(
                f"the value of {unnamed} pixels is missing; write it with --unlabelled, and leave out the name"
            )
        return ClassTable(tuple(names))
    coloured = any(key.startswith("#") for key, _ in pairs)
    keys = {name: colour_of(key) if coloured else _value(key) for key, name in pairs}
    _refuse_twice("colour" if coloured else "value", [key for key, _ in pairs], list(keys.values()))
    missing = [keys.pop(name) for name in names if name.lower() in NO_CLASS]
    if len(missing) > 1:
        raise ValueError("several entries are unlabelled; give one")
    order = sorted(keys, key=lambda name: (name.lower() != BACKGROUND, not coloured and keys[name] != 0))
    return ClassTable(tuple(order), tuple(keys[name] for name in order), coloured, missing[0] if missing else None)


def _split(part: str) -> tuple[str, str]:
    """The key and the name in one part of an option's text."""
    key, equals, name = part.partition("=")
    return (key, name) if equals else ("", part)


def _value(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a value; write an integer for each class, such as 0=background,1=nucleus"
        ) from None


def _refuse_twice(kind: str, texts: list[str], keys: list[int] | None = None) -> None:
    seen = keys or texts
    for number, text in enumerate(texts):
        if seen[number] in seen[:number]:
            raise ValueError(f"the {kind} {text} is given twice; give each class a {kind} of its own")


def _from_json(path: Path) -> list[tuple[str, str]]:
    """The keys and names in a JSON file of one of the usual forms."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"the file cannot be read ({one_line(error)}); check its name") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file is not JSON ({one_line(error)}); write it again") from error
    if isinstance(content, dict):
        content = next((content[key] for key in ("labels", "classes", "pathClasses") if key in content), content)
    found = [_entry(item) for item in content] if isinstance(content, list) else _items(content)
    if not found:
        raise ValueError(_forms())
    return found


def _items(content: Any) -> list[tuple[str, str]]:
    """The entries of a dict from names to keys, or from keys to names."""
    if not isinstance(content, Mapping):
        raise ValueError(_forms())
    found = []
    for left, right in content.items():
        if isinstance(right, Mapping):
            found.append(_entry({"name": left, **right}))
        elif isinstance(right, str) and (left.startswith("#") or left.lstrip("-").isdecimal()):
            found.append((left, right))
        else:
            found.append((_key(right), left))
    return found


def _entry(item: Any) -> tuple[str, str]:
    """An entry such as {"name": "nucleus", "color": [255, 0, 0]}, or only a name."""
    if isinstance(item, str):
        return "", item
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise ValueError(_forms())
    key = next((item[key] for key in ("color", "colour", "value", "id") if key in item), "")
    return _key(key), item["name"]


def _key(key: Any) -> str:
    """A value or a colour as text; a negative integer is a colour of QuPath, 0xAARRGGBB as a signed integer."""
    if isinstance(key, list) and len(key) in (3, 4) and all(isinstance(v, int) and 0 <= v <= 255 for v in key):
        return "#" + "".join(f"{value:02x}" for value in key[:3])
    if isinstance(key, int) and not isinstance(key, bool):
        return f"#{key & 0xFFFFFF:06x}" if key < -0xFFFF else str(key)
    if isinstance(key, str):
        return key
    raise ValueError(_forms())


def _forms() -> str:
    return (
        "expected names of classes with values or colours in this file, such as "
        '{"background": 0, "nucleus": 1}, {"background": "#000000", "nucleus": "#ff0000"} or '
        '[{"name": "nucleus", "color": [255, 0, 0]}]'
    )
