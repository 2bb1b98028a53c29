"""``table`` takes a module or a description, computes each receptive field once, and shows chosen columns."""

from __future__ import annotations

import sys
from collections import Counter
from types import SimpleNamespace

import pytest
import torch

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.arch import receptive_field
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.table import table


def test_only_the_columns_asked_for() -> None:
    found = table(arch("paper")).only("op", "MACs")
    assert found.to_markdown().splitlines()[0] == "| op | MACs |"
    assert r"{@{}p{31mm}r@{}}" in found.to_latex()
    with pytest.raises(ValueError, match="column 'FLOPs' is unknown; the columns are level, side"):
        found.only("FLOPs")
    with pytest.raises(ValueError, match="by 'block' is unknown; write 'level'"):
        table(arch("paper"), by="block")


def test_a_data_frame_comes_from_pandas_or_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ValueError, match="pip install pandas"):
        table(arch("residual")).to_dataframe()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    records = table(arch("residual")).to_dataframe()
    assert sum(record["macs"] for record in records) == arch("residual").totals["macs"]


def test_a_module_and_its_description_give_the_same_table() -> None:
    build, size = NETS["residual"]
    net = build()
    assert table(net, torch.empty(size)) == table(arch("residual"))
    with pytest.raises(ValueError, match="7 channels, and this network needs 1"):
        table(net, torch.empty(1, 7, 16, 16))


@pytest.mark.parametrize("by", ["level", "layer"])
def test_each_receptive_field_is_computed_once(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    compute = receptive_field.node_receptive_field

    def counted(described: ArchIR, node: Node) -> tuple[tuple[int, int], ...]:
        calls[node.id] += 1
        return compute(described, node)

    monkeypatch.setattr(receptive_field, "node_receptive_field", counted)
    found = table(arch("paper"), by=by)
    assert calls == Counter(row.id for row in found.rows)
    assert dict(found.footer)["an output pixel sees"] == "188–204 px per axis"
