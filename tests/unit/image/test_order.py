from itertools import permutations

from modpkg.image.order import in_order
from tests.support.stack import lower, make_module

CORE = make_module("core")
PYTHON = make_module("python", depends=(lower(CORE),))
ALPHA = make_module("alpha", depends=(lower(CORE), lower(PYTHON)))
KERNEL = make_module("kernel", depends=(lower(CORE),))


def test_modules_lie_above_what_they_were_built_on() -> None:
    for given in permutations([CORE, PYTHON, ALPHA, KERNEL]):
        assert [module.name for module in in_order(given)] == ["core", "kernel", "python", "alpha"]


def test_core_is_lowest_even_beside_modules_built_on_nothing() -> None:
    assert [module.name for module in in_order([make_module("alone"), CORE])] == ["core", "alone"]
