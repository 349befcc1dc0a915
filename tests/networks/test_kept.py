"""What stays loaded: each thing once, and not more of them than is said."""

from __future__ import annotations

import threading

from phosphene.networks.kept import Kept


def test_a_value_is_loaded_once_and_the_one_longest_unasked_for_goes():
    kept, loaded = Kept(2), []

    def ask(key):
        return kept.get(key, lambda: loaded.append(key) or key.upper())

    assert [ask(key) for key in "abaca"] == list("ABACA")
    assert loaded == ["a", "b", "c"]
    assert ask("b") == "B"
    assert loaded == ["a", "b", "c", "b"]


def test_several_threads_load_it_once():
    kept, loaded = Kept(1), []
    asked = [
        threading.Thread(target=kept.get, args=("a", lambda: loaded.append(1))) for _ in "1234"
    ]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert loaded == [1]


def test_what_cannot_be_loaded_is_tried_again():
    kept, tries = Kept(1), []

    def load():
        tries.append(1)
        if len(tries) == 1:
            raise OSError
        return "there"

    try:
        kept.get("a", load)
    except OSError:
        assert kept.get("a", load) == "there"
    assert len(tries) == 2
