"""The brushes that come along: `python docs/brushes.py [NAME ...]`, a few minutes each.

Written to shared/phosphene/methods/instant_style/brushes/NAME.brush.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from phosphene.methods.instant_style.taught import FOLDER
from phosphene.methods.instant_style.teach import teach

ART = Path(__file__).resolve().parent.parent / "apps" / "style_transfer" / "examples" / "styles"
STEPS = 150
BRUSHES: dict[str, dict[str, Any]] = {
    "great_wave": {},
    "composition_viii": {},
    "village_street_auvers": {},
}
"""By painting, what is not the method's default."""


def main(*names: str) -> None:
    """Teach the brushes named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or BRUSHES:
        # Small previews: nobody watches.
        settings = {"steps": STEPS, "size": 64, **BRUSHES.get(name, {})}
        *_, frame = teach(ART / f"{name}.jpg", **settings)
        for file, data in frame.files.items():
            (FOLDER / file).write_bytes(data)
            print(f"{file}: {len(data)} bytes, {frame.losses}")


if __name__ == "__main__":
    main(*sys.argv[1:])
