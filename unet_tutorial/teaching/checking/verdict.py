"""The verdict on an answer, as plain text in a terminal and in colour in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

GREEN, RED = "var(--jp-success-color1, #2e7d32)", "var(--jp-error-color1, #c62828)"


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is correct, and what the student is told.

    ``sentence`` names the exercise and the mistake; ``mistake`` is the hint if a known one was recognised. ``call`` is
    the first call that failed, ``difference`` its result where the sentence does not tell it, ``right`` the number of
    calls that were right. ``printed`` holds the first lines that the answer printed, ``more_lines`` counts the others.
    """

    ok: bool
    sentence: str
    mistake: str = ""
    call: str = ""
    difference: str = ""
    right: int = 0
    next_step: str = ""
    printed: tuple[str, ...] = ()
    more_lines: int = 0

    def __str__(self) -> str:
        """The verdict as plain text.

        >>> print(Verdict(ok=False, sentence="half: that is twice n", call="half(4)", difference="expected 2, got 8"))
        half: that is twice n
          call: half(4): expected 2, got 8
        """
        rows = [("call", self._call()), ("next", self.next_step), ("printed", "\n".join(self._prints()))]
        told = [f"  {label}: {text}" for label, text in rows[:2] if text]
        prints = [f"  {label}:\n{_indented(text)}" for label, text in rows[2:] if text]
        return "\n".join([self.sentence, *told, *prints])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour, sign = (GREEN, "✓") if self.ok else (RED, "✗")
        head = f'<b style="color:{colour}">{sign} {escape(self.sentence)}</b>'
        call = (
            f"<br>Call: <code>{escape(self.call)}</code>{escape(self._call().removeprefix(self.call))}"
            if self.call
            else ""
        )
        step = f"<br>Next: {escape(self.next_step)}." if self.next_step else ""
        prints = f"<br>Printed:<pre>{escape(chr(10).join(self._prints()))}</pre>" if self._prints() else ""
        return f'<div style="border-left:4px solid {colour};padding:2px 10px">{head}{call}{step}{prints}</div>'

    def _call(self) -> str:
        others = f"; {self.right} other call{'s are' if self.right > 1 else ' is'} right" if self.right else ""
        return f"{self.call}{f': {self.difference}' if self.difference else ''}{others}" if self.call else ""

    def _prints(self) -> list[str]:
        more = [f"… {self.more_lines} more line{'s' if self.more_lines > 1 else ''}"] if self.more_lines else []
        return [*self.printed, *more]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
