import json
from pathlib import Path

from phosphene.networks.structure import structure

LAYERS = Path(__file__).parents[3] / "apps" / "deepdream" / "layers"


def test_pictured_layers_exist_in_their_network_and_have_a_picture():
    for network, pairs in json.loads((LAYERS / "layers.json").read_text()).items():
        for layer, word in pairs:
            assert layer in structure(network).taps
            assert (LAYERS / network / f"{layer}.jpg").is_file(), word
