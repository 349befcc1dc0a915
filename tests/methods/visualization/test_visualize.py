import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from phosphene import InputError, load_network, visualize, visualize_differences, visualize_layer
from phosphene.frame import Frame
from phosphene.images import to_tensor
from phosphene.methods.visualization.differences import VARIANTS
from phosphene.methods.visualization.facets import cluster, embeddings, facet_images
from phosphene.methods.visualization.loss import objective_loss, with_scores
from phosphene.methods.visualization.render import (
    FeatureVisualizer,
    RegularizedCanvas,
    Regularizers,
    initial_image,
)
from phosphene.optimize.canvas import Pixels
from phosphene.optimize.objectives import parse
from tests.pictures import PANDA

CLASSES = (
    *("dumbbell", "cup", "dalmatian", "bell pepper", "lemon"),
    *("goose", "kit fox", "Siberian husky", "ostrich", "scuba diver"),
)
"""Of ImageNet's two huskies the one that the network is sure of: an Eskimo dog stays near 0.6, its
twin taking the rest."""


CALM = {"zoom": 20, "turn": 5, "jitter": 8, "network": "efficientnet_lite0", "device": "cpu"}
QUICK = {"steps": 40, "size": 112, "octaves": 1, "center": 0, "tv": 20, **CALM}


@pytest.fixture(scope="module")
def net():
    return load_network("efficientnet_lite0", device="cpu")


def last(**options):
    *_, frame = visualize(**{**QUICK, **options})
    return frame


def test_ten_classes_are_certain_and_stay_likely_shifted_and_scaled(net):
    indices = torch.tensor([net.find_class(name) for name in CLASSES])
    rows = torch.arange(len(CLASSES))

    def loss(x):
        return {"logits": -net.logits(x)[rows, indices].mean()}

    generator = torch.Generator().manual_seed(0)
    regularizers = Regularizers(tv=60, jitter=16, zoom=40, turn=15)
    start = initial_image("noise", 160, 160, len(CLASSES), generator)
    *_, (_, grown) = FeatureVisualizer(loss, regularizers, generator).run(start, 128)

    def chance(pictures):
        with torch.no_grad():
            return net.logits(pictures).softmax(-1)[rows, indices]

    assert chance(grown).min() > 0.9
    moved = torch.roll(grown, (9, -7), (-2, -1))
    assert chance(moved).min() > 0.5
    assert chance(F.interpolate(grown, scale_factor=1.25, mode="bilinear")).min() > 0.5


def test_a_channel_is_raised_more_than_any_other_of_its_layer(net):
    def channels(picture):
        with torch.no_grad():
            return net.acts(picture, ["blocks.4"])["blocks.4"][0].flatten(1).mean(1)

    generator = torch.Generator().manual_seed(0)
    start = initial_image("noise", 112, 112, 1, generator)
    raised = channels(to_tensor(last(target="blocks.4:57").image)) - channels(start)
    assert raised.argmax() == 57


def test_a_class_keeps_to_the_middle_and_a_channel_fills_the_picture():
    def rim(target):
        """The contrast of a picture's border over that of its middle."""
        seen = to_tensor(last(target=target, center=None).image)
        border = torch.cat([seen[..., :8].flatten(), seen[..., -8:].flatten()])
        return float(border.std() / seen[..., 40:72, 40:72].std())

    assert rim("goose") < 0.8 < rim("blocks.3.2:10")


def test_frames_tell_score_probability_and_what_the_network_sees(net):
    frame = last(target="lemon")
    assert {"lemon: score", "lemon: percent"} == set(frame.metrics)
    assert len(frame.verdict) == 5
    assert 50 < frame.metrics["lemon: percent"] <= 100


@pytest.mark.parametrize("target", ["lemon", "ostrich"])
def test_a_probability_climbs_from_noise_and_is_shown_beside_the_score(target):
    frame = last(target=target, score="probability", steps=64)
    assert frame.metrics[f"{target}: percent"] > 90
    assert f"{target}: score" in frame.metrics


def test_diversity_makes_pictures_of_one_thing_differ(net):
    def alike(diversity):
        generator = torch.Generator().manual_seed(0)
        start = initial_image("noise", 96, 96, 3, generator)
        loss = objective_loss(net, parse("class:goose", net), start, diversity)
        regularizers = Regularizers(jitter=8)
        *_, (_, grown) = FeatureVisualizer(loss, regularizers, generator).run(start, 16)
        with torch.no_grad():
            return float(objective_loss(net, parse("class:goose", net), start, 1.0)(grown)["alike"])

    assert alike(10.0) < alike(0.001) - 0.02


def test_a_direction_lies_between_two_targets(net):
    lemon, goose = (last(target=name) for name in ("lemon", "goose"))
    frame = last(target="lemon", toward="goose", mix=0.5)
    for name, near, far in (("lemon", lemon, goose), ("goose", goose, lemon)):
        index = net.find_class(name)
        scores = [net.logits(to_tensor(f.image))[0, index] for f in (far, frame, near)]
        assert scores[0] < scores[1] < scores[2]


TWO = "efficientnet_lite0 + efficientnet_lite1"


def test_several_networks_agree_on_a_class_that_one_alone_does_not_convince_them_of():
    judge = load_network("efficientnet_lite1", device="cpu")

    def score(network):
        picture = to_tensor(last(target="goose", network=network, steps=32).image)
        with torch.no_grad():
            return float(judge.logits(picture)[0, judge.find_class("goose")])

    assert score(TWO) > score("efficientnet_lite0") + 1


def test_what_several_networks_make_of_a_picture_is_their_mean():
    nets = [load_network(name, device="cpu") for name in TWO.split(" + ")]
    picture = to_tensor(Image.open(PANDA).convert("RGB").resize((128, 128)))
    objective = parse("class:goose", nets[0])
    both, *alone = (
        with_scores(Frame(Image.new("RGB", (8, 8))), judges, objective, picture)
        for judges in (nets, nets[:1], nets[1:])
    )
    for name, value in both.metrics.items():
        assert value == pytest.approx(sum(frame.metrics[name] for frame in alone) / 2)
    best = next(iter(both.verdict))
    assert both.verdict[best] == pytest.approx(sum(f.verdict[best] for f in alone) / 2)


def test_a_run_names_the_weights_of_every_network_that_it_asked():
    frame = last(target="goose", network=TWO, steps=2)
    assert [text.split(" ")[0] for text in frame.recipe["weights"]] == TWO.split(" + ")


def test_a_channel_is_that_of_the_first_network_for_numbers_differ_between_networks():
    both = last(target="blocks.4:57", network=TWO, steps=2)
    alone = last(target="blocks.4:57", network="efficientnet_lite0", steps=2)
    assert np.array_equal(np.asarray(both.image), np.asarray(alone.image))


def test_a_layer_that_one_of_several_networks_lacks_is_named():
    with pytest.raises(InputError, match=r"tap of vgg19.*blocks\.4"):
        last(target="blocks.4", network="efficientnet_lite0 + vgg19")


def test_a_picture_can_be_the_start():
    photo = PANDA
    frame = last(target="goose", start="picture", image=photo, steps=2)
    assert max(frame.image.size) == 112
    with pytest.raises(InputError, match="picture to start from is missing"):
        last(start="picture")


@pytest.fixture(scope="module")
def kinds():
    """Six red skies over stripes and four pieces of one photograph, in turn."""
    photo = Image.open(PANDA).convert("RGB")
    pieces = [photo.crop((x, x, x + 200, x + 180)) for x in (0, 30, 60, 90)]
    rows = (np.arange(120) // 6 % 2 * 200).astype(np.uint8)
    stripes = [np.stack([np.tile(rows + n, (90, 1))] * 3, -1) for n in range(6)]
    for stripe in stripes:
        stripe[:45] = (220, 30, 30)
    return [*pieces[:2], *stripes, *pieces[2:]]


def test_unlike_examples_are_parted_the_larger_kind_first(net, kinds):
    pictures = [Image.fromarray(k) if isinstance(k, np.ndarray) else k for k in kinds]
    clusters, _ = cluster(embeddings(pictures, net), 2, torch.Generator().manual_seed(3))
    assert clusters.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    means = facet_images(kinds, net, 64, 2, torch.Generator().manual_seed(3))
    red = means[:, 0, :24] - means[:, 1:, :24].mean(1)
    assert means.shape == (2, 3, 64, 64)
    assert red[0].mean() > red[1].mean() + 0.1


def test_no_kind_is_empty_even_of_twins():
    twins = torch.ones(4, 3)
    clusters, _ = cluster(twins, 3, torch.Generator().manual_seed(0))
    assert sorted(set(clusters.tolist())) == [0, 1, 2]


def test_pictures_grow_from_kinds_of_examples_the_same_for_a_seed(kinds):
    options = {"target": "goose", "count": 2, "steps": 2, "size": 64, "examples": kinds}
    first, again = (np.asarray(last(**options).image) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, np.asarray(last(**options | {"examples": None}).image))


@pytest.mark.parametrize(("given", "words"), [(1, "1 example pictures for 2"), (25, "up to 24")])
def test_too_few_or_too_many_examples_are_said_in_a_sentence(kinds, given, words):
    with pytest.raises(InputError, match=words):
        last(count=2, examples=(kinds * 3)[:given])


@pytest.mark.parametrize(
    ("target", "words"),
    [("gose", "goose"), ("blocks.4:9999", "choose from 0"), ("", "empty"), ("bloks.4:3", "blocks")],
)
def test_an_unknown_target_is_answered_with_the_nearest(target, words):
    with pytest.raises(InputError, match=words):
        last(target=target)


def test_only_a_class_has_a_probability():
    with pytest.raises(InputError, match="only a class"):
        last(target="blocks.4:3", score="probability")


@pytest.mark.parametrize(
    "regularizers",
    [Regularizers(blur=1.0, blur_every=1), Regularizers(clip_norm=0.5, blur_every=1)],
)
def test_cleaning_takes_away_from_the_pixels(regularizers):
    start = initial_image("noise", 32, 32, 1, torch.Generator().manual_seed(0))
    canvas = RegularizedCanvas(Pixels(start), regularizers)
    canvas.project()
    assert (canvas() - 0.5).abs().mean() < 0.95 * (start - 0.5).abs().mean()


def test_pixels_that_contribute_little_are_clipped_first():
    picture = torch.full((1, 3, 4, 4), 0.6)
    gradient = torch.zeros(1, 3, 4, 4)
    gradient[..., :2] = 1.0
    cleaned = Regularizers(clip_contribution=0.5).cleaned(picture, gradient)
    assert (cleaned[..., :2] == 0.6).all()
    assert (cleaned[..., 2:] == 0.5).all()


def test_the_middle_is_kept_and_the_border_fades():
    canvas = RegularizedCanvas(Pixels(torch.ones(1, 3, 33, 33)), Regularizers(center=1.0))
    assert canvas()[0, 0, 16, 16] > 0.95
    assert canvas()[0, 0, 0, 0] < 0.6


def test_a_layer_sheet_has_a_picture_for_each_channel(net):
    frames = list(visualize_layer("blocks.3", first=2, count=4, steps=8, size=64, device="cpu"))
    assert frames[-1].image.size == (132, 132)
    assert frames[-1].loss < frames[0].loss
    with pytest.raises(InputError, match="choose from 0"):
        list(visualize_layer("blocks.3", first=999, device="cpu"))


def test_classes_are_channels_of_the_last_layer():
    options = {"first": 99, "count": 2, "steps": 8, "size": 64, "device": "cpu"}
    first, *_, frame = visualize_layer("logits", **options)
    assert [panel.caption for panel in frame.panels] == ["logits:99", "logits:100"]
    assert frame.loss < first.loss


def test_several_pictures_are_panels_and_one_is_the_picture_alone():
    frame = last(target="goose", count=2, steps=2, size=64)
    assert [panel.caption for panel in frame.panels] == ["goose, 1", "goose, 2"]
    assert {panel.image.size for panel in frame.panels} == {(64, 64)}
    assert not last(target="goose", steps=2, size=64).panels


def test_a_channels_panel_sets_what_draws_it_alone(net):
    options = {"first": 2, "count": 2, "steps": 2, "size": 64, "device": "cpu"}
    *_, frame = visualize_layer("blocks.3", **options)
    assert [panel.caption for panel in frame.panels] == ["blocks.3:2", "blocks.3:3"]
    for panel in frame.panels:
        alone = last(**panel.sets, steps=2, size=64)
        assert list(alone.metrics) == [panel.caption]
        assert alone.recipe["arguments"]["network"] == net.name


def test_every_regularizer_has_its_place_in_the_grid():
    *_, frame = visualize_differences("goose", steps=2, size=64, device="cpu")
    assert len(frame.panels) == len(VARIANTS)
    assert frame.step == frame.steps == 2 * len(VARIANTS)


def test_a_regularizers_panel_sets_what_grows_its_picture_alone():
    options = {"steps": 2, "size": 64, "device": "cpu"}
    *_, frame = visualize_differences("goose", **options)
    for variant, panel in zip(VARIANTS, frame.panels, strict=True):
        assert panel.caption.startswith(variant.name)
        *_, alone = visualize(**panel.sets, **options)
        assert np.array_equal(np.asarray(alone.image), np.asarray(panel.image)), variant.name


@pytest.mark.parametrize("target", ["goose", "bell pepper"])
def test_all_regularizers_together_draw_what_was_asked_for(net, target):
    _, fourier, octaves, lr, regularizers = VARIANTS[-1]
    generator = torch.Generator().manual_seed(0)
    start = initial_image("noise", 160, 160, 1, generator)
    loss = objective_loss(net, parse(f"class:{target}", net), start, 0.0)
    visualizer = FeatureVisualizer(loss, regularizers, generator, fourier, octaves, lr)
    *_, (_, grown) = visualizer.run(start, 96)
    assert net.verdict(grown, 1).get(target, 0) > 0.9
