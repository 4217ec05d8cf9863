"""The door for learned models, on small models built here whose answers NumPy and SciPy know."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.ndimage import uniform_filter
from scipy.special import expit

from siteline.detect.bitemporal.onnxmodel import LearnedModel, load_model, run
from siteline.detect.bitemporal.tiles import Tiling, blended
from siteline.model.errors import BadInput, FileTrouble

BANDS = ["red", "green"]


def weights(channels: int) -> onnx.TensorProto:
    """A 3 x 3 mean over all channels, for a convolution."""
    return numpy_helper.from_array(np.full((1, channels, 3, 3), 1 / (9 * channels), np.float32), "w")


def model_of(nodes: list[onnx.NodeProto], inputs: dict[str, list[Any]], initializers: list[onnx.TensorProto], kind: int = 1):
    values = [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()]
    out = [helper.make_tensor_value_info("change", kind, [1, 1, None, None])]
    graph = helper.make_graph(nodes, "g", values, out, initializers)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("of.mine", 1)], ir_version=9
    )


def both(shape: list[Any]) -> dict[str, list[Any]]:
    return {"before": shape, "after": shape}


def difference(side: Any = None) -> onnx.ModelProto:
    """after - before through the 3 x 3 mean, zeros beyond the edge of a tile."""
    nodes = [
        helper.make_node("Sub", ["after", "before"], ["d"]),
        helper.make_node("Conv", ["d", "w"], ["change"], pads=[1, 1, 1, 1]),
    ]
    return model_of(nodes, both([1, len(BANDS), side, side]), [weights(len(BANDS))])


def description(**changes: Any) -> dict[str, Any]:
    inputs = [{"name": scene, "scene": scene, "bands": BANDS} for scene in ("before", "after")]
    output = {"name": "change", "means": "probability"}
    return {"inputs": inputs, "tile": 32, "overlap": 8, "output": output} | changes


def saved(folder: Path, model: onnx.ModelProto, told: dict[str, Any]) -> Path:
    path = folder / "model.onnx"
    onnx.save(model, path)
    path.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> LearnedModel:
    return load_model(saved(tmp_path, difference(), description()))


def scenes(rows: int, columns: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.random((2, rows, columns)).astype(np.float32) for _ in range(2))  # type: ignore[return-value]


def truth(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return uniform_filter((after - before).astype(np.float64).mean(axis=0), 3, mode="mirror")


@pytest.mark.parametrize("shape", [(32, 32), (100, 75), (33, 31), (28, 24), (25, 200), (7, 9), (2, 40)])
def test_tiles_leave_no_seam_and_no_edge(plain: LearnedModel, shape: tuple[int, int]):
    """A convolution sees zeros beyond each tile: margins thrown away and reflected edges give SciPy's answer."""
    before, after = scenes(*shape)
    assert run(plain, before, after, BANDS, BANDS) == pytest.approx(truth(before, after), abs=1e-6)


def test_a_single_pixel_has_an_answer(plain: LearnedModel):
    before, after = scenes(1, 1)
    assert run(plain, before, after, BANDS, BANDS) == pytest.approx((after - before).mean(axis=0), abs=1e-6)


def test_the_size_of_tiles_does_not_matter(tmp_path: Path):
    before, after = scenes(90, 70)
    for tile, overlap in ((16, 4), (48, 24), (128, 16)):
        model = load_model(saved(tmp_path, difference(), description(tile=tile, overlap=overlap)))
        assert run(model, before, after, BANDS, BANDS) == pytest.approx(truth(before, after), abs=1e-6)


def test_without_overlap_tiles_stand_side_by_side(tmp_path: Path):
    found = run(load_model(saved(tmp_path, difference(32), description(overlap=0))), *scenes(64, 64), BANDS, BANDS)
    off = np.abs(found - truth(*scenes(64, 64))) > 1e-6
    assert off[31:33].any() and not off[1:31, 1:31].any() and not off[33:63, 33:63].any()


def test_tapers_of_neighbours_add_up_to_one():
    for tiling in (Tiling(32, 8), Tiling(17, 5), Tiling(20, 10), Tiling(6, 0)):
        step, line = tiling.side - tiling.overlap, tiling.taper()[tiling.side // 2]
        total = np.zeros(3 * step + tiling.overlap)
        for start in range(0, 3 * step, step):
            total[start : start + tiling.side] += line
        assert total[step : 2 * step + tiling.overlap - tiling.margin] == pytest.approx(1)


def test_every_pixel_of_any_length_is_answered():
    for tiling in (Tiling(8, 4), Tiling(7, 3), Tiling(1, 0)):
        for length in range(1, 40):
            image = np.random.default_rng(length).random((1, length, 3)).astype(np.float32)
            assert blended(lambda tile: tile[0], image, tiling) == pytest.approx(image[0], abs=1e-6)


def test_bands_are_taken_by_name_and_scaled(tmp_path: Path):
    """One input of both scenes, its own order of bands, other bands beside them, and logits."""
    node = helper.make_node("Conv", ["x", "pick"], ["change"])
    pick = numpy_helper.from_array(np.array([1, 10, 100, 1000], np.float32).reshape(1, 4, 1, 1), "pick")
    told = [{"name": "x", "scene": "both", "bands": ["nir", "red"], "scale": [2, 0.5], "offset": -0.1}]
    output = {"name": "change", "means": "logit"}
    path = saved(tmp_path, model_of([node], {"x": [None, 4, None, None]}, [pick]), description(inputs=told, output=output))
    rng = np.random.default_rng(2)
    before, after = rng.random((3, 40, 50)) * 0.01, rng.random((2, 40, 50)) * 0.01
    found = run(load_model(path), before, after, ["red", "green", "nir"], ["nir", "red"])
    layers = [before[2] * 2, before[0] * 0.5, after[0] * 2, after[1] * 0.5]
    expected = expit(sum(10**n * (layer - 0.1) for n, layer in enumerate(layers)))
    assert found == pytest.approx(expected, abs=1e-5)


def test_one_of_several_output_layers_is_chosen(tmp_path: Path):
    node = helper.make_node("Concat", ["before", "after"], ["change"], axis=1)
    model = model_of([node], both([1, 2, 32, 32]), [])
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    before, after = scenes(50, 50)
    for channel, layer in enumerate([*before, *after]):
        told = description(output={"name": "change", "means": "probability", "channel": channel})
        found = run(load_model(saved(tmp_path, model, told)), before, after, BANDS, BANDS)
        assert found == pytest.approx(layer, abs=1e-6)
    told["output"]["channel"] = 4
    with pytest.raises(BadInput, match="channel 4 is needed"):
        run(load_model(saved(tmp_path, model, told)), before, after, BANDS, BANDS)


def test_pixels_that_are_missing_are_missing_in_the_answer(plain: LearnedModel):
    before, after = scenes(80, 60)
    before[1, 10:14, 20], after[0, 70, 5] = np.nan, np.inf
    found = run(plain, before, after, BANDS, BANDS)
    expected = np.zeros((80, 60), bool)
    expected[10:14, 20] = expected[70, 5] = True
    assert (np.isnan(found) == expected).all()
    away = uniform_filter(expected.astype(float), 3) < 1e-9
    assert found[away] == pytest.approx(truth(*scenes(80, 60))[away], abs=1e-6)


def test_missing_pixels_of_bands_that_are_not_used_do_not_matter(plain: LearnedModel):
    before, after = scenes(40, 40)
    more = np.concatenate([before, np.full((1, 40, 40), np.nan, np.float32)])
    assert np.isfinite(run(plain, more, after, [*BANDS, "nir"], BANDS)).all()


def test_where_nothing_was_seen_the_model_is_not_asked(plain: LearnedModel):
    before, after = scenes(40, 90)
    before[0] = np.nan
    assert np.isnan(run(plain, before, after, BANDS, BANDS)).all()
    before, after = scenes(40, 90)
    before[:, :, :60] = np.nan
    asked: list[np.ndarray] = []
    blended(lambda tile: asked.append(tile) or tile[0], before, Tiling(32, 8))  # type: ignore[func-returns-value]
    assert len(asked) == 2 * 2


def test_scenes_that_do_not_fit_are_refused(plain: LearnedModel):
    before, after = scenes(40, 40)
    with pytest.raises(BadInput, match="needs green of the scene after, which has red, nir; load these bands"):
        run(plain, before, after, BANDS, ["red", "nir"])
    with pytest.raises(BadInput, match="with 3 bands named"):
        run(plain, before, after, ["red", "green", "nir"], BANDS)
    with pytest.raises(BadInput, match="one grid"):
        run(plain, before, after[:, :30], BANDS, BANDS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"inputs": [{"name": "before", "scene": "before", "bands": BANDS}]},
            "inputs are 'after', 'before', those described",
        ),
        ({"inputs": [{"name": n, "scene": n, "bands": ["red"]} for n in ("before", "after")]}, r"\(1, 1, 32, 32\)"),
        ({"tile": 64}, r"the shape \(1, 2, 32, 32\), the description gives \(1, 2, 64, 64\)"),
        ({"output": {"name": "map", "means": "logit"}}, "the output 'map' is not among the model's: 'change'"),
    ],
)
def test_a_description_of_another_model_is_refused(tmp_path: Path, changes: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message):
        load_model(saved(tmp_path, difference(32), description(**changes)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile": "32"}, "tile must be a whole number from 1 to 4096"),
        ({"overlap": 20}, "overlap must be a whole number from 0 to 16"),
        ({"means": 1}, "it has means, which nobody knows"),
        ({"inputs": []}, "inputs must be a list"),
        ({"inputs": [{"name": "x", "scene": "during", "bands": BANDS}]}, "scene must be one of before, after, both"),
        ({"inputs": [{"name": "x", "scene": ["before"], "bands": BANDS}]}, "scene must be one of"),
        ({"inputs": [{"name": "x", "scene": "both", "bands": []}]}, "bands must be a list"),
        ({"inputs": [{"name": "x", "scene": "both"}]}, "lacks bands"),
        (
            {"inputs": [{"name": "x", "scene": "both", "bands": BANDS, "scale": [1]}]},
            "scale must be a number, or one for each",
        ),
        ({"inputs": [{"name": "x", "scene": "both", "bands": BANDS, "offset": float("nan")}]}, "offset must be a number"),
        ({"inputs": [{"name": "x", "scene": "both", "bands": BANDS}] * 2}, "two inputs have one name"),
        ({"output": {"name": "change", "means": "score"}}, "must be 'probability' or 'logit', not 'score'"),
        ({"output": "change"}, "output must be an object with means, name"),
    ],
)
def test_a_description_that_is_wrong_says_where(tmp_path: Path, changes: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message):
        load_model(saved(tmp_path, difference(), description(**changes)))


def test_a_description_that_is_missing_or_no_json_is_refused(tmp_path: Path):
    path = saved(tmp_path, difference(), description())
    elsewhere = tmp_path / "told.txt"
    path.with_suffix(".json").rename(elsewhere)
    assert load_model(path, elsewhere).name == "model.onnx"
    with pytest.raises(BadInput, match=r"model.onnx has no description"):
        load_model(path)
    elsewhere.write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match=r"told.txt, the description of a model, cannot be used"):
        load_model(path, elsewhere)


def test_without_onnxruntime_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BadInput, match=r"pip install 'siteline\[onnx\]'"):
        load_model(saved(tmp_path, difference(), description()))


def test_operators_of_its_own_are_refused(tmp_path: Path):
    node = helper.make_node("Magic", ["before", "after"], ["change"], domain="of.mine")
    model = model_of([node], both([1, 2, 32, 32]), [])
    with pytest.raises(BadInput, match="needs operators of its own"):
        load_model(saved(tmp_path, model, description()))


def test_numbers_of_another_kind_are_refused(tmp_path: Path):
    node = helper.make_node("Sub", ["before", "after"], ["change"])
    model = model_of([node], both([1, 2, 32, 32]), [], TensorProto.DOUBLE)
    with pytest.raises(BadInput, match=r"takes tensor\(double\)"):
        load_model(saved(tmp_path, model, description()))


def test_a_model_that_fails_while_it_runs_says_so(tmp_path: Path):
    shape = numpy_helper.from_array(np.array([1, 1, 7, 7]), "s")
    nodes = [helper.make_node("Sub", ["before", "after"], ["d"]), helper.make_node("Reshape", ["d", "s"], ["change"])]
    model = model_of(nodes, both([1, 2, None, None]), [shape])
    with pytest.raises(BadInput, match=r"model.onnx failed on a tile of 32 px"):
        run(load_model(saved(tmp_path, model, description())), *scenes(40, 40), BANDS, BANDS)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x3a\xff\xff\xff\xff\x0f", b"\x3a" * 50])
def test_files_that_are_no_models_are_refused(tmp_path: Path, content: bytes):
    path = saved(tmp_path, difference(), description())
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"model.onnx"):
        load_model(path)


def test_damaged_models_never_crash(tmp_path: Path):
    path = saved(tmp_path, difference(), description())
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        try:
            load_model(path)
        except BadInput:
            continue


def with_weights_in(location: str, where: str) -> onnx.ModelProto:
    """The difference model with its weights in another file; ``where``: the part of the model that holds them."""
    tensor = weights(len(BANDS))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "72")):
        tensor.external_data.add(key=key, value=value)
    model = difference()
    if where == "initializer":
        del model.graph.initializer[:]
        model.graph.initializer.append(tensor)
        return model
    del model.graph.initializer[:]
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    if where == "constant":
        model.graph.node.insert(0, constant)
        return model
    branch = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("w", 1, [1, 2, 3, 3])])
    yes = numpy_helper.from_array(np.array(True), "yes")
    model.graph.initializer.append(yes)
    model.graph.node.insert(0, helper.make_node("If", ["yes"], ["w"], then_branch=branch, else_branch=branch))
    return model


@pytest.mark.parametrize("where", ["initializer", "constant", "branch"])
@pytest.mark.parametrize("location", ["../w.bin", "/etc/hostname", "a/../../w.bin", "link/w.bin"])
def test_weights_outside_the_models_folder_are_not_read(tmp_path: Path, where: str, location: str):
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(72))
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="outside its own folder, and was not opened"):
        load_model(saved(folder, with_weights_in(location, where), description()))


def test_weights_beside_the_model_are_read(tmp_path: Path):
    path = saved(tmp_path, with_weights_in("w.bin", "initializer"), description())
    with pytest.raises(FileTrouble, match=r"w.bin: is missing, where model.onnx keeps its weights"):
        load_model(path)
    (tmp_path / "w.bin").write_bytes(np.full(18, 1 / 18, np.float32).tobytes())
    before, after = scenes(60, 40)
    assert run(load_model(path), before, after, BANDS, BANDS) == pytest.approx(truth(before, after), abs=1e-6)
