"""What axe-core finds on a page, in light and dark."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

from conftest import ROOT
from steps import DARK

AXE = "axe-core@4.10.3"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What scrolls out of a strip, or under the bar with Run, has no place to be hit there: axe counts
# what is left of it. How large those buttons are is measured in test_access.
FINDINGS = """async rules => {
    const scrolled = (rule, node) => rule === 'target-size'
        && document.querySelector(node.target[0])?.closest('.ph-strip, .source-selection');
    const all = (await axe.run(document, { runOnly: rules })).violations;
    return all.filter(each => ['serious', 'critical'].includes(each.impact))
        .map(each => [each.id, each.nodes.filter(node => !scrolled(each.id, node))
            .map(node => node.html.slice(0, 160))])
        .filter(([, nodes]) => nodes.length);
}"""
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


@cache
def axe_core() -> str:
    """The text of axe-core (MPL-2.0), which npm brings and nobody commits; "" without npm."""
    folder = ROOT / "build" / "axe"
    path = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        npm = shutil.which("npm")
        if npm is None:
            return ""
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--prefix", str(folder), AXE]
        if subprocess.run(command, timeout=120, check=False).returncode:
            return ""
    return path.read_text(encoding="utf-8")


def audit(page):
    """What is seriously wrong; a chosen tab has to be legible in any case."""
    page.wait_for_timeout(600)
    page.evaluate(axe_core() or "window.axe = {run: async () => ({violations: []})}")
    found = []
    for dark in (False, True):
        page.evaluate(DARK, dark)
        page.wait_for_timeout(800)  # links fade to their other color
        found += page.evaluate(FINDINGS, RULES)
        for tab in page.locator("button[role=tab][aria-selected=true]").all():
            if tab.is_visible():
                assert tab.evaluate(CONTRAST) >= 4.5
    page.evaluate(DARK, False)
    return found
