"""Two photographs that many tests look at."""

from pathlib import Path

PANDA = Path(__file__).with_name("panda.jpg")
PALACE = Path(__file__).with_name("summer_palace.jpg")
