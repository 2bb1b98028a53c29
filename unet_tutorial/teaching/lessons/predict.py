"""Questions of a lesson: ``predict`` asks for a guess, and ``reveal`` compares it with the measured answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

from unet_tutorial.teaching.checking.progress import load, note

OPTIONS: dict[str, Sequence[object]] = {}  # of the questions that were asked since the kernel started


def predict(key: str, question: str, options: Sequence[object] = (), guess: object = None) -> None:
    """Print the question if there is no guess yet; otherwise record the guess. Never waits for input.

    `key` is the unique name of the question in the course, in lower case with hyphens. A guess is one of the options,
    or its letter; without `options` any guess is accepted. The first guess that `reveal` has compared stays in the
    record. Raises ValueError for any other form of key.

    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"])
    Are tiles laid 388 apart exact?
      a  yes
      b  no, visibly
    Write your guess into guess=, such as guess="a", and run the cell again; or go on.
    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"], guess="b")
    noted: no, visibly
    >>> predict("388-step", "Are tiles laid 388 apart exact?", options=["yes", "no, visibly"], guess="perhaps")
    'perhaps' is not one of the options: a, yes; b, no, visibly
    >>> predict("side", "How wide is the output?", guess=388)
    noted: 388
    """
    check_key(key)
    OPTIONS[key] = options
    if guess is None:
        letters = [f"  {letter}  {option}" for letter, option in zip(ascii_lowercase, options, strict=False)]
        print("\n".join([question, *letters]))
        example = ', such as guess="a",' if options else ","
        print(f"Write your guess into guess={example} and run the cell again; or go on.")
        return
    chosen = _chosen(options, guess) if options else str(guess)
    if not chosen:
        known = "; ".join(f"{letter}, {option}" for letter, option in zip(ascii_lowercase, options, strict=False))
        print(f"{guess!r} is not one of the options: {known}")
        return
    noted = load()
    if key in noted["answered"]:
        print(f"noted: {chosen}; your first guess, {noted['guesses'][key]}, stays in the record")
        return
    note("guesses", key, chosen)
    print(f"noted: {chosen}")


def check_key(key: str) -> None:
    """ValueError for a key that is not in lower case letters, digits and hyphens."""
    if not key.replace("-", "").isalnum() or key != key.lower():
        raise ValueError(f"key {key!r}: write it in lower case letters, digits and hyphens, such as '388-step'")


def _chosen(options: Sequence[object], guess: object) -> str:
    """The text of the option that is meant by its own text or by its letter; empty if there is none."""
    by_name = {str(option): str(option) for option in options}
    by_letter = {letter: str(option) for letter, option in zip(ascii_lowercase, options, strict=False)}
    return (by_letter | by_name).get(str(guess).strip(), "")


def reveal(key: str, right: object, why: Mapping[object, str] | None = None) -> None:
    """Print the measured answer to the question of `predict` with this key, and compare the student's guess with it.

    `why` maps wrong options to an explanation, which is printed if the student has chosen this option. ValueError if
    the answer, or an option in `why`, is not among the options of the question.

    >>> predict("two-threes", "Pixels lost by two 3 × 3 convolutions?", [2, 4, 9], guess=2)
    noted: 2
    >>> reveal("two-threes", 10 - 6, {2: "that is one convolution; there are two"})
    You guessed 2, and it is 4: that is one convolution; there are two.
    >>> reveal("not-asked", 4)
    The answer: 4
    """
    options = [str(option) for option in OPTIONS.get(key, ())]
    reasons = {str(option): reason for option, reason in (why or {}).items()}
    for option in (str(right), *reasons) if options else ():
        if option not in options:
            raise ValueError(f"reveal {key!r}: {option!r} is not one of the options {options}")
    guess = load()["guesses"].get(key)
    if guess is None:
        print(f"The answer: {right}")
        return
    if key not in load()["answered"]:
        note("answered", key, guess == str(right))
    if guess == str(right):
        print(f"You guessed {guess}, and that is right.")
    else:
        reason = f": {reasons[guess].rstrip('.')}" if guess in reasons else ""
        print(f"You guessed {guess}, and it is {right}{reason}.")
