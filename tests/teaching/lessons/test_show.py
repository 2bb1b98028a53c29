"""What `show` puts on the page."""

from __future__ import annotations

import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from unet_tutorial.teaching.lessons import show as show_module
from unet_tutorial.teaching.lessons.show import Bundle, show, show_svg, titled


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Bundle, Bundle]]:
    found: list[tuple[Bundle, Bundle]] = []
    monkeypatch.setattr(show_module, "publish", lambda data, metadata: found.append((data, metadata)))
    return found


def curve() -> Figure:
    figure, axes = plt.subplots()
    axes.plot([0, 1], label="a < b")
    axes.legend()
    return figure


def test_the_same_figure_is_the_same_bytes(shown: list[tuple[Bundle, Bundle]]) -> None:
    show(curve(), "a line going up")
    show(curve(), "a line going up")
    assert shown[0] == shown[1]
    assert "date" not in str(shown[0][0]["image/svg+xml"]).lower()


def test_the_figure_is_closed_and_the_fact_printed(
    shown: list[tuple[Bundle, Bundle]], capsys: pytest.CaptureFixture[str]
) -> None:
    figure = curve()
    show(figure, "a line going up", fact="points: 2")
    assert not plt.fignum_exists(figure.number)
    assert capsys.readouterr().out == "points: 2\n"
    data, metadata = shown[0]
    assert data["text/plain"] == "a line going up"
    assert metadata == {"image/svg+xml": {"alt": "a line going up"}}


def test_a_drawing_is_shown_as_it_is(shown: list[tuple[Bundle, Bundle]], capsys: pytest.CaptureFixture[str]) -> None:
    show_svg("<svg></svg>", "an empty page")
    assert shown[0][0]["image/svg+xml"] == '<svg role="img"><title>an empty page</title></svg>'
    assert capsys.readouterr().out == "an empty page\n"


def test_alternative_text_is_escaped() -> None:
    assert "<title>a &lt; b &amp; c</title>" in titled("<svg></svg>", "a < b & c")


@pytest.mark.parametrize("alt", ["", "figure", "figure 1"])
def test_a_figure_without_a_description_is_refused(alt: str, shown: list[tuple[Bundle, Bundle]]) -> None:
    with pytest.raises(ValueError, match="describe the figure"):
        show_svg("<svg></svg>", alt)
    assert shown == []


def test_text_that_is_no_drawing_is_refused() -> None:
    with pytest.raises(ValueError, match="no <svg> element"):
        titled("digraph { a -> b }", "two nodes joined")
