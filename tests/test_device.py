"""Devices by name, and turns that are fair."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
import torch

from phosphene import InputError, device


def test_a_device_is_found_or_the_remedy_is_named():
    assert device.pick("cpu") == torch.device("cpu")
    assert device.pick() in (torch.device("cpu"), torch.device("cuda"))
    for name in ("quantum", "cuda:77"):
        with pytest.raises(InputError, match="choose cpu"):
            device.pick(name)


def test_describe_names_the_threads():
    assert device.describe(torch.device("cpu")).startswith("CPU, ")


def test_turns_are_taken_in_the_order_of_asking_and_one_at_a_time():
    order, inside = [], []
    cpu = torch.device("cpu")

    def work(number):
        with device.device_lock(cpu):
            inside.append(number)
            assert inside == [number]
            order.append(number)
            inside.remove(number)

    threads = []
    with device.device_lock(cpu):
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_two_busy_streams_alternate():
    order, cpu = [], torch.device("cpu")
    ready = threading.Barrier(2)

    def work(number):
        ready.wait()
        for _ in range(20):
            with device.device_lock(cpu):
                order.append(number)
                time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = sum(a != b for a, b in itertools.pairwise(order))
    assert changes > 25


def test_the_holder_may_take_its_turn_again_and_an_error_gives_it_back():
    cpu = torch.device("cpu")
    with pytest.raises(KeyError), device.device_lock(cpu), device.device_lock(cpu):
        raise KeyError
    done = []
    thread = threading.Thread(target=lambda: done.append(device.device_lock(cpu).__enter__()))
    thread.start()
    thread.join(2)
    assert done
    device._locks.clear()
