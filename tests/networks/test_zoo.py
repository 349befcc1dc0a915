"""What is known of networks without loading one."""

from __future__ import annotations

import subprocess
import sys

from timm.data.imagenet_info import ImageNetInfo

from phosphene.networks import zoo


def test_the_classes_that_pages_list_are_those_that_timm_has():
    first = {name.split(",")[0] for name in ImageNetInfo().label_descriptions()}
    assert zoo.listed_classes() == tuple(sorted(zoo.listed_classes(), key=str.lower))
    assert len(zoo.listed_classes()) == len(first)
    assert set(zoo.listed_classes()) == first


def test_a_page_is_put_together_without_waiting_for_timm():
    code = "import sys; from phosphene import ui; assert 'timm' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
