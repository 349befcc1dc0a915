"""What the tests of maps have found: curves, tables, and maps that fall apart."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from phosphene import images
from phosphene.frame import Frame, Panel, Progress, Table
from phosphene.images.charts import chart, stacked
from phosphene.methods.saliency.agreement import correlations
from phosphene.methods.saliency.case import Case
from phosphene.methods.saliency.curves import Curves
from phosphene.methods.saliency.drawn import Drawn, Style
from phosphene.methods.saliency.estimates import Attribution
from phosphene.methods.saliency.maps import reduced
from phosphene.methods.saliency.randomization import Stage

CHANCE, BLOB = "random map", "blob at the center"
COMPLETENESS = "completeness error, %"
ROWS = ("map", "deletion, low is good", "insertion, high is good", "better than both", COMPLETENESS)


@dataclass(frozen=True)
class Judged:
    """A map (H, W) under its name, on the CPU."""

    name: str
    heat: Tensor
    signed: bool = False


class Findings:
    """Everything found so far; `frame` shows it."""

    def __init__(self, case: Case, style: Style) -> None:
        """Nothing is found yet."""
        self.case, self.style = case, style
        self.maps: dict[str, Judged] = {}
        self.curves: dict[str, Curves] = {}
        self.measured: dict[str, dict[str, float]] = {}
        self.refused: dict[str, str] = {}
        self.stages: list[Stage] = []
        self._alike: list[list[float]] = []
        self._page = case.image
        self._panels = [Panel(images.to_image(style.picture), f"why {case.name}?")]
        self._fallen: list[Panel] = []
        self._forgetful = ""

    def add(self, judged: Judged, found: Curves) -> None:
        """A map and its curves."""
        self.maps[judged.name], self.curves[judged.name] = judged, found
        self._page = stacked([self._curves("deleted"), self._curves("inserted")])
        areas = f"deletion {found.deletion:.3f}, insertion {found.insertion:.3f}"
        over = Drawn(judged.heat, judged.signed, self.style).over()
        self._panels.append(Panel(over, f"{judged.name}: {areas}"))
        self._alike = correlations([judged.heat for judged in self.maps.values()]).tolist()

    def refuse(self, asked: Attribution, words: str) -> None:
        """A method that does not know such a network."""
        self.refused[asked.title] = words

    def remember(self, asked: Attribution, values: Tensor) -> None:
        """The map of the trained network, which those of one that forgets are held against."""
        self._forgetful = asked.title
        self._fallen = [self._over(asked, values, f"{asked.title}: nothing forgotten")]

    def fall(self, asked: Attribution, stage: Stage) -> None:
        """The map of a network that has forgotten so much."""
        self.stages.append(stage)
        many = f"{stage.layers} layer{'s' * (stage.layers > 1)}"
        words = f"{many} forgotten: {stage.absolute:.2f} alike"
        note = f"All layers from the last one down to {stage.name}."
        self._fallen.append(self._over(asked, stage.values, words, note))

    def frame(self, progress: Progress, steps: int = 0, note: str = "") -> Frame:
        """All of it, `steps` passes further on."""
        panels, tables = [*self._panels, *self._fallen], [self._areas(), self._agreement()]
        if self.stages:
            panels.append(Panel(self._similarity(), f"{self._forgetful}: what is left"))
            tables.append(self._forgotten())
        return progress.frame(
            self._page,
            steps=steps,
            note=note or self._said(),
            verdict=self.case.before,
            panels=tuple(panels),
            tables=tuple(table for table in tables if table.rows),
        )

    def _over(self, asked: Attribution, values: Tensor, words: str, note: str = "") -> Panel:
        heat = reduced(values, asked.signed)
        return Panel(Drawn(heat, asked.signed, self.style).over(), words, note)

    def _curves(self, which: str) -> Image.Image:
        lines = {name: getattr(found, which).tolist() for name, found in self.curves.items()}
        steps = len(next(iter(lines.values()))) - 1
        values = [value for line in lines.values() for value in line]
        low, high = (0.0, 1.0) if self._of_classes else (0.0, max(values))
        way = "deleted" if which == "deleted" else "inserted into a blurred picture"
        foot = f"percent of the pixels {way}, the most important ones first"
        return chart(
            lines,
            [f"{100 * step / steps:.0f}" for step in range(steps + 1)],
            foot,
            low=min(low, *values),
            high=high,
            percent=self._of_classes,
            quiet=(CHANCE, BLOB),
        )

    @property
    def _of_classes(self) -> bool:
        return self.case.layers == ("logits",)

    def _areas(self) -> Table:
        """A row for each map, those that know nothing first."""
        rows: list[tuple[str | float, ...]] = []
        for name, found in self.curves.items():
            error = self.measured.get(name, {}).get(COMPLETENESS)
            areas = round(found.deletion, 3), round(found.insertion, 3)
            missed = "" if error is None else round(error, 2)
            rows.append((name, *areas, self._better(name, found), missed))
        rows += [(name, "", "", words, "") for name, words in self.refused.items()]
        return Table("Does the answer follow the map?", ROWS, tuple(rows))

    def _better(self, name: str, found: Curves) -> str:
        """At what a map beats both of those that know nothing."""
        if name in (CHANCE, BLOB):
            return "knows nothing"
        others = [self.curves[other] for other in (CHANCE, BLOB)]
        ways = {
            "deletion": all(found.deletion < other.deletion for other in others),
            "insertion": all(found.insertion > other.insertion for other in others),
        }
        return " and ".join(way for way, beats in ways.items() if beats) or "neither"

    def _agreement(self) -> Table:
        """Rank correlations of the maps' pixels."""
        names = list(self.maps)
        if len(names) < 2:
            return Table("", (), ())
        rows: list[tuple[str | float, ...]] = [
            (name, *(round(value, 2) for value in line))
            for name, line in zip(names, self._alike, strict=True)
        ]
        return Table("Do they agree? (Spearman)", ("", *names), tuple(rows))

    def _forgotten(self) -> Table:
        """A row for each stage."""
        rows = [
            (
                stage.layers,
                stage.name,
                round(stage.signed, 2),
                round(stage.absolute, 2),
                round(stage.structure, 2),
            )
            for stage in self.stages
        ]
        columns = ("layers forgotten", "down to", "with signs", "magnitudes", "SSIM")
        return Table("What is left after forgetting", columns, tuple(rows))

    def _similarity(self) -> Image.Image:
        """Similarity by stage, beginning with the map's own."""
        lines = {
            "rank correlation with signs": [1.0, *(stage.signed for stage in self.stages)],
            "of magnitudes": [1.0, *(stage.absolute for stage in self.stages)],
            "SSIM": [1.0, *(stage.structure for stage in self.stages)],
        }
        ticks = ["0", *(str(stage.layers) for stage in self.stages)]
        # Around zero is as good as zero; a map may also turn into its opposite.
        low = 0.0 if min(value for line in lines.values() for value in line) > -0.1 else -1.0
        return chart(lines, ticks, "layers forgotten, from the last one", low=low, percent=False)

    def _said(self) -> str:
        """The verdict in a sentence."""
        knowing = [name for name in self.curves if name not in (CHANCE, BLOB)]
        if not knowing:
            return ""
        best = [n for n in knowing if self._better(n, self.curves[n]) == "deletion and insertion"]
        words = f"better than both that know nothing: {', '.join(best) or 'none'}"
        if self.stages:
            left = self.stages[-1].absolute
            words += f"; {self._forgetful} of a network that forgot all: {left:.2f} alike"
        return words
