"""The page's JavaScript, each piece in a file of its own."""

from pathlib import Path


def script(name: str) -> str:
    """The text of a script by its name, without its leading comment."""
    lines = (Path(__file__).parent / f"{name}.js").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//"))
