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
LEVELS = 0.03
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

    `light` is how many times as light most of it became, `change` how far, of 1, its pixels differ
    where they are.
    """

    flow: Array
    trust: Array
    light: float = 1.0
    change: float = 0.0

    @property
    def same_light(self) -> bool:
        """Whether it is as light as before."""
        return abs(math.log(self.light)) < DARKENED

    @property
    def cut(self) -> bool:
        """Whether it is another scene."""
        return bool(self.change > CUT_CHANGE and self.trust.mean() < CUT_TRUST)

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
        if motion.cut:
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
    then, now = (cv.cvtColor(fitted(cv, p, small), cv.COLOR_RGB2GRAY) for p in (before, after))
    backward, forward = dis.calc(now, then, None), dis.calc(then, now, None)
    there, again = moved(then, backward), moved(forward, backward)
    light = lightened(there, now)
    same = cv.blur(np.exp(-((changed(there, now, light) / LEVELS) ** 2)), (3, 3))
    trust = cv.blur(agreed(backward, again).astype(np.float32), (3, 3)) * same
    scales = np.array([width / small[0], height / small[1]], np.float32)
    flow = fitted(cv, backward, (width, height)) * scales
    change = float(changed(then, now, light).mean())
    return Motion(flow, fitted(cv, trust, (width, height)), light, change)


def lightened(before: Array, after: Array) -> float:
    """How many times as light most of a gray picture became: a camera opens and closes its iris."""
    ratio = (after[::2, ::2] + np.float32(5)) / (before[::2, ::2] + np.float32(5))
    return min(max(float(np.median(ratio)), 0.5), 2.0)


def changed(before: Array, after: Array, light: float) -> Array:
    """How far gray pixels differ, of 1, (H, W), but for all being so many times as light."""
    off: Array = np.abs(before * np.float32(light / 255) - after * np.float32(1 / 255))
    return off


def agreed(backward: Array, again: Array) -> Array:
    """Where going back and forth again ends where it began (arXiv 1604.08610), bool (H, W).

    `again` is the flow forward of where `backward` leads.
    """
    off = np.square(backward + again).sum(-1)
    return np.asarray(off < 0.01 * (np.square(backward) + np.square(again)).sum(-1) + 0.5)


def moved(picture: Array, flow: Array) -> Array:
    """A picture (H, W), (H, W, C) of before seen from now: its edge is repeated."""
    cv = opencv("optical flow", "film")
    height, width = flow.shape[:2]
    grid = np.indices((height, width), dtype=np.float32)
    across, down = grid[1] + flow[..., 0], grid[0] + flow[..., 1]
    colors = picture.ndim == 3 and picture.shape[-1] == 3
    way = cv.INTER_CUBIC if colors else cv.INTER_LINEAR
    shown: Array = cv.remap(picture, across, down, way, borderMode=cv.BORDER_REPLICATE)
    return shown.clip(0, 1) if colors else shown


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
