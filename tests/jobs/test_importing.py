"""Files of other systems become checkpoints; bad files and options are errors of one sentence, and nothing is run."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.oracles.foreign_layouts import added, caffe, elektronn3, jaxony, johschmidt42, milesial
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.importing import Imported, import_weights, network_state, next_commands, normaliser_of, read
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.nets.systems.milesial import MILESIAL


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def state() -> dict[str, Tensor]:
    return milesial().state()


def save_arrays(path: Path, weights: dict[str, Tensor]) -> None:
    arrays: dict[str, Any] = {key: value.numpy() for key, value in weights.items()}
    np.savez(path, **arrays)


def equal(one: Imported, other: Imported) -> bool:
    pairs = zip(one.network.state_dict().items(), other.network.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


def test_every_kind_of_file_gives_the_same_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = caffe().state()
    torch.save(weights, tmp_path / "new.pth")
    torch.save(weights, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{key}": value for key, value in weights.items()}}, tmp_path / "a.pth"
    )
    save_file(weights, tmp_path / "weights.safetensors")
    save_arrays(tmp_path / "blobs.npz", weights)
    found = [import_weights(file, "caffe") for file in sorted(tmp_path.iterdir())]
    assert len(found) == 5
    assert all(equal(found[0], other) for other in found[1:])
    assert found[0].preset == "released"
    assert "left out, because it is not of the network: epoch" in found[0].remarks


@pytest.mark.parametrize(
    ("content", "left_out"),
    [
        ({"state": {}}, ""),
        ({"epoch": 3, "state": {"scale": 1}, "ema": {"a": torch.zeros(1)}}, "epoch, ema, scale"),
        ({"nets": {"state": {}}}, ""),
        ({"nets": {"state": {}, "step": 2}, "outc.conv.bias": 3}, "outc.conv.bias, step"),
        ({"a.b": {"state": {}}, 7: torch.zeros(1)}, "7"),
    ],
)
def test_the_rest_of_a_file_is_named(content: dict[Any, Any], left_out: str) -> None:
    for inner in (content, *content.values()):
        if isinstance(inner, dict) and "state" in inner:
            inner["state"] = inner["state"] | state()
    weights, sentence = network_state(MILESIAL, content)
    assert len(weights) == len(state())
    assert sentence == (f"left out, because it is not of the network: {left_out}" if left_out else "")


def test_the_checkpoint_holds_the_network_and_its_task(tmp_path: Path) -> None:
    torch.save(state() | {"mask_values": [0, 255]}, tmp_path / "state.pth")
    found = import_weights(tmp_path / "state.pth", "milesial", classes=("background", "car"))
    found.save(tmp_path / "checkpoint.safetensors")
    kept = load(tmp_path / "checkpoint.safetensors")
    assert kept.notes["imported"] == {
        "file": "state.pth",
        "from": "milesial",
        "options": {"n_channels": 3, "n_classes": 2, "bilinear": False},
    }
    task = Task.from_notes(kept.notes)
    assert (task.classes, task.channels, task.scheme.kind) == (
        ("background", "car"),
        ("red", "green", "blue"),
        "classes",
    )
    image = np.random.default_rng(0).integers(0, 255, (3, 80, 96), dtype=np.uint8)
    theirs = milesial()
    torch.save(theirs.state(), tmp_path / "again.pth")
    import_weights(tmp_path / "again.pth", "milesial").save(tmp_path / "again.safetensors")
    expected = theirs(torch.from_numpy(image / 255.0)[None])[0].softmax(0)
    probabilities = Predictor.from_file(tmp_path / "again.safetensors")(image)
    inner = (slice(None), slice(24, -24), slice(24, -24))  # the borders are mirrored here, and zero there
    assert np.allclose(probabilities[inner], expected[inner], atol=1e-5)
    with pytest.raises(ValueError, match=r"again.pth: the checkpoint is a safetensors file; end its name in"):
        found.save(tmp_path / "again.pth")
    with pytest.raises(ValueError, match=r"checkpoint.safetensors exists; give another name with -o"):
        found.save(tmp_path / "checkpoint.safetensors")
    with pytest.raises(ValueError, match="this is a checkpoint of unet_tutorial already; pass it to unet predict"):
        import_weights(tmp_path / "checkpoint.safetensors", "milesial")


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    halves = {key: value.half() if value.is_floating_point() else value for key, value in state().items()}
    torch.save(halves, tmp_path / "half.pth")
    weights = import_weights(tmp_path / "half.pth", "milesial").network.state_dict()
    assert weights["head.weight"].dtype == torch.float32
    assert torch.equal(weights["head.weight"], halves["outc.conv.weight"].float())


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save({"a": Evil(tmp_path / "run")}, tmp_path / "evil.pth")
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Evil(tmp_path / "run")))
    for name in ("evil.pth", "evil.pt"):
        with pytest.raises(ValueError, match=rf"{name}: "):
            import_weights(tmp_path / name, "milesial")
    assert not (tmp_path / "run").exists()


class Whole(nn.Linear):
    """A module of somebody's project."""


def torch_save(content: object, path: Path) -> None:
    torch.save(content, path)


def torch_save_old(content: object, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def torch_save_4(content: object, path: Path) -> None:
    torch.save(content, path, pickle_protocol=4)


def pickle_dump(content: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("save", [torch_save, torch_save_old, torch_save_4, pickle_dump])
def test_the_printed_command_saves_the_tensors_of_a_pickle(
    save: Callable[[object, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a module, and of the dicts of training programs, which torch's restricted reader refuses."""
    monkeypatch.chdir(tmp_path)
    whole, best = Whole(1, 1), np.float64(0.3)
    weights: dict[str, Any] = dict(whole.state_dict())
    state = {"net": weights, "optimiser": {"state": {0: {"step": torch.ones(1)}}}}
    for content, kept in (
        (state | {"best": best}, state),
        (weights | {"mask_values": [best]}, weights),
        (whole, weights),
        ({"model": whole, "best": best}, {"model": weights}),
    ):
        save(content, tmp_path / "model.pt")
        with pytest.raises(ValueError, match=r"this is a pickle with .*, and nothing is unpickled here") as error:
            read(tmp_path / "model.pt")
        exec(str(error.value).split('python -c "')[1].split('" and import state.pth')[0], {})
        torch.testing.assert_close(read(tmp_path / "state.pth"), kept, rtol=0, atol=0)


def test_the_object_that_makes_a_file_a_pickle_is_named(tmp_path: Path) -> None:
    torch.save(Whole(1, 1), tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"pickle with an object of tests.jobs.test_importing.Whole, and nothing"):
        read(tmp_path / "model.pt")


def test_torchscript_is_refused_with_the_command_that_saves_its_weights(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "script.pts", "w") as archive:  # torch.jit.save is deprecated
        archive.writestr("script/data.pkl", b"")
        archive.writestr("script/constants.pkl", b"")
    with pytest.raises(ValueError, match=r"this is a TorchScript module, .*torch.jit.load\('script.pts', 'cpu'\)"):
        import_weights(tmp_path / "script.pts", "johschmidt42")


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["pth", "pt", "safetensors", "npz"])
def test_a_truncated_file_is_refused(kind: str, part: float, tmp_path: Path) -> None:
    file = tmp_path / f"weights.{kind}"
    weights = state()
    if kind == "safetensors":
        save_file(weights, file)
    elif kind == "npz":
        save_arrays(file, weights)
    else:
        torch.save(weights, file, _use_new_zipfile_serialization=kind == "pth")
    whole = file.read_bytes()
    file.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=rf"weights.{kind}: (cannot be read|this is no file)"):
        import_weights(file, "milesial")


@pytest.mark.parametrize("kind", ["pth", "stored.npz", "compressed.npz"])
def test_a_zip_file_with_a_changed_byte_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"weights.{kind}"
    arrays: dict[str, Any] = {key: value.numpy() for key, value in state().items()}
    if kind == "pth":
        torch.save(state(), file)
    else:
        (np.savez if kind == "stored.npz" else np.savez_compressed)(file, **arrays)
    whole = file.read_bytes()
    assert len(read(file)) == len(arrays)
    with zipfile.ZipFile(file) as archive:
        largest = max(archive.infolist(), key=lambda each: each.file_size)
    directory = whole.rindex(b"PK\1\2")
    for place in (largest.header_offset + 200, directory, directory + 6, directory + 8):  # data, start, version, flags
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        file.write_bytes(changed)
        with pytest.raises(ValueError, match=r"cannot be read .*; pass a complete file"):
            read(file)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "it holds an object of type list, and no state dict"),
        ({}, "it holds no tensors; pass a state dict"),
        ({"epoch": 3, "net": {}}, "it holds no tensors; pass a state dict"),
        ({"epoch": 3, "net": jaxony().state()}, "there is no .*; the first here is conv_final.bias; pass the name"),
        ({"a": state(), "b": state()}, "it holds 2 networks, under 'a.' and 'b.'; save the state dict of one"),
        (
            {"net": {"ema": {f"x.{key}": value for key, value in state().items()}}, "inc": state()},
            "it holds 2 networks",
        ),
        (state() | {"outc.conv.bias": torch.tensor([0, torch.nan])}, "head.bias holds NaN or infinity"),
        (
            state() | {"inc.double_conv.1.running_var": torch.tensor([1, -1e-3, 0, 2])},
            "encoder.stem.units.0.norm.running_var holds a variance below 0, which gives NaN; get the file",
        ),
        (
            jaxony().state(),
            "there is no .*; the first here is conv_final.bias; pass the name",
        ),
    ],
)
def test_other_contents_are_refused(content: object, sentence: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "content.pth")
    with pytest.raises(ValueError, match=f"content.pth: {sentence}"):
        import_weights(tmp_path / "content.pth", "milesial")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "net.caffemodel").write_bytes(b"\n\x05U-Net")
    (tmp_path / "text.pth").write_text("weights")
    np.savez(tmp_path / "objects.npz", np.array([{}], dtype=object))
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("weights.txt", "weights")
    for name, sentence in {
        "net.caffemodel": r"this is a file of Caffe; with pycaffe, write its blobs with numpy.savez\('blobs.npz'",
        "text.pth": "this is no file of torch.save, safetensors or numpy",
        "objects.npz": "cannot be read .*allow_pickle=False",
        "other.npz": "this is no file of torch.save, safetensors or numpy",
        "missing.pth": "there is no such file; pass a state dict",
        "": "this is a folder; pass the file in it that holds the state dict",
    }.items():
        with pytest.raises(ValueError, match=sentence):
            import_weights(tmp_path / name, "caffe")
    with pytest.raises(ValueError, match="system 'keras' is unknown; write one of elektronn3, jaxony, milesial"):
        import_weights(tmp_path / "text.pth", "keras")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"labels": "instances"}, "--labels instances: write classes .* or layers"),
        ({"classes": ("a", "")}, "classes 'a', '': give each class a name of its own"),
        ({"classes": ("a", "a")}, "classes 'a', 'a': give each class a name of its own"),
        ({"classes": ("a",)}, "classes 'a': write one name for each output of the network, 2 in all"),
        (
            {"normaliser": Normaliser("data", (0.0,), (1.0,))},
            "one number for each input channel of the network, 3 in all",
        ),
        ({"options": {"bilinear": object()}}, "write names and numbers, as JSON can hold them"),
        ({"options": {"depth": 3}}, "milesial has no option 'depth' here; its options are n_channels"),
    ],
)
def test_senseless_options_are_refused(given: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "state.pth")
    with pytest.raises(ValueError, match=sentence):
        import_weights(tmp_path / "state.pth", "milesial", **given)


def test_one_output_is_a_layer(tmp_path: Path) -> None:
    torch.save(milesial(1, 1).state(), tmp_path / "state.pth")
    found = import_weights(tmp_path / "state.pth", "milesial")
    assert (found.task.scheme.kind, found.task.channels) == ("layers", ("grey",))
    assert "the probability of each output is its sigmoid (--labels layers)" in found.remarks
    with pytest.raises(ValueError, match="--labels classes: the network has one output"):
        import_weights(tmp_path / "state.pth", "milesial", labels="classes")


def test_the_remarks_say_what_was_read_and_what_was_assumed(tmp_path: Path) -> None:
    torch.save(elektronn3(join=added).state(), tmp_path / "state.pth")
    found = import_weights(tmp_path / "state.pth", "elektronn3", {"planar_blocks": (), "conv_mode": "valid"})
    read, assumed, kind, normalised = found.remarks
    assert "n_blocks 3, start_filts 8" in read
    assert "merge_mode add, planar_blocks [], attention False" in read
    assert assumed.startswith(
        'not stated by the weights, so the default of elektronn3 was taken: activation "relu"; if'
    )
    assert kind == "probabilities are the softmax over its 2 outputs (--labels classes)"
    assert normalised.startswith("each image gets mean 0 and standard deviation 1 (--normalise image); if")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("", "", ""), None),
        (("percentile", "", ""), Normaliser("percentile")),
        (("", "0.5", "2"), Normaliser("data", (0.5,), (2.0,))),
        (("", "", "255,255"), Normaliser("data", (0.0, 0.0), (255.0, 255.0))),
        (("data", "1", ""), Normaliser("data", (1.0,), (1.0,))),
    ],
)
def test_normalisers(words: tuple[str, str, str], expected: Normaliser | None) -> None:
    assert normaliser_of(*words) == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("data", "", ""), "its mean and standard deviation are needed; give --mean and --std"),
        (("sometimes", "", ""), "--normalise sometimes: write one of image"),
        (("image", "1", ""), "--normalise image: leave it out, or leave out --mean and --std"),
        (("", "1", "0"), "^--mean 1 --std 0: write one finite number per channel, above 0 in --std"),
        (("", "", "0"), "^--std 0: write one"),
        (("", "1,2", "3"), "one finite number per channel"),
        (("", "nan", ""), "^--mean nan: write one finite number"),
        (("", "dark", ""), "mean 'dark': expected numbers separated by commas"),
    ],
)
def test_senseless_normalisers_are_refused(words: tuple[str, str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        normaliser_of(*words)


def test_the_next_commands_name_the_same_network(tmp_path: Path) -> None:
    torch.save(johschmidt42().state(), tmp_path / "state.pth")
    found = import_weights(tmp_path / "state.pth", "johschmidt42")
    predict, train = next_commands(found, "a b.safetensors")
    assert predict == "unet predict 'a b.safetensors' IMAGES -o FOLDER"
    assert train == (
        "unet train --start-from 'a b.safetensors' --preset assembled --widths 4,8,16 --kwargs "
        '\'{"norm": "batch", "order": ["conv", "act", "norm"], "up_norm": "batch", "up_act": "relu"}\' --data FOLDER'
    )
