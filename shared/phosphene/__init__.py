"""Phosphene: see what a neural network sees.

A frozen network, a canvas, a loss, one loop that descends it, and a stream of frames:

    >>> import phosphene
    >>> for frame in phosphene.dream("photo.jpg", layer="blocks.4"):  # doctest: +SKIP
    ...     print(frame.step, frame.loss)
    >>> frame.image.save("dream.png")  # doctest: +SKIP
"""

from phosphene.errors import InputError, PhospheneError, WeightsError
from phosphene.frame import Frame
from phosphene.methods import METHODS, repeat
from phosphene.methods.adversarial.curve import epsilon_curve
from phosphene.methods.adversarial.fool import fool
from phosphene.methods.adversarial.landscape import landscape
from phosphene.methods.adversarial.nothing import fool_from_nothing
from phosphene.methods.adversarial.patch import lay_patch, patch
from phosphene.methods.adversarial.robustness import robustness
from phosphene.methods.adversarial.transfer import transfer
from phosphene.methods.adversarial.universal import universal
from phosphene.methods.deepdream.brush import dream_brush
from phosphene.methods.deepdream.dream import dream
from phosphene.methods.deepdream.film import dream_video, zoom
from phosphene.methods.deepdream.looks import dream_looks
from phosphene.methods.feature_inversion.invert import invert
from phosphene.methods.feature_inversion.walk import invert_layers
from phosphene.methods.instant_style.films import paint_camera, paint_video
from phosphene.methods.instant_style.instant import instant
from phosphene.methods.instant_style.teach import teach
from phosphene.methods.saliency.attribute import attribute
from phosphene.methods.saliency.by_hand import occlude
from phosphene.methods.saliency.compare import compare
from phosphene.methods.saliency.depth import attribute_layers
from phosphene.methods.saliency.honesty import honesty
from phosphene.methods.saliency.segment import segment
from phosphene.methods.style_transfer.film import stylize_video
from phosphene.methods.style_transfer.sources import Style
from phosphene.methods.style_transfer.stylize import stylize
from phosphene.methods.style_transfer.texture import texture
from phosphene.methods.style_transfer.vary import vary_style
from phosphene.methods.vae.anomaly import anomaly
from phosphene.methods.vae.arithmetic import arithmetic
from phosphene.methods.vae.denoise import denoise
from phosphene.methods.vae.edit import edit
from phosphene.methods.vae.face import face
from phosphene.methods.vae.face_map import face_map
from phosphene.methods.vae.few_labels import few_labels
from phosphene.methods.vae.holes import holes
from phosphene.methods.vae.interpolate import interpolate
from phosphene.methods.vae.latent_map import latent_map
from phosphene.methods.vae.latents import latents
from phosphene.methods.vae.patches import swap_patch
from phosphene.methods.vae.reconstruct import reconstruct
from phosphene.methods.vae.repair import repair
from phosphene.methods.vae.sample import sample
from phosphene.methods.vae.square import interpolate_four
from phosphene.methods.vae.train import train_autoencoder
from phosphene.methods.vae.traverse import traverse
from phosphene.methods.visualization.differences import visualize_differences
from phosphene.methods.visualization.visualize import visualize, visualize_layer
from phosphene.networks.autoencoder import load_autoencoder
from phosphene.networks.features import features
from phosphene.networks.loading import load_network
from phosphene.networks.own import adopt
from phosphene.optimize.objectives import (
    Objective,
    channel,
    class_,
    custom,
    layer,
    neuron,
)
from phosphene.version import __version__

__all__ = [
    "METHODS",
    "Frame",
    "InputError",
    "Objective",
    "PhospheneError",
    "Style",
    "WeightsError",
    "__version__",
    "adopt",
    "anomaly",
    "arithmetic",
    "attribute",
    "attribute_layers",
    "channel",
    "class_",
    "compare",
    "custom",
    "denoise",
    "dream",
    "dream_brush",
    "dream_looks",
    "dream_video",
    "edit",
    "epsilon_curve",
    "face",
    "face_map",
    "features",
    "few_labels",
    "fool",
    "fool_from_nothing",
    "holes",
    "honesty",
    "instant",
    "interpolate",
    "interpolate_four",
    "invert",
    "invert_layers",
    "landscape",
    "latent_map",
    "latents",
    "lay_patch",
    "layer",
    "load_autoencoder",
    "load_network",
    "neuron",
    "occlude",
    "paint_camera",
    "paint_video",
    "patch",
    "reconstruct",
    "repair",
    "repeat",
    "robustness",
    "sample",
    "segment",
    "stylize",
    "stylize_video",
    "swap_patch",
    "teach",
    "texture",
    "train_autoencoder",
    "transfer",
    "traverse",
    "universal",
    "vary_style",
    "visualize",
    "visualize_differences",
    "visualize_layer",
    "zoom",
]
