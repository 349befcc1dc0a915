"""Link previews: the right words and picture for every link, whatever its query holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from tests.apps import PAGES, module_of
from tests.tint import tint

gr = pytest.importorskip("gradio")

from phosphene import ui  # noqa: E402
from phosphene.ui import curtain, permalinks, previews  # noqa: E402

LOOK = {"amount": 1.0, "way": "green"}


class Head(HTMLParser):
    """The meta tags and the title of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.titles, self.scripts, self.inside = [], [], 0, ""
        self.feed(text.partition("</head>")[0])

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.inside = tag
        name = given.get("property") or given.get("name") or ""
        if tag == "meta" and name.startswith(("og:", "twitter:", "description")):
            self.tags.append((name, given["content"]))

    def handle_data(self, data):
        if self.inside == "title":
            self.titles.append(data)

    def handle_endtag(self, tag):
        self.inside = ""


@pytest.fixture(scope="module")
def demo(picture, tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    looks, made = folder / "looks", folder / "results" / "tint"
    looks.mkdir()
    made.mkdir(parents=True)
    for path in (folder / "thumbnail.jpg", looks / "deep.jpg", made / "look-deep.jpg"):
        path.write_bytes(picture.read_bytes())
    tab = ui.Tab(
        "Tint",
        tint,
        {"Plain": {}, "Deep": LOOK},
        [{"image": str(picture)}],
        looks=looks,
        results=folder / "results",
    )
    return ui.page("Tint & co", 'A picture "turns" red.', tabs=[tab])


@pytest.fixture(scope="module")
def url(demo, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        options = ui.launch_options(demo, server_port=None, share=False, quiet=True)
        _, address, _ = demo.launch(prevent_thread_lock=True, **options)
        yield address
        demo.close()


def head_of(url, query="", **headers):
    with urlopen(Request(f"{url}{query}", headers=headers)) as answer:
        return Head(answer.read().decode())


def test_a_page_has_each_tag_once_with_its_own_title_words_and_picture(url, picture):
    head = head_of(url)
    names = [name for name, _ in head.tags]
    assert len(names) == len(set(names))
    tags = dict(head.tags)
    assert "Gradio" not in "".join(tags.values())
    assert head.titles == [tags["og:title"]] == ["Tint & co · Phosphene"]
    assert tags["og:description"] == tags["description"] == 'A picture "turns" red.'
    assert tags["og:image"] == tags["twitter:image"]
    assert tags["og:image"].startswith(url)
    with urlopen(tags["og:image"]) as answer:
        assert answer.read() == picture.read_bytes()


def test_a_link_that_equals_a_look_has_its_name_and_picture(url):
    tags = dict(head_of(url, f"?{urlencode(LOOK)}").tags)
    assert tags["og:title"] == "Deep · Tint & co · Phosphene"
    assert tags["og:image"].endswith("/results/tint/look-deep.jpg")
    other = dict(head_of(url, f"?{urlencode(LOOK | {'steps': 3})}").tags)
    assert other["og:title"] == "Tint & co · Phosphene"


def test_a_hostile_query_writes_nothing_into_the_page(url):
    hostile = '"><script>alert(1)</script><meta property="og:title" content="x'
    keys = ("tab", "example", "way", "amount", hostile)
    for name in keys:
        head = head_of(url, "?" + urlencode({name: hostile}))
        assert dict(head.tags)["og:title"] == "Tint & co · Phosphene"
        assert "alert" not in "".join(value for _, value in head.tags)
        assert len(head.tags) == len(head_of(url).tags)


def test_addresses_are_those_of_the_proxy_in_front_and_never_what_no_host_can_be(url):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "dreams.example"}
    tags = dict(head_of(url, **forwarded).tags)
    assert tags["og:url"].startswith("https://dreams.example/")
    assert tags["og:image"].startswith("https://dreams.example/gradio_api/file=")
    broken = {"X-Forwarded-Host": 'a"><b>', "X-Forwarded-Proto": "x:"}
    hostile = dict(head_of(url, **broken).tags)
    assert hostile["og:url"].startswith("http://localhost")


def test_a_page_opens_with_its_picture_as_it_forms_until_it_is_built(url, picture):
    with urlopen(f"{url}{permalinks.link(ui.Tab('Tint', tint).parameters, LOOK)}") as answer:
        body = answer.read().decode().partition("<body")[2]
    over, rest = body.split("</script></div>", 1)
    assert "gradio-app" in rest
    assert "<b>Deep · Tint &amp; co</b>A picture &quot;turns&quot; red.</p>" in over
    before, after = re.findall(r'<img src="([^"]+)"', over)
    assert before.endswith(picture.name)
    assert after.endswith("look-deep.jpg")
    for address in (before, after):
        with urlopen(f"{url}{address}") as answer:
            assert answer.read() == picture.read_bytes()


def test_pictures_of_other_shapes_are_not_laid_over_each_other(picture, tmp_path):
    wide = tmp_path / "wide.jpg"
    Image.new("RGB", (90, 30)).save(wide)
    text = curtain.curtain("T", "I", wide, picture)
    assert text.count("<img") == 1
    assert "wide.jpg" in text
    assert curtain.curtain("T", "I", picture, picture).count("<img") == 2


def test_other_answers_pass_as_they_are(url):
    with urlopen(f"{url}config") as answer:
        assert answer.headers["content-type"].startswith("application/json")
        assert b"og:title" not in answer.read()


def test_only_the_tags_of_previews_are_replaced():
    page = b'<html><head><meta charset="utf-8" /><meta\n  property="og:title"\n content="Gradio" />'
    page += b"</head><body><head></body></html>"
    text = previews.with_tags(page, b"<title>T</title>")
    assert text.startswith(b'<html><head><title>T</title><meta charset="utf-8" />')
    assert b"Gradio" not in text
    assert previews.with_tags(b"no page", b"x") == b"no page"
    assert previews.with_curtain(b"no page", b"x") == b"no page"


@pytest.mark.parametrize("app", PAGES)
def test_every_app_and_every_look_has_a_picture(app):
    demo = module_of(app).demo
    assert previews.preview(demo).picture
    for tab in demo.tabs:
        for look, settings in tab.presets.items():
            values = {p.name: p.default for p in tab.parameters} | dict(settings)
            query = permalinks.link(tab.parameters, values, tab=tab.name)
            given = previews.preview(demo, query)
            assert given.picture
            if previews._changed(tab, settings):
                assert given.title.startswith(f"{look} · "), (tab.name, look)
