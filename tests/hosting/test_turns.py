"""The queue, by a clock of its own: few at a time, whoever had least first, nobody for ever."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from phosphene.errors import InputError
from phosphene.hosting import turns as module
from phosphene.hosting.turns import Turns, places

STEP = 0.5


class House:
    """Visitors' runs of so many seconds on one queue, a step of half a second at a time."""

    def __init__(self, places=1):
        self.now = 0.0
        self.turns = Turns(places, lambda: self.now)
        self.left, self.first, self.done = {}, {}, {}
        self.stack, self.tickets, self.begun = ExitStack(), {}, {}

    def comes(self, run, seconds, visitor=None):
        """A run begins to wait."""
        held = self.turns.joined(visitor or run)
        self.tickets[run] = (held, held.__enter__())
        self.left[run], self.begun[run] = seconds, self.now

    def goes(self, run):
        held, _ = self.tickets.pop(run)
        held.__exit__(None, None, None)
        self.left.pop(run)

    def told(self, run):
        """What a run that waits is told; None where it may run."""
        return next(self.turns.wait(self.tickets[run][1], 0), None)

    def step(self):
        for run in self.tickets:  # all are told when a place is taken or free, and look again
            self.told(run)
        running = [run for run in self.tickets if self.told(run) is None]
        self.now += STEP
        for run in running:
            self.first.setdefault(run, self.now - self.begun[run])
            self.left[run] -= STEP
            if self.left[run] <= 0:
                self.done[run] = self.now
                self.goes(run)
            else:
                self.turns.go_on(self.tickets[run][1])
        return running


def test_no_more_run_at_a_time_than_there_are_places():
    house = House(places=2)
    for name in "abcde":
        house.comes(name, 5)
    while house.tickets:
        assert len(house.step()) == 2 or len(house.tickets) < 2
    assert house.now <= 5 * 5 / 2 + 5
    assert len(house.turns) == 0


def test_one_person_s_ten_clicks_do_not_hold_up_anothers_first():
    house = House()
    for number in range(10):
        house.comes(f"ann {number}", 20, visitor="ann")
    for _ in range(8):
        house.step()
    house.comes("bob", 3)
    while "bob" in house.tickets:
        house.step()
    assert house.first["bob"] <= module.SLICE + STEP
    assert house.done["bob"] - house.begun["bob"] <= 2 * (3 + module.SLICE)


def test_all_have_a_first_picture_soon_while_others_work_for_long():
    house = House()
    for number in range(20):
        house.comes(f"{number}", 6)
        house.step()
    while house.tickets and house.now < 200:
        house.step()
    assert len(house.first) == 20
    assert max(house.first.values()) <= 2 * module.SLICE
    assert house.now == 20 * 6


def test_a_long_run_goes_on_while_short_ones_keep_coming():
    house = House()
    house.comes("long", 20)
    number = 0
    while "long" in house.tickets and house.now < 300:
        if house.now % 3 == 0:
            number += 1
            house.comes(f"live {number}", 2)
        house.step()
    assert house.done["long"] < 200
    short = [when for name, when in house.first.items() if name != "long"]
    assert max(short) < 40


def test_two_long_runs_share_evenly():
    house = House()
    house.comes("a", 30)
    house.comes("b", 30)
    counts = {"a": 0, "b": 0}
    for _ in range(80):
        for run in house.step():
            counts[run] += 1
    assert abs(counts["a"] - counts["b"]) <= 2 * module.SLICE / STEP


def test_those_who_wait_are_told_their_place_and_about_how_long():
    house = House()
    for name in "abc":
        house.comes(name, 10)
    assert house.told("a") is None
    second, third = house.told("b"), house.told("c")
    assert (second.place, second.of, third.place, third.of) == (1, 2, 2, 2)
    assert 0 < second.seconds < third.seconds
    house.goes("a")
    assert house.told("b") is None
    assert house.told("c").place == 1


def test_one_who_leaves_in_the_middle_gives_the_place_back():
    house = House()
    house.comes("a", 10)
    house.comes("b", 10)
    assert house.step() == ["a"]
    house.goes("a")
    assert house.step() == ["b"]


def test_the_house_is_full_for_a_new_visitor_and_not_for_one_who_is_inside(monkeypatch):
    monkeypatch.setenv("PHOSPHENE_VISITORS", "2")
    house = House()
    house.comes("ann 1", 5, visitor="ann")
    house.comes("bob", 5)
    house.comes("ann 2", 5, visitor="ann")
    with pytest.raises(InputError, match="2 visitors are here already; try again in a minute"):
        house.comes("eve", 5)
    house.goes("bob")
    house.comes("eve", 5)


def test_threads_take_turns_and_none_is_left_behind():
    queue, inside, most, lock = Turns(2), [], [], threading.Lock()

    def run(name):
        with queue.joined(name) as turn:
            for _ in queue.wait(turn, 0.01):
                pass
            with lock:
                inside.append(name)
                most.append(len(inside))
            with lock:
                inside.remove(name)

    threads = [threading.Thread(target=run, args=(str(i),)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(most) == 20
    assert max(most) <= 2
    assert len(queue) == 0


def test_one_run_on_a_gpu_cores_on_a_cpu_and_zero_gpu_queues_by_itself(monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 8)
    assert (places("cuda"), places("cpu"), places("cuda", zero=True)) == (1, 4, None)
    queue = Turns(None)
    with queue.joined("a") as first, queue.joined("b") as second:
        assert list(queue.wait(first)) == list(queue.wait(second)) == []
        assert queue.go_on(first)


def test_a_run_goes_on_where_it_began_and_begins_where_it_fits():
    now, queue = [0.0], Turns(2, lambda: now[0], stay=True)
    with ExitStack() as stack:
        a = stack.enter_context(queue.joined("a", lambda place: (-place,)))
        assert not list(queue.wait(a))
        assert a.place == 1
        b = stack.enter_context(queue.joined("b", lambda place: (-place,)))
        assert not list(queue.wait(b))
        assert b.place == 0, "the other is taken"
        c = stack.enter_context(queue.joined("c"))
        assert next(queue.wait(c, 0))
        now[0] = 1.0
        assert not queue.go_on(b)
        assert not list(queue.wait(c))
        assert c.place == 0
        now[0] = 2.0
        assert queue.go_on(a), "whoever waits has begun elsewhere"
        assert next(queue.wait(b, 0))
        now[0] = 9.0
        assert not queue.go_on(c)
        assert not list(queue.wait(b))
        assert (b.place, c.place) == (0, 0)
    assert len(queue) == 0


def test_runs_spread_over_places_and_no_place_has_too_many(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    now, begun = [0.0], []
    queue = Turns(2, lambda: now[0], stay=True)
    with ExitStack() as stack:
        for name in "abcde":
            turn = stack.enter_context(queue.joined(name))
            begun.append(turn)
            now[0] += module.SLICE
            for other in begun:
                if other.holds:
                    queue.go_on(other)
            next(queue.wait(turn, 0), None)
        assert sorted(str(turn.place) for turn in begun) == ["0", "0", "1", "1", "None"]
