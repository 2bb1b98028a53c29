"""Characters as LaTeX, with commands that all engines know."""

from __future__ import annotations

from unicodedata import decomposition

ESCAPED = {char: f"\\{char}" for char in "{}$&#%_"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", '"': "''", "–": "--", "—": "---",
    "…": r"\dots{}", "“": "``", "”": "''", "‘": "`", "’": "'", "²": "$^2$", "³": "$^3$",
    "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ł": r"\l{}", "Ł": r"\L{}",
}  # fmt: skip
SIGNS = {
    "×": "times", "÷": "div", "·": "cdot", "±": "pm", "≡": "equiv", "≈": "approx", "≠": "ne", "≤": "le", "≥": "ge",
    "→": "rightarrow", "←": "leftarrow", "↑": "uparrow", "↓": "downarrow", "↔": "leftrightarrow", "∞": "infty",
    "∈": "in", "⊕": "oplus", "⊗": "otimes", "°": "circ", "µ": "mu",
}  # fmt: skip
GREEK = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
GREEK_NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
COMMANDS = ESCAPED | {char: f"${char}$" for char in "<>|"} | {"−": "$-$"}
COMMANDS |= {char: f"$\\{name}$" for char, name in (*SIGNS.items(), *zip(GREEK, GREEK_NAMES.split(), strict=True))}


def latex(char: str) -> str:
    """A character as LaTeX; "" if no command for it is known. Accented Latin letters stay as they are.

    >>> [latex(char) for char in "a&×λéЖ"]
    ['a', '\\\\&', '$\\\\times$', '$\\\\lambda$', 'é', '']
    """
    if char in COMMANDS:
        return COMMANDS[char]
    if char.isspace():
        return " "
    base = decomposition(char).split(" ")[0]
    accented = len(base) == 4 and chr(int(base, 16)).isascii() and char.isalpha()
    return char if accented or (char.isascii() and char.isprintable()) else ""
