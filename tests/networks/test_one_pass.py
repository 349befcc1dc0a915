"""Networks that paint in one pass, beside onnxruntime on the files they were read from."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from phosphene import images
from phosphene.errors import InputError, WeightsError
from phosphene.networks import one_pass, onnx_file, registry
from phosphene.networks.any_style import load_any_style
from phosphene.networks.brush import LAST_SIZE, SIZE, Brush, affine, blend, last_weights
from phosphene.networks.stylizer import STYLES, load_stylizer

EXAMPLES = Path(__file__).parents[2] / "apps" / "style_transfer" / "examples"
PHOTOS = ("cat", "koala", "flower")


def photo(name: str, width: int = 96, height: int = 72) -> torch.Tensor:
    picture = Image.open(EXAMPLES / f"{name}.jpg").convert("RGB").resize((width, height))
    return images.to_tensor(picture)


def session(name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = registry.REGISTRY[name].embedded.path
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def net():
    return load_stylizer("cpu")


@pytest.mark.parametrize("name", PHOTOS)
def test_all_26_styles_agree_with_onnxruntime_to_a_thousandth(net, name):
    x, run = photo(name), session("multistyle26")
    with torch.no_grad():
        ours = torch.cat([net.paint(x, brush.numbers) for brush in net.brushes])
    for number, painting in enumerate(ours):
        weights = np.eye(len(STYLES), dtype=np.float32)[number]
        (theirs,) = run.run(None, {"image": x.numpy(), "style_weights": weights})
        assert np.abs(theirs[0] - painting.numpy()).max() < 1e-3, STYLES[number]


def test_a_blend_agrees_with_onnxruntime(net):
    x, weights = photo("cat"), np.zeros(len(STYLES), np.float32)
    weights[[2, 11, 19]] = 0.5, 0.2, 0.3
    mixed = blend([net.brushes[i] for i in (2, 11, 19)], (5, 2, 3), net.last)
    with torch.no_grad():
        ours = net.paint_with(x, mixed)
    (theirs,) = session("multistyle26").run(None, {"image": x.numpy(), "style_weights": weights})
    assert np.abs(theirs - ours.numpy()).max() < 1e-3


def test_any_style_is_near_its_8_bit_original():
    """The original rounds what it computes to 256 levels, ours does not."""
    net = load_any_style("cpu")
    read, paint = session("arbitrary_predict"), session("arbitrary_transform")
    names = [entry.name for entry in paint.get_inputs()]
    art = Image.open(EXAMPLES / "styles" / "great_wave.jpg").convert("RGB").resize((256, 256))
    painting = images.to_tensor(art)
    (theirs,) = read.run(None, {"style_image": painting.permute(0, 2, 3, 1).numpy()})
    code = torch.from_numpy(theirs.reshape(1, 100))
    with torch.no_grad():
        ours = net.read(painting)
        alike = torch.corrcoef(torch.cat([ours, code]))[0, 1]
        assert alike > 0.95
        for name in PHOTOS[:2]:
            x = photo(name, 384, 384)
            picture = x.permute(0, 2, 3, 1).numpy()
            (rounded,) = paint.run(None, {names[0]: picture, names[1]: theirs})
            difference = np.abs(rounded[0] - net.paint(x, code)[0].permute(1, 2, 0).numpy())
            assert difference.mean() < 0.05


@pytest.mark.parametrize("size", [(96, 72), (61, 83)])
def test_bands_of_rows_equal_the_whole(net, monkeypatch, size):
    x = photo("koala", *size)
    other = load_any_style("cpu")
    code = torch.linspace(-1, 1, 100)
    with torch.no_grad():
        whole = net.paint(x, net.brushes[7].numbers), other.paint(x, code)
        monkeypatch.setattr(one_pass, "WHOLE", 0)
        monkeypatch.setattr(one_pass, "BAND", 12 * x.shape[-1])
        banded = net.paint(x, net.brushes[7].numbers), other.paint(x, code)
    for one, two in zip(whole, banded, strict=True):
        assert one.shape == two.shape == x.shape
        torch.testing.assert_close(one, two, rtol=0, atol=1e-4)


def test_statistics_that_are_replaced_are_asked_for_in_bands_as_well(net, monkeypatch):
    x, seen = photo("cat"), {}

    def kept(name, mean, variance):
        seen.setdefault(name, []).append((mean, variance))
        return mean, variance

    with torch.no_grad():
        net.paint(x, net.brushes[0].numbers, moments=kept)
        monkeypatch.setattr(one_pass, "WHOLE", 0)
        monkeypatch.setattr(one_pass, "BAND", 12 * 96)
        net.paint(x, net.brushes[0].numbers, moments=kept)
    assert list(seen) == list(affine(net.brushes[0].numbers))
    for whole, banded in seen.values():
        torch.testing.assert_close(whole, banded, rtol=1e-3, atol=1e-4)


def test_a_picture_with_gradients_is_never_painted_in_bands(net, monkeypatch):
    monkeypatch.setattr(one_pass, "WHOLE", 0)
    numbers = net.brushes[3].numbers.clone().requires_grad_()
    last = net.last.clone().requires_grad_()
    net.paint(photo("cat", 48, 48), numbers, last=last).mean().backward()
    assert numbers.grad.abs().sum() > 0
    assert last.grad.abs().sum() > 0


def test_each_picture_of_a_batch_may_have_its_own_style(net):
    x = torch.cat([photo("cat"), photo("koala")])
    numbers = torch.stack([net.brushes[4].numbers, net.brushes[9].numbers])
    with torch.no_grad():
        both = net.paint(x, numbers)
        for picture, style, painted in zip(x, numbers, both, strict=True):
            alone = net.paint(picture[None], style)[0]
            torch.testing.assert_close(painted, alone, rtol=0, atol=1e-4)


def test_a_blend_at_a_corner_is_the_corner_bit_for_bit(net):
    one, two = net.brushes[0], net.brushes[1]
    assert blend([one, two], (1, 0), net.last) is one
    mixed = blend([one, two], (1, 1), net.last)
    torch.testing.assert_close(mixed.numbers, (one.numbers + two.numbers) / 2)
    assert mixed.last is None


def test_a_brush_with_last_layers_of_its_own_blends_with_the_networks(net):
    own = Brush("own", net.brushes[0].numbers, net.last + 1)
    mixed = blend([own, net.brushes[1]], (1, 3), net.last)
    torch.testing.assert_close(mixed.last, net.last + 0.25)
    assert sum(kernel.numel() for kernel in last_weights(mixed.last).values()) == LAST_SIZE


@pytest.mark.parametrize("weights", [(), (1,), (-1, 2), (0, 0)])
def test_weights_that_blend_nothing_are_named(net, weights):
    with pytest.raises(InputError, match="weights of a blend"):
        blend(net.brushes[:2], weights, net.last)


def test_what_cannot_be_painted_is_named(net):
    with pytest.raises(InputError, match="picture is 8×40; at least 16×16"):
        net.paint(torch.zeros(1, 3, 40, 8), net.brushes[0].numbers)
    with pytest.raises(InputError, match=f"a brush has {SIZE} numbers; these are 3"):
        net.paint(photo("cat"), torch.zeros(3))


def test_networks_are_loaded_once():
    assert load_stylizer("cpu") is load_stylizer("cpu")
    assert load_any_style("cpu") is load_any_style("cpu")


def test_a_file_that_is_no_network_is_named(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"\xff\xfe not a model")
    with pytest.raises(WeightsError, match=r"bad\.onnx cannot be read"):
        onnx_file.tensors(tmp_path / "bad.onnx")
