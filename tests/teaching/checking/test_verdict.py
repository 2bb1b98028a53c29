"""A verdict as plain text and as HTML."""

from __future__ import annotations

from unet_tutorial.teaching.checking.verdict import Verdict

WRONG = Verdict(
    ok=False,
    sentence="half: that is <twice> n",
    call="half(4)",
    difference="expected 2, got 8",
    right=2,
    next_step="change it",
    printed=("a < b",),
    more_lines=300,
)


def test_plain_text_and_its_order() -> None:
    assert str(WRONG).split("\n") == [
        "half: that is <twice> n",
        "  call: half(4): expected 2, got 8; 2 other calls are right",
        "  next: change it",
        "  printed:",
        "    a < b",
        "    … 300 more lines",
    ]
    assert repr(WRONG) == str(WRONG)
    assert str(Verdict(ok=True, sentence="ok: half")) == "ok: half"


def test_html_is_escaped_coloured_and_the_same_each_time() -> None:
    page = WRONG._repr_html_()
    assert "✗ half: that is &lt;twice&gt; n" in page
    assert "<code>half(4)</code>: expected 2, got 8; 2 other calls are right" in page
    assert "<pre>a &lt; b\n… 300 more lines</pre>" in page
    assert page == WRONG._repr_html_()
    good = Verdict(ok=True, sentence="ok: half")._repr_html_()
    assert "✓ ok: half" in good
    assert "Call" not in good
