"""Clips are read a picture at a time, and written with their times and their sound."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from phosphene import InputError
from phosphene.images.clips import Clip, upright
from phosphene.images.reels import Reel, finished

SIZE, RATE, COUNT = (64, 48), 10, 12


def shade(number):
    return Image.new("RGB", SIZE, (20 * number, 60, 90))


def film(path, pictures, rate=RATE, sound=None, times=None):
    """A film of pictures; `sound` names a codec for a tone of two seconds."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = (*pictures[0].size, "yuv420p")
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = out.add_stream(sound, rate=44_100) if sound else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * (times[number] if times else number / rate))
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if heard:
            tone = np.sin(np.arange(2 * 44_100) * 2 * np.pi * 440 / 44_100).astype(np.float32)
            for start in range(0, len(tone) - 1024, 1024):
                chunk = np.stack([tone[start : start + 1024]] * 2)
                samples = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="stereo")
                samples.sample_rate, samples.pts = 44_100, start
                samples.time_base = Fraction(1, 44_100)
                out.mux(heard.encode(samples))
            out.mux(heard.encode())
    return path


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mp4", [shade(n) for n in range(COUNT)], sound="aac")


def wound(path):
    """A clip written anew, and the bytes of each of its pictures."""
    source = Clip(path)
    shots = list(source.shots(64))
    reel = Reel(shots[0].picture.size, source.rate, source)
    return [reel.add(shot.picture, shot.time) for shot in shots] + [reel.close()]


def pictures_and_sound(path):
    """Times and reds of the pictures, and the seconds of sound."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        shown = [(float(f.time), np.asarray(f.to_image())[..., 0].mean()) for f in frames]
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return shown, 0.0
        heard = sum(f.samples / f.sample_rate for f in container.decode(audio=0))
    return shown, heard


def test_a_clip_comes_a_picture_at_a_time_with_its_times(clip):
    source = Clip(clip)
    assert (source.rate, source.count(), source.count(5)) == (RATE, COUNT, COUNT // 2)
    shots = source.shots(32)
    first = next(shots)
    assert (first.picture.size, first.time) == ((32, 24), 0)
    assert [shot.time for shot in shots] == pytest.approx([n / RATE for n in range(1, COUNT)])
    assert len(list(source.shots(32, rate=5))) == COUNT // 2


def test_pictures_sound_and_times_come_back(clip, tmp_path):
    path = finished(io.BytesIO(b"".join(wound(clip))), tmp_path / "again.mp4")
    shown, heard = pictures_and_sound(path)
    assert [time for time, _ in shown] == pytest.approx([n / RATE for n in range(COUNT)], abs=0.002)
    assert [red for _, red in shown] == pytest.approx([20 * n for n in range(COUNT)], abs=8)
    # The tone is longer than the pictures: it ends with them.
    assert heard == pytest.approx(COUNT / RATE, abs=0.06)


def test_uneven_times_are_kept(tmp_path):
    times = [0, 0.1, 0.5, 0.6, 1.4]
    path = film(tmp_path / "uneven.mp4", [shade(n) for n in range(5)], times=times)
    again = finished(io.BytesIO(b"".join(wound(path))), tmp_path / "again.mp4")
    assert [time for time, _ in pictures_and_sound(again)[0]] == pytest.approx(times, abs=0.002)


def test_sound_that_no_mp4_takes_is_encoded_anew(tmp_path):
    path = film(tmp_path / "clip.mkv", [shade(n) for n in range(COUNT)], sound="flac")
    again = finished(io.BytesIO(b"".join(wound(path))), tmp_path / "again.mp4")
    assert pictures_and_sound(again)[1] == pytest.approx(COUNT / RATE, abs=0.1)
    with av.open(str(again)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


def test_the_bytes_so_far_are_a_film_at_any_time(clip, tmp_path):
    parts = wound(clip)
    path = finished(io.BytesIO(b"".join(parts[:6])), tmp_path / "stopped.mp4")
    shown, heard = pictures_and_sound(path)
    assert 5 <= len(shown) <= 6
    assert 0.3 < heard < 0.7


def test_before_the_first_picture_there_is_no_film(tmp_path):
    assert finished(io.BytesIO(b""), tmp_path / "none.mp4") is None
    assert not list(tmp_path.iterdir())


def test_what_is_no_clip_is_said_in_a_sentence(tmp_path, clip):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    with pytest.raises(InputError, match=r"broken.mp4 cannot be read as a video"):
        Clip(broken)
    with pytest.raises(InputError, match=r"gone.mp4 cannot be read as a video"):
        Clip(tmp_path / "gone.mp4")
    song = tmp_path / "song.mp4"
    with av.open(str(clip)) as source, av.open(str(song), "w") as out:
        copied = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = copied
                out.mux(packet)
    with pytest.raises(InputError, match=r"song.mp4 has no pictures; choose a video"):
        Clip(song)


def test_a_clip_whose_pictures_change_in_size_is_said(tmp_path):
    """Two films of raw H.264 in a row, as a recorder leaves them that was turned."""
    path = tmp_path / "turned.h264"
    with path.open("wb") as out:
        for size in ((64, 48), (48, 64)):
            part = film(tmp_path / "part.h264", [Image.new("RGB", size)] * 3)
            out.write(part.read_bytes())
    shots = Clip(path).shots(64)
    with pytest.raises(InputError, match=r"turned.h264 change in size; save it again as MP4"):
        list(shots)


def test_a_picture_is_turned_as_its_player_turns_it():
    class Frame:
        rotation = 90

        def to_image(self):
            picture = Image.new("RGB", (4, 2))
            picture.putpixel((3, 0), (255, 0, 0))
            return picture

    turned = upright(Frame())
    assert turned.size == (2, 4)
    assert turned.getpixel((0, 0)) == (255, 0, 0)  # counterclockwise: right is up
