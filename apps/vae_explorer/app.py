"""VAE explorer: walk through the space a picture is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from phosphene import (
    anomaly,
    arithmetic,
    denoise,
    edit,
    face,
    face_map,
    few_labels,
    holes,
    interpolate,
    interpolate_four,
    latent_map,
    latents,
    reconstruct,
    repair,
    sample,
    swap_patch,
    train_autoencoder,
    traverse,
    ui,
)

HERE = Path(__file__).parent
RESULTS = HERE / "results"

FACE = (
    "The face became 48 numbers; **move a slider** and they are decoded anew. Each attribute is a "
    "direction in the space of codes, found on labeled faces: 1 leads from without to with, "
    "numbers below 0 the other way. *Every attribute* shows what each does to this face. The "
    "faces are drawn by this project and nobody's."
)
MORE = (
    "More of one attribute, or less. **A direction of your own**: give two sets of faces, those "
    "with something and those without; what tells their codes apart becomes the direction. A few "
    "of each will do."
)
FACES_MAP = (
    "Each point is a face, where its code lies between two axes: attributes as they are read off "
    "the code, or the directions in which all codes vary most. **Move over it** to see who lies "
    "where; click, and that place is decoded. Color: glasses and beard."
)
SUM = (
    "What the first face has and the second has not, added to the third. Faces that differ in one "
    "thing alone give that thing; those that differ in much give all of it. In pixels, the same "
    "sum is a ghost."
)
MAP = (
    "Each point is a digit of the data, where the encoder put it; its color is its class, which no "
    "model was told. **Move over the map**: what lies there is decoded; click, and its neighbors "
    "are shown too. The ring holds 95 % of the draws from N(0, I): all ten digits lie in the "
    "VAE's. Then look at the *plain autoencoder's*: where are its digits, and what do the holes "
    "between them decode to?"
)
HOLES = (
    "Both models walk straight across the widest hole in their map; drag the slider. A VAE pays "
    "for every gap, a plain autoencoder does not: its holes are wider, and random draws miss most "
    "of its digits. That is why a VAE can be sampled from and a plain autoencoder cannot. In "
    "between, both decoders guess, and with two numbers they guess alike."
)
SAMPLE = (
    "Codes drawn at random, decoded. Try the plain autoencoder from the prior: the draws fall on a "
    "few digits alone. From *where the codes lie* both work. The pairs show the nearest digit "
    "trained on: is it new?"
)
BACK = (
    "784 pixels through two numbers, and back. Turn the noise up: how far may a code move before "
    "its digit becomes another? A picture that is no digit comes back as one."
)
BETWEEN = (
    "Two digits, and what lies between their codes; beside it the pixels simply cross-faded. Half "
    "of one digit over half of another is no digit."
)
FOUR = (
    "Four digits at the corners, and everything between them. **Click in the square**: the mixture "
    "there is decoded below, beside the four pictures simply laid over each other."
)
HOLE = (
    "Paint over a part of the digit and press Run. The model looks for a code whose picture agrees "
    "with all that is left; what it decodes there fills the hole. With nothing painted, the lower "
    "half is missing: what could it have been?"
)
TRAIN = (
    "Choose 50 pictures or more of one kind of thing (faces, shoes, leaves), or a zip of them, and "
    "press Run; without any it learns digits. Watch them form; **Stop keeps what there is**. Take "
    "*autoencoder.safetensors* home: the other tabs take it under *For experts*, and *Go on with* "
    "trains it further. It carries small copies of your pictures, and nothing stays here."
)
LARGE = (
    "Stable Diffusion paints on a code like this: a picture of a quarter or an eighth of the sides "
    "and a few channels. Move one channel, or all along the direction in which this picture varies "
    "most. `photos_tiny` is small and here already; choose another by its name on the Hub."
)
PATCH = (
    "A square of one picture's code in the other's. **Click on either picture** to say where from "
    "and where to. The decoder makes one picture of both: the seam is softer than in the pixels."
)
WALK = "One number of the code at a time, in standard deviations of all codes."
LABELS = (
    "Nine thousand digits without labels taught the encoders. With one labeled digit a class, is "
    "what they learned worth more than the pixels? And with fifty? The denoising one, which saw "
    "little but noise, is worth less."
)
CLEAN = (
    "Noise goes in; each model decodes what it takes the digit to be. Only the denoising one ever "
    "saw noise. Two numbers are few: now and then it is sure of another digit."
)
ODD = (
    "A model rebuilds only what it knows. What comes back changed is unlike its data: the error "
    "against those of a thousand digits that it never saw. This is how faults are found with no "
    "example of a fault."
)


def digit(name: str, key: str = "image", **settings: Any) -> dict[str, Any]:
    """A picture to begin with."""
    return {key: str(HERE / "examples" / f"{name}.jpg"), **settings}


PLAIN = {"smile": 0.0, "open_mouth": 0.0}
FACES = [digit(name) for name in ("ada", "bo", "cleo", "dara", "eli", "finn")]
ATTRIBUTED = ("smile", "long hair", "glasses", "beard", "dark skin", "smile")
SUMS = [
    digit("finn", "first") | digit("cleo", "second") | digit("ada", "third"),
    digit("dara", "first") | digit("ada", "second") | digit("finn", "third"),
    digit("eli", "first") | digit("cleo", "second") | digit("dara", "third", strength=0.7),
]
DIGITS = [digit(name) for name in ("three", "five", "eight", "zero", "seven")]
PAIRS = [
    digit(one, "first") | digit(two, "second")
    for one, two in (("zero", "three"), ("four", "nine"), ("one", "eight"))
] + [digit("ada", "first", model="faces_vae") | digit("bo", "second")]
FOURS = [
    {
        key: str(HERE / "examples" / f"{name}.jpg")
        for key, name in zip(("first", "second", "third", "fourth"), names, strict=True)
    }
    for names in (
        ("zero", "three", "six", "seven"),
        ("one", "eight", "four", "five"),
        ("nine", "two", "zero", "one"),
    )
]
PHOTOGRAPHS = [digit(name) for name in ("coffee", "cat", "summer_palace")]
SWAPS = [
    digit("coffee", "first") | digit("cat", "second", place=(0.5, 0.45)),
    digit("summer_palace", "first") | digit("coffee", "second", to=(0.3, 0.6)),
]
ODDITIES = [
    digit("coffee"),
    digit("eight"),
    digit("three"),
    digit("cat", model="faces_vae"),
]

demo = ui.page(
    "VAE explorer",
    "An autoencoder squeezes a picture into a few numbers. Walk through the space they span.",
    papers=[
        ("Kingma and Welling 2013", "https://arxiv.org/abs/1312.6114"),
        ("White 2016", "https://arxiv.org/abs/1609.04468"),
        ("Ghosh et al. 2019", "https://arxiv.org/abs/1903.12436"),
        ("Shen et al. 2019", "https://arxiv.org/abs/1907.10786"),
    ],
    tabs=[
        ui.Tab(
            "Face",
            face,
            examples=FACES,
            presets={
                "A wide smile": {},
                "In disguise": {**PLAIN, "glasses": 2.0, "beard": 2.0},
                "As it is": PLAIN,
            },
            explain=FACE,
            results=RESULTS,
            live=True,
            defaults={"smile": 2.0, "open_mouth": 1.0},
            views=[
                ui.Picture("Face"),
                ui.Panels("Every attribute"),
                ui.Tables("Read off the code"),
            ],
        ),
        ui.Tab(
            "Map",
            latent_map,
            explain=MAP,
            results=RESULTS,
            live=True,
            views=[ui.Chart("Map"), ui.Panels("All over"), ui.Tables("Neighbors")],
        ),
        ui.Tab(
            "Holes",
            holes,
            explain=HOLES,
            results=RESULTS,
            live=True,
            views=[ui.Picture("Across a hole"), ui.Panels("How far"), ui.Tables("Measured")],
        ),
        ui.Tab(
            "Sample",
            sample,
            presets={
                "VAE": {},
                "Plain autoencoder": {"model": "digits_ae"},
                "Plain, fitted": {
                    "model": "digits_ae",
                    "source": "where the codes lie",
                },
                "Faces": {"model": "faces_vae", "source": "where the codes lie"},
            },
            explain=SAMPLE,
            results=RESULTS,
            live=True,
            views=[ui.Picture("Samples"), ui.Panels("Is it new?"), ui.Tables("Measured")],
        ),
        ui.Tab(
            "One attribute",
            edit,
            examples=[
                {**one, "attribute": name} for one, name in zip(FACES, ATTRIBUTED, strict=True)
            ],
            explain=MORE,
            results=RESULTS,
            live=True,
            views=[
                ui.Picture("Changed"),
                ui.Panels("From less to more"),
                ui.Tables("Read off the code"),
            ],
            group="Faces",
        ),
        ui.Tab(
            "Map of faces",
            face_map,
            presets={
                "Smile and hair": {},
                "Gaze and turn": {"across": "gaze", "up": "turned"},
                "Components": {
                    "across": "first principal component",
                    "up": "second principal component",
                },
            },
            explain=FACES_MAP,
            results=RESULTS,
            live=True,
            views=[
                ui.Chart("Map"),
                ui.Panels("All over"),
                ui.Tables("Read off the code"),
            ],
            group="Faces",
        ),
        ui.Tab(
            "Arithmetic",
            arithmetic,
            examples=SUMS,
            explain=SUM,
            results=RESULTS,
            live=True,
            views=[ui.Picture("A - B + C"), ui.Panels("Pictures"), ui.Tables("Read off the codes")],
            group="Faces",
        ),
        ui.Tab(
            "Reconstruct",
            reconstruct,
            examples=[*DIGITS, digit("bo", model="faces_vae")],
            explain=BACK,
            results=RESULTS,
            views=[ui.Picture("There and back"), ui.Panels("Draws"), ui.Tables("Measured")],
            group="A picture",
        ),
        ui.Tab(
            "Walk",
            traverse,
            examples=[*DIGITS, digit("ada", model="faces_vae")],
            explain=WALK,
            results=RESULTS,
            live=True,
            defaults={"first": 1.5},
            views=[ui.Picture("Walk"), ui.Panels("All dimensions"), ui.Tables("Dimensions")],
            group="A picture",
        ),
        ui.Tab(
            "Between two",
            interpolate,
            examples=PAIRS,
            explain=BETWEEN,
            results=RESULTS,
            views=[ui.Film(), ui.Picture("On the way"), ui.Panels("Strips")],
            group="A picture",
        ),
        ui.Tab(
            "Between four",
            interpolate_four,
            examples=FOURS,
            explain=FOUR,
            results=RESULTS,
            live=True,
            views=[ui.Picture("In the square"), ui.Panels("Ways")],
            group="A picture",
        ),
        ui.Tab(
            "Channels",
            latents,
            examples=PHOTOGRAPHS,
            explain=LARGE,
            results=RESULTS,
            live=True,
            defaults={"model": "photos_tiny", "along": 2.0},
            views=[ui.Picture("Changed"), ui.Panels("Channels"), ui.Tables("Measured")],
            group="Large codes",
        ),
        ui.Tab(
            "Swap a patch",
            swap_patch,
            examples=SWAPS,
            explain=PATCH,
            results=RESULTS,
            live=True,
            defaults={"model": "photos_tiny"},
            views=[ui.Picture("Swapped"), ui.Tables("Measured")],
            group="Large codes",
        ),
        ui.Tab(
            "Repair",
            repair,
            examples=[digit(name) for name in ("three", "eight", "nine", "zero", "five")],
            explain=HOLE,
            results=RESULTS,
            views=[
                ui.Picture("Repaired"),
                ui.Panels("Parts"),
                ui.Tables("Measured"),
                ui.Plot(),
            ],
            group="Put to use",
        ),
        ui.Tab(
            "Denoise",
            denoise,
            examples=[digit(name) for name in ("zero", "seven", "one", "six")],
            explain=CLEAN,
            results=RESULTS,
            live=True,
            views=[ui.Picture("Cleaned"), ui.Panels("Each"), ui.Tables("Measured")],
            group="Put to use",
        ),
        ui.Tab(
            "Odd one out",
            anomaly,
            examples=ODDITIES,
            explain=ODD,
            results=RESULTS,
            views=[ui.Picture("Odd?"), ui.Panels("Pictures"), ui.Tables("Measured")],
            group="Put to use",
        ),
        ui.Tab(
            "Few labels",
            few_labels,
            explain=LABELS,
            results=RESULTS,
            views=[ui.Picture("Curve"), ui.Tables("Measured")],
            group="Put to use",
        ),
        ui.Tab(
            "Train your own",
            train_autoencoder,
            explain=TRAIN,
            results=RESULTS,
            views=[ui.Picture("Reconstructions"), ui.Plot(), ui.Steps(), ui.Tables("Measured")],
        ),
    ],
    emoji="🗺️",
)

if __name__ == "__main__":
    demo.launch(**ui.launch_options(demo))
