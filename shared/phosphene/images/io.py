"""Pictures in, pictures out: every upload passes through `load` once."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from torch import Tensor

from phosphene.errors import InputError

ImageLike: TypeAlias = Image.Image | str | Path | bytes | npt.NDArray[np.uint8] | Tensor
"""A PIL image, a path, encoded bytes, uint8 (H, W, 3), or float (1, 3, H, W) in [0, 1]."""

MAX_PIXELS = 64_000_000
"""Of a picture as it is decoded; a JPEG can be decoded smaller than it is."""
MAX_JPEG, MAX_PROGRESSIVE = 400_000_000, 100_000_000
"""Of a JPEG file; one that is progressive keeps up to 6 bytes for each of them meanwhile."""
_STEPS = (2, 4, 8)
MIN_SIDE = 8
MAX_ASPECT = 20


def load(source: ImageLike, size: int | None = None) -> Image.Image:
    """An RGB picture, upright, its longer side `size` pixels; InputError for anything else."""
    picture = _flatten(_open(source, size))
    width, height = picture.size
    if min(width, height) < MIN_SIDE:
        raise InputError(f"image is {width}×{height}; it needs at least {MIN_SIDE}×{MIN_SIDE}")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InputError(f"image is {width}×{height}; crop it to at most {MAX_ASPECT} to 1")
    return picture if size is None else resize(picture, size)


def load_at_least(source: ImageLike, side: int, name: str) -> Image.Image:
    """The same in full; InputError where a side has fewer pixels, which calls it by its `name`."""
    picture = load(source)
    if min(picture.size) < side:
        raise InputError(
            f"{name} is {picture.width}×{picture.height}; choose one of at least "
            f"{side}×{side} pixels"
        )
    return picture


def resize(picture: Image.Image, size: int) -> Image.Image:
    """The picture with its longer side `size` pixels and its aspect kept."""
    ratio = size / max(picture.size)
    width, height = (max(1, round(side * ratio)) for side in picture.size)
    if (width, height) == picture.size:
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def to_tensor(picture: Image.Image, device: torch.device | str | None = None) -> Tensor:
    """RGB picture -> float tensor (1, 3, H, W) in [0, 1]."""
    array = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(array).permute(2, 0, 1)[None].contiguous().to(device)


def to_image(tensor: Tensor) -> Image.Image:
    """Float tensor (1, 3, H, W) or (3, H, W), clamped to [0, 1] -> RGB picture."""
    pixels = tensor.detach().reshape(tensor.shape[-3:]).float().clamp(0, 1)
    array = (pixels * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(array, "RGB") if array.shape[2] == 3 else Image.fromarray(array[..., 0])


def png(picture: Image.Image) -> bytes:
    """The picture as a file that keeps every bit of it."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def scaled(tensor: Tensor, height: int, width: int) -> Tensor:
    """A batch (N, 3, h, w) resampled to (N, 3, height, width), antialiased, in [0, 1]."""
    if tensor.shape[-2:] == (height, width):
        return tensor
    size = (height, width)
    return F.interpolate(tensor, size, mode="bicubic", antialias=True).clamp(0, 1)


def enlarged(difference: Tensor, height: int, width: int) -> Tensor:
    """A difference of pictures (N, 3, h, w), which may be negative, resampled to another size."""
    if difference.shape[-2:] == (height, width):
        return difference
    return F.interpolate(difference, (height, width), mode="bicubic")


def region(mask: ImageLike, height: int, width: int, device: torch.device | None = None) -> Tensor:
    """A painted mask -> shares (1, 1, height, width) in [0, 1]; InputError if it is empty."""
    painted = load(mask)
    if abs(painted.width / painted.height / (width / height) - 1) > 0.03:
        raise InputError(
            f"mask is {painted.width}×{painted.height} but your picture {width}×{height}; "
            "paint the mask on this picture"
        )
    inside = scaled(to_tensor(painted, device)[:, :1], height, width)
    if not inside.any():
        raise InputError("the mask is empty; paint on the picture, or clear the mask")
    return inside


def _open(source: ImageLike, size: int | None) -> Image.Image:
    if isinstance(source, Image.Image):
        return _decoded(source, size=size)
    if isinstance(source, Tensor):
        return _from_tensor(source)
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), "image", size)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{path.name or 'image'} is not a file; choose a picture")
        return _read(path, path.name, size)
    raise InputError(f"image is a {type(source).__name__}; give a picture, a path or an array")


def _read(file: Path | io.BytesIO, name: str, size: int | None) -> Image.Image:
    length = file.stat().st_size if isinstance(file, Path) else len(file.getbuffer())
    if length == 0:
        raise InputError(f"{name} is empty; choose another picture")
    try:
        with warnings.catch_warnings():
            # Our own limit below is the stricter one and has the clearer words; a damaged
            # EXIF block beside sound pixels is no matter.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)
            with _opened(file) as picture:
                return _decoded(picture, name, size)
    except Image.DecompressionBombError:
        limit = MAX_PIXELS // 1_000_000
        raise InputError(f"{name} has too many pixels; reduce it to {limit} million") from None
    except UnidentifiedImageError:
        raise InputError(f"{name} is not a picture; use PNG, JPEG, WebP or GIF") from None
    except InputError:
        raise
    except _DAMAGE:
        raise _damaged(name) from None


def _opened(file: Path | io.BytesIO) -> Image.Image:
    """A picture whose pixels are not decoded yet; a JPEG may have more than Pillow opens."""
    try:
        return Image.open(file)
    except Image.DecompressionBombError as error:
        if isinstance(file, io.BytesIO):
            file.seek(0)
        try:
            return JpegImageFile(file)
        except SyntaxError:
            raise error from None


def _decoded(picture: Image.Image, name: str = "image", size: int | None = None) -> Image.Image:
    """The first frame, upright, decoded only after its pixel count was found bearable."""
    _shrink(picture, size)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        limit = (_limit(picture) if _limit(picture) < width * height else MAX_PIXELS) // 1_000_000
        raise InputError(f"{name} is {width}×{height}; reduce it to {limit} million pixels")
    try:
        picture.load()
        return ImageOps.exif_transpose(picture)
    except _DAMAGE:
        raise _damaged(name) from None


def _shrink(picture: Image.Image, size: int | None) -> None:
    """Have a picture of too many pixels decoded at 1/2, 1/4 or 1/8, where its format can."""
    width, height = picture.size
    if not MAX_PIXELS < width * height <= _limit(picture):
        return
    least = next(step for step in _STEPS if width * height <= MAX_PIXELS * step**2)
    # Twice the size that is needed: what is left to do is done by a better filter.
    enough = [step for step in _STEPS if size and max(width, height) >= 2 * size * step]
    step = max([least, *enough])
    picture.draft(None, (width // step, height // step))


def _limit(picture: Image.Image) -> int:
    """Pixels that a picture may have: a progressive JPEG is held whole."""
    if not isinstance(picture, JpegImageFile):
        return MAX_PIXELS
    return MAX_PROGRESSIVE if picture.info.get("progressive") else MAX_JPEG


_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError, struct.error)
"""What Pillow's formats raise over bytes that are not as they should be."""


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged or cut short: it cannot be read to its end; save it again"
    )


def _flatten(picture: Image.Image) -> Image.Image:
    """Any mode -> RGB; transparency lies over white, 16 bits are scaled and not clipped."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError("image holds NaN or infinite values; give numbers alone")
        top = 65535 if values.max(initial=0) > 255 else 255
        picture = Image.fromarray((values / top * 255).clip(0, 255).round().astype(np.uint8))
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def _from_array(array: npt.NDArray[np.uint8]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise InputError(
            f"image is a {array.dtype} array of shape {array.shape}; give uint8 (H, W, 3)"
        )
    return Image.fromarray(array, "RGB")


def _from_tensor(tensor: Tensor) -> Image.Image:
    fits = tensor.ndim == 4 and tensor.shape[:2] == (1, 3) and tensor.numel()
    if not fits or not tensor.is_floating_point():
        kind = str(tensor.dtype).removeprefix("torch.")
        raise InputError(
            f"image is a {kind} tensor of shape {tuple(tensor.shape)}; give float (1, 3, H, W)"
        )
    low, high = float(tensor.min()), float(tensor.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise InputError(f"image has values from {low:.3g} to {high:.3g}; scale them to [0, 1]")
    return to_image(tensor)
