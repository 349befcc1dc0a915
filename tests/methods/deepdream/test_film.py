import contextlib
import socket

import numpy as np
import pytest
import torch
from PIL import Image

from phosphene import InputError, dream_video, zoom
from phosphene.images import video as films
from phosphene.methods.deepdream.film import moved
from tests.pictures import PALACE

QUICK = {"size": 96, "octaves": 1, "steps": 1, "device": "cpu"}


@pytest.fixture
def clip(tmp_path):
    shades = [Image.new("RGB", (96, 64), (value, 80, 80)) for value in range(0, 240, 24)]
    return films.save(shades, tmp_path / "clip.mp4", rate=10)


def film(frames):
    return [frame for frame in frames if frame.rate]


def test_a_film_comes_back_as_it_was_saved(clip):
    pictures = films.read(clip, 96, rate=10)
    reds = [np.asarray(picture)[..., 0].mean() for picture in pictures]
    assert reds == pytest.approx(list(range(0, 240, 24)), abs=6)


def test_a_lower_rate_skips_pictures(clip):
    assert len(films.read(clip, 96, rate=5)) == 5


def test_a_zoom_has_the_pictures_asked_for_and_each_moves_on():
    pictures = film(zoom(PALACE, pictures=3, **QUICK))
    assert [frame.note for frame in pictures] == [f"picture {n} of 3" for n in (1, 2, 3)]
    assert pictures[-1].step == pictures[-1].steps
    first, second = (np.asarray(frame.image, float) for frame in pictures[:2])
    assert np.abs(first - second).mean() > 3


def test_stopping_a_zoom_keeps_the_pictures_made():
    stream, kept = zoom(PALACE, pictures=50, **QUICK), []
    for frame in stream:
        kept += [frame] if frame.rate else []
        if len(kept) == 2:
            break
    stream.close()
    assert len(kept) == 2


def test_moving_closer_enlarges_the_middle_and_standing_still_changes_nothing():
    x = torch.zeros(1, 3, 41, 61)
    x[..., 18:23, 28:33] = 1
    assert moved(x, closer=100, turn=0, right=0, down=0).sum() > 3 * x.sum()
    assert (moved(x, closer=0, turn=0, right=0, down=0) - x).abs().max() < 1e-3
    shifted = moved(x, closer=0, turn=0, right=10, down=0)
    assert shifted[0, 0, 20].argmax() > x[0, 0, 20].argmax()


def test_a_turn_keeps_shapes_whatever_the_aspect():
    x = torch.zeros(1, 3, 40, 80)
    x[..., 15:25, 35:45] = 1
    turned = moved(x, closer=0, turn=45, right=0, down=0)
    assert turned.sum() == pytest.approx(float(x.sum()), rel=0.01)
    rows, columns = (turned[0, 0] > 0.5).nonzero().float().std(0)
    assert rows == pytest.approx(float(columns), rel=0.01)


def test_every_picture_of_a_video_dreams(clip):
    pictures = film(dream_video(str(clip), rate=10, **QUICK))
    assert len(pictures) == 10


def test_what_is_no_video_is_said_in_a_sentence(tmp_path, clip):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    with pytest.raises(InputError, match=r"broken.mp4 cannot be read"):
        films.read(broken, 96, rate=10)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:200])
    with pytest.raises(InputError, match=r"cut.mp4"):
        films.read(cut, 96, rate=10)
    with pytest.raises(InputError, match="shorten it"):
        films.read(clip, 96, rate=10, longest=4)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
    "site": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{site}/a.ts\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {name}\n",
    "dash": '<?xml version="1.0"?><MPD><Period><BaseURL>{site}</BaseURL></Period></MPD>',
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_called_a_video_opens_no_other_file_and_no_site(kind, clip, tmp_path):
    came = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    site = f"http://127.0.0.1:{server.getsockname()[1]}"
    (tmp_path / "secret.mp4").write_bytes(clip.read_bytes())
    text = PLAYLISTS[kind].format(secret=tmp_path / "secret.mp4", site=site, name="secret.mp4")
    (tmp_path / "list.mp4").write_text(text)
    with pytest.raises(InputError, match=r"list.mp4 cannot be read"):
        films.read(tmp_path / "list.mp4", 64, rate=10)
    with contextlib.suppress(TimeoutError):
        came.append(server.accept())
    server.close()
    assert came == []


def test_a_video_of_more_pixels_than_memory_allows_is_refused_before_it_is_decoded(
    clip, monkeypatch
):
    monkeypatch.setattr(films, "LARGEST", 1000)
    with pytest.raises(InputError, match=r"make it smaller than 0 million pixels"):
        films.read(clip, 64, rate=10)
