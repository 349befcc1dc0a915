"""Phosphene: see what a neural network sees.

A frozen network, a canvas, a loss, one loop that descends it, and a stream of frames:

    >>> import phosphene
    >>> for frame in phosphene.dream("photo.jpg", tap="blocks.4"):  # doctest: +SKIP
    ...     print(frame.step, frame.loss)
    >>> frame.image.save("dream.png")  # doctest: +SKIP
"""

from phosphene import memory
from phosphene.errors import InputError, PhospheneError, WeightsError
from phosphene.frame import Frame
from phosphene.loading import load_network
from phosphene.methods import METHODS, repeat
from phosphene.methods.differences import visualize_differences
from phosphene.methods.dream import dream
from phosphene.methods.film import dream_video, zoom
from phosphene.methods.invert import invert
from phosphene.methods.invert_layers import invert_layers
from phosphene.methods.style import stylize
from phosphene.methods.texture import texture
from phosphene.methods.vary import vary_style
from phosphene.methods.visualize import visualize, visualize_layer
from phosphene.vectors import features

__version__ = "0.1.0"

memory.keep()  # before any thread has asked for some

__all__ = [
    "METHODS",
    "Frame",
    "InputError",
    "PhospheneError",
    "WeightsError",
    "dream",
    "dream_video",
    "features",
    "invert",
    "invert_layers",
    "load_network",
    "repeat",
    "stylize",
    "texture",
    "vary_style",
    "visualize",
    "visualize_differences",
    "visualize_layer",
    "zoom",
]
