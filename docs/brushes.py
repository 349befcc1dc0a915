"""The brushes that come along: `python docs/brushes.py [NAME ...]`, a few minutes each.

As the page teaches them by default; written to shared/phosphene/methods/instant_style/brushes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from phosphene.methods.instant_style.taught import FOLDER
from phosphene.methods.instant_style.teach import teach

ART = Path(__file__).resolve().parent.parent / "apps" / "style_transfer" / "examples" / "styles"
BRUSHES = ("great_wave", "composition_viii", "village_street_auvers")


def main(*names: str) -> None:
    """Teach the brushes named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or BRUSHES:
        # A small preview: nobody watches.
        *_, frame = teach(ART / f"{name}.jpg", size=64)
        for file, data in frame.files.items():
            (FOLDER / file).write_bytes(data)
            print(f"{file}: {len(data)} bytes, {frame.losses}")


if __name__ == "__main__":
    main(*sys.argv[1:])
