"""A grid of maps that fills: the picture first, then a cell for each method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from phosphene import images
from phosphene.frame import Panel, Table
from phosphene.images.sheets import GAP, contact_sheet
from phosphene.methods.saliency import maps
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.drawn import Drawn, Style
from phosphene.methods.saliency.estimates import Attribution, Estimate

COLUMNS, CELL = 3, 320
"""Cells in a row, and pixels of a cell's longer side."""
FAINT = 0.85
"""How white the picture is in a cell that waits."""
HEAD = ("method", "seconds", "scale", "what it does", "how it misleads")


@dataclass
class Cell:
    """A method's place in the grid, as far as it has come; it takes about `passes`."""

    name: str
    asked: Attribution
    passes: int
    map: Drawn | None = None
    picture: Image.Image | None = None
    part: float = 0.0
    seconds: float = 0.0
    refused: str = ""

    @property
    def title(self) -> str:
        """The method, in the letters that a sheet has."""
        return self.asked.title.replace("×", "x")

    @property
    def state(self) -> str:
        """The map's scale, or how far it is."""
        if self.refused:
            return "does not know this network"
        if self.map is None:
            return ""
        return self.map.words if self.part >= 1 else f"{self.part:.0%}"

    @property
    def row(self) -> tuple[str | float, ...]:
        """Its line in the table."""
        scale = self.map.words if self.map else ""
        about = self.refused or self.asked.about
        return (self.asked.title, round(self.seconds, 2), scale, about, self.asked.caution)


class Grid:
    """Cells in rows under their captions, with the picture at the beginning."""

    def __init__(self, case: Case, cells: Sequence[Cell], style: Style, bare: bool) -> None:
        """Cells that wait show the picture faintly; `bare` maps leave it out."""
        self.case, self.cells, self.style, self.bare = case, cells, style, bare
        self._waiting = images.to_image(style.picture * (1 - FAINT) + FAINT)
        chance = case.before.get(case.terms[0].name.removeprefix("class:"))
        known = "" if chance is None else f"the network says so at {chance:.0%}"
        self._first = Panel(images.to_image(style.picture), f"Why {case.name}?", known)

    def take(self, cell: Cell, estimate: Estimate) -> None:
        """An estimate into its cell."""
        heat = maps.reduced(estimate.values, cell.asked.signed)
        cell.map = Drawn(heat, cell.asked.signed, self.style)
        cell.part = estimate.done / estimate.of
        shown = estimate.shown if cell.part < 1 else None
        cell.picture = cell.map.bare() if self.bare else cell.map.over(shown)

    def panels(self, target: str = "", versus: str = "") -> tuple[Panel, ...]:
        """The cells; choosing one asks its method the same."""
        asks = {"target": target, "versus": versus}
        own = [
            Panel(
                cell.picture or self._waiting,
                cell.title,
                f"{cell.state}. {cell.asked.caution}",
                {"method": cell.name, **asks},
            )
            for cell in self.cells
        ]
        return (self._first, *own)

    def page(self) -> Image.Image:
        """The grid with the legend of the colors that it uses."""
        first, *panels = self.panels()
        lines = [f"{cell.title}\n{cell.state}" for cell in self.cells]
        named = [replace(p, caption=line) for p, line in zip(panels, lines, strict=True)]
        first = replace(first, caption=f"{first.caption}\n{first.note}")
        sheet = contact_sheet([first, *named], COLUMNS)
        signs = (cell.asked.signed for cell in self.cells)
        kinds = dict.fromkeys(maps.palette(self.style.colors, signed) for signed in signs)
        width = min(CELL, (sheet.width - GAP) // max(len(kinds), 2))
        strips = [maps.legend(None, None, colors, width) for colors in kinds]
        page = Image.new("RGB", (sheet.width, sheet.height + GAP + strips[0].height), "white")
        page.paste(sheet, (0, 0))
        for number, strip in enumerate(strips):
            page.paste(strip, (number * (width + GAP), sheet.height + GAP))
        return page

    def table(self) -> Table:
        """What each method took and does."""
        return Table(f"Why {self.case.name}?", HEAD, tuple(cell.row for cell in self.cells))
