"""``predict(key, question)``: asks the student for a guess before the next cell computes the answer; records it."""

from __future__ import annotations

from collections.abc import Sequence

from unet_tutorial.teaching.checking.progress import note


def predict(key: str, question: str, options: Sequence[object] = (), guess: object = None) -> None:
    """Print the question if there is no guess yet; otherwise record the guess. Never waits for input.

    `key` is the unique name of the question in the course, in lower case with hyphens. Without `options` any guess is
    accepted. Raises ValueError for any other form of key.

    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"])
    Are tiles laid 388 apart exact?
      - yes
      - no, visibly
    Write your guess into guess= and run the cell again, or go on.
    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"], guess="yes")
    noted: yes
    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"], guess="perhaps")
    'perhaps' is not one of the options: 'yes', 'no, visibly'
    >>> predict("side", "How wide is the output?", guess=388)
    noted: 388
    """
    if not key.replace("-", "").isalnum() or key != key.lower():
        raise ValueError(f"predict key {key!r}: write it in lower case letters, digits and hyphens, such as '388-step'")
    if guess is None:
        print("\n".join([question, *(f"  - {option}" for option in options)]))
        print("Write your guess into guess= and run the cell again, or go on.")
    elif options and guess not in options:
        print(f"{guess!r} is not one of the options: {', '.join(map(repr, options))}")
    else:
        note("guesses", key, guess)
        print(f"noted: {guess}")
