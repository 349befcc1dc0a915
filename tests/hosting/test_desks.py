"""Runs are worked on by one thread for each place, whoever waits for them."""

from __future__ import annotations

import gc
import threading
import weakref
from contextlib import closing

import pytest

from phosphene.errors import InputError
from phosphene.hosting.desks import Desk, at_desk


def counted(count, notes):
    try:
        for number in range(count):
            notes.append(threading.get_ident())
            yield number
        if count == 3:
            raise InputError("three is too many")
    finally:
        notes.append(threading.get_ident())


def test_a_stream_is_made_in_one_thread_whoever_reads_it():
    notes, read = [], []
    threads = [
        threading.Thread(target=lambda: read.append(list(at_desk(counted(5, notes), lambda: 7))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert read == [[0, 1, 2, 3, 4]] * 6
    assert len(set(notes)) == 1
    assert notes[0] not in {threading.get_ident(), *(t.ident for t in threads)}


def test_a_run_that_goes_on_at_another_place_is_worked_on_there():
    notes, places = [], iter([7, 8, 8, 8])
    assert list(at_desk(counted(2, notes), lambda: next(places))) == [0, 1]
    assert len(set(notes)) == 2
    assert notes[1:] == [notes[1]] * 2


def test_what_ends_a_stream_is_told_and_a_stream_that_is_closed_is_over():
    notes = []
    stream = at_desk(counted(3, notes), lambda: None)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="three is too many"):
        next(stream)
    with closing(at_desk(counted(9, notes), lambda: None)) as stream:
        next(stream)
    assert len(notes) == 4 + 2
    assert len(set(notes)) == 1


def test_a_desk_holds_nothing_of_what_it_has_done():
    class Thing:
        pass

    def made():
        thing = Thing()
        gone.append(weakref.ref(thing))
        return thing

    gone, at = [], Desk("test")
    assert isinstance(at.do(made), Thing)
    at.do(int)
    gc.collect()
    assert gone[0]() is None
