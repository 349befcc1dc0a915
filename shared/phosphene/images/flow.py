"""Where each pixel was a moment ago: optical flow, and whether to trust it. Needs OpenCV.

A picture here is uint8 (H, W, 3) or float32 (H, W, 3) in [0, 1]; a flow is float32 (H, W, 2): what
is at (x, y) now was at (x, y) + flow before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from phosphene.errors import InputError

Array: TypeAlias = npt.NDArray[Any]

SIDE = 384
"""Pixels of the longer side at which flow is looked for; DIS takes milliseconds there."""
LEVELS = 0.04
"""How far, of 1, a pixel may differ from where it came from before it counts as another one."""
CUT_TRUST, CUT_CHANGE = 0.25, 0.08
"""A scene is a new one where less than this share is found again and pixels differ by so much."""
DARKENED = 0.03
"""Of the logarithm of how much lighter a picture became: above it, the light is another one."""
MEMORY = 0.3
"""Seconds after which a painted picture has faded to 1/e of what it was, where it is carried on."""


def opencv(use: str, extra: str) -> Any:
    """OpenCV, imported where it is needed; InputError, which names the use, where it is not."""
    try:
        import cv2
    except ImportError:
        raise InputError(
            f"{use} needs OpenCV, which is not installed: pip install 'phosphene[{extra}]'"
        ) from None
    return cv2


@dataclass(frozen=True)
class Motion:
    """From one picture to the next: the flow, and from 0 to 1 how far it is trusted (H, W).

    `light` is how many times as light most of it became.
    """

    flow: Array
    trust: Array
    light: float = 1.0

    @property
    def same_light(self) -> bool:
        """Whether it is as light as before."""
        return abs(math.log(self.light)) < DARKENED

    def warped(self, picture: Array) -> Array:
        """A float picture (H, W, 3) of before, moved to where its parts are now."""
        return moved(picture, self.flow)


class Steady:
    """What holds a painted film still: each picture takes over the one before where it moved to.

    The temporal consistency of arXiv 1604.08610 without its optimization: flow of both directions
    tells what is the same thing in both pictures, and there the paint stays.
    """

    def __init__(self) -> None:
        self._cv = opencv("holding flicker down", "film")
        self._dis = self._cv.DISOpticalFlow_create(self._cv.DISOPTICAL_FLOW_PRESET_FAST)
        self._before: Array | None = None
        self._painted: Array | None = None

    def look(self, picture: Array) -> Motion | None:
        """The motion since the picture looked at before; None at first and after a cut.

        InputError for a picture of another size.
        """
        before, self._before = self._before, picture
        if before is None:
            return None
        if before.shape != picture.shape:
            raise InputError("the pictures differ in size; give all of one size")
        motion = motion_of(self._dis, before, picture)
        if cut(motion, before, picture):
            self._painted = None
            return None
        return motion

    def carried(self, motion: Motion | None) -> Array | None:
        """The painted picture of before, moved to where its parts are now."""
        if motion is None or self._painted is None:
            return None
        return motion.warped(self._painted)

    def settle(self, painted: Array, motion: Motion | None, elapsed: float) -> Array:
        """A painted picture (H, W, 3), float, with as much of the one before as is trusted."""
        carried = self.carried(motion)
        if motion is not None and carried is not None:
            stays = (motion.trust * math.exp(-elapsed / MEMORY))[..., None]
            painted = painted + stays * (carried - painted)
        self._painted = painted
        return painted


def motion_of(dis: Any, before: Array, after: Array) -> Motion:
    """The motion between two uint8 pictures of one size, looked for at `SIDE` pixels."""
    cv = opencv("optical flow", "film")
    height, width = after.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = (max(round(width * scale), 12), max(round(height * scale), 12))
    grays = [cv.cvtColor(fitted(cv, p, small), cv.COLOR_RGB2GRAY) for p in (before, after)]
    backward = dis.calc(grays[1], grays[0], None)
    forward = dis.calc(grays[0], grays[1], None)
    trust = agreed(backward, forward).astype(np.float32)
    scales = np.array([width / small[0], height / small[1]], np.float32)
    flow = fitted(cv, backward, (width, height)) * scales
    there = moved(before.astype(np.float32) / 255, flow)
    light = lightened(there, after)
    same = cv.blur(np.exp(-((changed(there, after, light) / LEVELS) ** 2)), (3, 3))
    return Motion(flow, fitted(cv, cv.blur(trust, (3, 3)), (width, height)) * same, light)


def lightened(before: Array, after: Array) -> float:
    """How many times as light most of a picture became: a camera opens and closes its iris."""
    now = after[..., 1].astype(np.float32) / 255
    return min(max(float(np.median((now + 0.02) / (before[..., 1] + 0.02))), 0.5), 2.0)


def changed(before: Array, after: Array, light: float) -> Array:
    """How far pixels differ, of 1, (H, W), but for all being so many times as light."""
    off: Array = np.abs(before * light - after.astype(np.float32) / 255).max(-1)
    return off


def agreed(backward: Array, forward: Array) -> Array:
    """Where going back and forth again ends where it began (arXiv 1604.08610), bool (H, W)."""
    again = backward + moved(forward, backward)
    off = (again**2).sum(-1)
    length = (backward**2).sum(-1) + (moved(forward, backward) ** 2).sum(-1)
    return np.asarray(off < 0.01 * length + 0.5)


def cut(motion: Motion, before: Array, after: Array) -> bool:
    """Whether the later picture shows another scene."""
    change = changed(before.astype(np.float32) / 255, after, motion.light).mean()
    return bool(motion.trust.mean() < CUT_TRUST and change > CUT_CHANGE)


def moved(picture: Array, flow: Array) -> Array:
    """A picture (H, W, C) of before seen from now: its edge is repeated."""
    cv = opencv("optical flow", "film")
    height, width = flow.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    way = cv.INTER_CUBIC if picture.shape[-1] == 3 else cv.INTER_LINEAR
    shown: Array = cv.remap(picture, grid + flow, None, way, borderMode=cv.BORDER_REPLICATE)
    return shown.clip(0, 1) if picture.shape[-1] == 3 else shown


def fitted(cv: Any, array: Array, size: tuple[int, int]) -> Array:
    """An array (H, W, ...) at another (width, height)."""
    if (array.shape[1], array.shape[0]) == size:
        return array
    shrunk = size[0] < array.shape[1]
    resized: Array = cv.resize(
        array, size, interpolation=cv.INTER_AREA if shrunk else cv.INTER_LINEAR
    )
    return resized


def warping_error(painted: Array, before: Array, motion: Motion) -> float:
    """The mean squared difference of a painted picture and the one before it, moved along.

    Both float (H, W, 3); over what the motion trusts by half at least (arXiv 1604.08610); NaN
    where that is nothing.
    """
    inside = motion.trust > 0.5
    if not inside.any():
        return math.nan
    return float(((painted - motion.warped(before)) ** 2).mean(-1)[inside].mean())
