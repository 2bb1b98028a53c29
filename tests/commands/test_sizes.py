"""``unet sizes``: the table against arithmetic done by hand, and a start without torch."""

import subprocess
import sys

import pytest

from tests.conftest import Unet


def test_sizes_near_512(unet: Unet) -> None:
    code, text = unet("sizes", "--near", 512)
    assert code == 0
    rows = [line.split() for line in text.splitlines()]
    assert ["│", "508", "│", "324", "│", "92", "│", "24", "│"] in rows
    assert ["│", "524", "│", "340", "│", "92", "│", "25", "│"] in rows
    assert "n ≡ 12 (mod 16), n ≥ 188; the output is n - 184" in text
    assert "512 is not valid" in text


@pytest.mark.parametrize(
    ("options", "rule"), [(("--padding", "same"), "n ≡ 0 (mod 16), n ≥ 16"), (("--depth", "0"), "every n, n ≥ 5")]
)
def test_sizes_of_other_networks(unet: Unet, options: tuple[str, ...], rule: str) -> None:
    assert rule in unet("sizes", *options)[1]


def test_sizes_does_not_import_torch() -> None:
    code = "import sys, atexit; sys.argv = ['unet', 'sizes']; from unet_tutorial.commands.app import main\n"
    code += "atexit.register(lambda: print('torch' in sys.modules)); main()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.endswith("False\n")
