"""Runs are worked on by one thread for each place, whoever waits for them."""

from __future__ import annotations

import gc
import threading
import weakref
from contextlib import closing

import pytest

from phosphene.errors import InputError
from phosphene.hosting.desks import AtDesk, Desk


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
        threading.Thread(target=lambda: read.append(list(AtDesk(counted(5, notes), lambda: 7))))
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
    assert list(AtDesk(counted(2, notes), lambda: next(places))) == [0, 1]
    assert len(set(notes)) == 2
    assert notes[1:] == [notes[1]] * 2


def test_the_next_item_is_made_while_the_last_is_looked_at():
    begun = threading.Event()

    def stream():
        yield 1
        begun.set()
        yield 2
        raise InputError("three is too many")

    with closing(AtDesk(stream(), lambda: None)) as items:
        assert next(items) == 1
        assert not begun.wait(0.05)
        items.ahead()
        items.ahead()
        assert begun.wait(5)
        assert next(items) == 2
        items.ahead()
        with pytest.raises(InputError, match="three is too many"):
            next(items)
        assert list(items) == []


def test_what_was_begun_ahead_is_over_when_a_stream_is_closed():
    notes = []
    items = AtDesk(counted(9, notes), lambda: None)
    next(items)
    items.ahead()
    items.close()
    assert len(notes) == 3, "two items, and the end of the generator"


def test_a_run_that_lost_its_place_is_closed_after_the_item_that_it_is_at():
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def stream():
        try:
            yield 1
            begun.set()
            assert go_on.wait(5)
            yield 2
        finally:
            ended.append(threading.current_thread().name)

    place = [1]
    items = AtDesk(stream(), lambda: place[0])
    next(items)
    items.ahead()
    assert begun.wait(5)
    place[0] = 2
    leaving = threading.Thread(target=items.close)
    leaving.start()
    leaving.join(0.05)
    assert not ended
    go_on.set()
    leaving.join(5)
    assert ended == ["desk-2"]


def test_what_ends_a_stream_is_told_and_a_stream_that_is_closed_is_over():
    notes = []
    stream = AtDesk(counted(3, notes), lambda: None)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="three is too many"):
        next(stream)
    with closing(AtDesk(counted(9, notes), lambda: None)) as stream:
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
