"""Attributions beside Captum and grad-cam: one picture, one class, the same settings.

    python benchmarks/saliency.py [single] [many]
    python benchmarks/saliency.py score_cam

single: methods of one pass there and back; many: those of many passes; score_cam: a pass for each
of 1280 channels, which takes grad-cam half a minute a round; by name alone. The peers come with
`make setup`. They are asked on the network as timm builds it, which is what somebody has who brings
them one; Captum, which takes any function, on our prepared network too.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch
from _tables import HERE, main
from _tables import Options as Settings
from _tools import as_built
from PIL import ImageOps
from torch import Tensor, nn

from phosphene import images, load_network
from phosphene.methods.saliency.case import Case, prepare
from phosphene.methods.saliency.catalog import ATTRIBUTIONS
from phosphene.methods.saliency.estimates import Options
from phosphene.methods.saliency.superpixels import superpixels
from phosphene.networks.network import Network

DOCUMENT = "saliency.md"
PHOTO = HERE.parent / "apps" / "adversarial" / "examples" / "koala.jpg"
LAYER, BATCH = "bn2", 8

Run: TypeAlias = Callable[["Model", Case, int], Tensor]
"""A network as a peer takes one, what is asked, the class's index -> a map (1, C, H, W)."""


class Model(nn.Module):
    """A network of pictures in [0, 1]: ours, or as its library builds it."""

    def __init__(self, network: Network, built: bool) -> None:
        super().__init__()
        self.network = network
        architecture = as_built(network.name) if built else None
        self.body = architecture.body.to(network.device) if architecture else None
        self.mean, self.std = network.mean, network.std
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Scores before the softmax."""
        return (
            self.network.logits(x) if self.body is None else self.body((x - self.mean) / self.std)
        )


def ours(name: str, **options: Any) -> Run:
    def run(_: Model, case: Case, index: int) -> Tensor:
        for estimate in ATTRIBUTIONS[name].run(case, Options(**options)):
            values = estimate.values
        return values

    return run


def captums(name: str, inner: str = "", **settings: Any) -> Run:
    def run(model: Model, case: Case, index: int) -> Tensor:
        import captum.attr

        method = getattr(captum.attr, name)
        asked = method(getattr(captum.attr, inner)(model) if inner else model)
        x = case.x.clone().requires_grad_()
        given = {k: v(case) if callable(v) else v for k, v in settings.items()}
        return asked.attribute(x, target=index, **given).detach()

    return run


def captums_cam(model: Model, case: Case, index: int) -> Tensor:
    from captum.attr import LayerAttribution, LayerGradCam

    method = LayerGradCam(model, model.body.get_submodule(LAYER))
    coarse = method.attribute(case.x, target=index, relu_attributions=True)
    return LayerAttribution.interpolate(coarse, tuple(case.x.shape[-2:]), "bilinear").detach()


def grad_cams(name: str, batch: int = 0) -> Run:
    def run(model: Model, case: Case, index: int) -> Tensor:
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        kind = getattr(pytorch_grad_cam, name)
        with kind(model, [model.body.get_submodule(LAYER)]) as method:
            if batch:
                method.batch_size = batch
            heat = method(case.x, [ClassifierOutputTarget(index)])
        return torch.from_numpy(heat)[None]

    return run


def sampled(name: str, count: int) -> dict[str, Run]:
    """Ours of so many samples."""
    return {"ours": ours(name, samples=count)}


def black(case: Case) -> Tensor:
    return torch.zeros_like(case.x)


def segments(case: Case) -> Tensor:
    return superpixels(case.x, 50)[None, None].expand_as(case.x)


SMOOTH = {"nt_type": "smoothgrad", "nt_samples": 25, "stdevs": 0.15, "abs": False}
INTEGRAL = {"n_steps": 50, "baselines": black}
WINDOWS = {"sliding_window_shapes": (3, 32, 32), "strides": (3, 16, 16), "baselines": 0}
PARTS_OF_PICTURE = {"feature_mask": segments, "n_samples": 256, "baselines": 0}
SINGLE: dict[str, dict[str, Run]] = {
    "gradient": {"ours": ours("gradient"), "Captum": captums("Saliency", abs=False)},
    "gradient × input": {
        "ours": ours("gradient_times_input"),
        "Captum": captums("InputXGradient"),
    },
    "guided backpropagation": {
        "ours": ours("guided_backpropagation"),
        "Captum": captums("GuidedBackprop"),
    },
    "Grad-CAM": {
        "ours": ours("grad_cam", layer=LAYER),
        "Captum": captums_cam,
        "grad-cam": grad_cams("GradCAM"),
    },
    "Grad-CAM++": {
        "ours": ours("grad_cam_plus_plus", layer=LAYER),
        "grad-cam": grad_cams("GradCAMPlusPlus"),
    },
    "Layer-CAM": {"ours": ours("layer_cam", layer=LAYER), "grad-cam": grad_cams("LayerCAM")},
}
MANY: dict[str, dict[str, Run]] = {
    "SmoothGrad, 25": {
        **sampled("smoothgrad", 25),
        "Captum": captums("NoiseTunnel", "Saliency", **SMOOTH),
        "Captum, batches of 8": captums(
            "NoiseTunnel", "Saliency", nt_samples_batch_size=BATCH, **SMOOTH
        ),
    },
    "integrated gradients, 50": {
        **sampled("integrated_gradients", 50),
        "Captum": captums("IntegratedGradients", **INTEGRAL),
        "Captum, batches of 8": captums(
            "IntegratedGradients", internal_batch_size=BATCH, **INTEGRAL
        ),
    },
    "integrated gradients within 1 %": {"ours": ours("integrated_gradients")},
    "expected gradients, 60": {
        **sampled("expected_gradients", 60),
        "Captum": captums("GradientShap", n_samples=60, baselines=black),
    },
    "occlusion, 32 by 16": {
        "ours": ours("occlusion", window=32, stride=16),
        "Captum": captums("Occlusion", **WINDOWS),
        "Captum, batches of 8": captums("Occlusion", perturbations_per_eval=BATCH, **WINDOWS),
    },
    "LIME, 256": {
        **sampled("lime", 256),
        "Captum": captums("Lime", **PARTS_OF_PICTURE),
        "Captum, batches of 8": captums("Lime", perturbations_per_eval=BATCH, **PARTS_OF_PICTURE),
    },
    "kernel SHAP, 256": {
        **sampled("kernel_shap", 256),
        "Captum": captums("KernelShap", **PARTS_OF_PICTURE),
        "Captum, batches of 8": captums(
            "KernelShap", perturbations_per_eval=BATCH, **PARTS_OF_PICTURE
        ),
    },
    "RISE, 500": sampled("rise", 500),
}
CHANNELS: dict[str, dict[str, Run]] = {
    "Score-CAM, 1280 channels": {
        "ours": ours("score_cam", layer=LAYER, samples=1280),
        "grad-cam": grad_cams("ScoreCAM"),
        "grad-cam, batches of 8": grad_cams("ScoreCAM", BATCH),
    },
    "Score-CAM, its 64 strongest": {"ours": ours("score_cam", layer=LAYER)},
}


def measured(run: Run, model: Model, case: Case, index: int) -> tuple[float, Tensor]:
    """Seconds and the map."""
    started = time.perf_counter()
    values = run(model, case, index)
    if case.x.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - started, values


def likeness(mine: Tensor, theirs: Tensor) -> float:
    """The correlation of two maps, which asks for no common scale."""
    mine, theirs = (m.double().cpu().flatten(2).sum(1).flatten() for m in (mine, theirs))
    return float(torch.corrcoef(torch.stack([mine, theirs]))[0, 1])


def table(options: Settings, methods: dict[str, dict[str, Run]]) -> Iterator[str]:
    """A row for each method and tool."""
    warnings.simplefilter("ignore")
    network = load_network(device=options.device)
    side = 64 if options.smoke else 224
    picture = ImageOps.fit(images.load(PHOTO), (side, side))
    case = prepare(picture, "koala", "", side, network, options.device)
    index = case.terms[0].channels[0]
    models = {"": Model(network, False), " as built": Model(network, True)}
    yield "| method | by | seconds | against ours | correlation with ours |"
    yield "|---|---|---|---|---|"
    for name, tools in methods.items():
        runs = {"ours": (tools["ours"], models[""])}
        for tool, run in tools.items():
            hooked = tool.startswith("grad-cam") or run is captums_cam or "guided" in name
            for where, model in models.items():
                if tool != "ours" and (where or not hooked):
                    runs[f"{tool}, network{where or ' ours'}"] = (run, model)
        yield from rows(name, runs, case, index, options.rounds)


def rows(
    name: str, runs: dict[str, tuple[Run, Model]], case: Case, index: int, rounds: int
) -> Iterator[str]:
    """The tools of one method, timed in turn after a first run of each."""
    times: dict[str, list[float]] = {tool: [] for tool in runs}
    maps: dict[str, Tensor] = {}
    for number in range(rounds + 1):
        for tool, (run, model) in runs.items():
            taken, maps[tool] = measured(run, model, case, index)
            if number or rounds == 1:
                times[tool].append(taken)
    for tool, taken in times.items():
        ratio = statistics.median(b / a for a, b in zip(times["ours"], taken, strict=True))
        like = "" if tool == "ours" else f"{likeness(maps['ours'], maps[tool]):.4f}"
        yield (
            f"| {name} | {tool} | {statistics.median(taken):.3f} "
            f"| {'' if tool == 'ours' else f'{ratio:.2f}'} | {like} |"
        )


def single(options: Settings) -> Iterator[str]:
    """One pass there and back."""
    yield from table(options, SINGLE)


def many(options: Settings) -> Iterator[str]:
    """Many passes."""
    yield from table(options, MANY)


def score_cam(options: Settings) -> Iterator[str]:
    """A pass for each channel."""
    yield from table(options, CHANNELS)


PARTS = {"single": single, "many": many, "score_cam": score_cam}

if __name__ == "__main__":
    main(__file__, DOCUMENT, PARTS, by_name=("score_cam",))
