"""Films written a picture at a time, with the times and the sound of the clip they come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from phosphene.images.clips import Clip

CLOCK = Fraction(1, 90_000)
"""Seconds of a tick: pictures keep the times that they had, whatever the clip's rate."""
COPIED = ("aac", "mp3")
"""Sound that an MP4 takes as it is; any other is encoded anew."""
STREAMED = {
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": "1",  # frag_every_frame gets times wrong beside sound
    "max_interleave_delta": "1",
}
"""Each picture is whole by itself, so that the bytes so far are a film at any time."""


class Reel:
    """A film that is written as it is made: `add` a picture, get the film's next bytes.

    All bytes so far, in a row, are an MP4 (H.264) that plays; the newest picture may be missing
    until the next one or `close`. The sound of the clip goes along.
    """

    def __init__(self, size: tuple[int, int], rate: float, sound: Clip | None = None) -> None:
        import av

        self._pipe, self._step = _Pipe(), 1 / rate
        self._out: Any = av.open(self._pipe, "w", format="mp4", container_options=STREAMED)
        self._stream = self._out.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = CLOCK
        # Nothing waits for pictures to come: what was painted is in the film.
        self._stream.options = {"crf": "20", "preset": "veryfast", "tune": "zerolatency"}
        self._sound = Sound(sound, self._out) if sound and sound.sounds else None
        self._end = 0.0

    def add(self, picture: Image.Image, time: float) -> bytes:
        """The bytes that come with a picture shown `time` seconds from the beginning."""
        import av

        frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
        frame.pts, frame.time_base = round(time / CLOCK), CLOCK
        self._mux(self._stream.encode(frame))
        self._end = time + self._step
        if self._sound:
            self._sound.until(time)
        return self._pipe.taken()

    def close(self) -> bytes:
        """The last bytes; nothing more can be added."""
        if self._out is None:
            return b""
        with suppress(EOFError):
            self._mux(self._stream.encode())
        if self._sound:
            self._sound.until(self._end)
            self._sound.close()
        self._out.close()
        self._out = None
        return self._pipe.taken()

    def _mux(self, packets: Any) -> None:
        for packet in packets:
            packet.duration = round(self._step / packet.time_base)
            self._out.mux(packet)


class Sound:
    """The sound of a clip on its way into a film: copied where an MP4 takes it, else as AAC."""

    def __init__(self, clip: Clip, film: Any) -> None:
        self._source = clip.opened()
        own = self._source.streams.audio[0]
        began = self._source.streams.video[0].start_time or 0
        self._began = float(began * self._source.streams.video[0].time_base)
        self._film, self._copied = film, own.codec_context.name in COPIED
        if self._copied:
            self._stream = film.add_stream_from_template(own)
        else:
            self._stream = film.add_stream("aac", rate=own.codec_context.sample_rate or 44_100)
        self._packets = self._read(own)
        self._held: Any = None

    def until(self, time: float) -> None:
        """Write what is heard before `time` seconds."""
        while True:
            self._held = self._held or next(self._packets, None)
            if self._held is None or self._when(self._held) >= time:
                return
            self._film.mux(self._held)
            self._held = None

    def close(self) -> None:
        """Let go of the clip."""
        self._packets.close()
        self._source.close()

    def _when(self, packet: Any) -> float:
        return float(packet.pts * packet.time_base)

    def _read(self, own: Any) -> Any:
        """Packets for the film, their times counted from its first picture on."""
        import av

        with suppress(av.FFmpegError):  # sound that breaks off ends there
            for packet in self._source.demux(own) if self._copied else self._encoded(own):
                if packet.pts is None:
                    continue
                shift = round(self._began / packet.time_base) if self._copied else 0
                packet.pts -= shift
                packet.dts = packet.pts
                packet.stream = self._stream
                if packet.pts >= 0:
                    yield packet

    def _encoded(self, own: Any) -> Iterator[Any]:
        for frame in self._source.decode(own):
            time = float(frame.time or 0.0) - self._began
            if time >= 0:
                frame.pts = round(time * frame.sample_rate)
                frame.time_base = Fraction(1, frame.sample_rate)
                yield from self._stream.encode(frame)
        yield from self._stream.encode(None)


def finished(reel: IO[bytes], path: Path) -> Path | None:
    """What a `Reel` gave as a file that any player seeks in; None where it holds no picture."""
    import av

    reel.seek(0)
    try:
        with (
            av.open(reel) as source,
            av.open(str(path), "w", options={"movflags": "faststart"}) as out,
        ):
            streams = {s.index: out.add_stream_from_template(s) for s in source.streams}
            pictures = 0
            for packet in source.demux():
                if packet.dts is None:
                    continue
                pictures += packet.stream.type == "video"
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    except av.FFmpegError:
        pictures = 0
    if not pictures:
        path.unlink(missing_ok=True)
        return None
    return path


class _Pipe:
    """What the muxer writes to: bytes that are taken away as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        """Take in bytes."""
        self._bytes += data
        return len(data)

    def taken(self) -> bytes:
        """All bytes that came since the last time."""
        data = bytes(self._bytes)
        self._bytes.clear()
        return data
