"""Lists in sentences for the user."""

from collections.abc import Iterable


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first names of a list, and the number of the others.

    >>> listed("abc"), listed("abcde")
    ('a, b, c', 'a, b, c and 2 more')
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
