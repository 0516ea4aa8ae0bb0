from modpkg.image.paths import driver_findings, path_findings, plain, union
from tests.support.stack import lower, make_module

A, B = "file 0755 0 0 10 " + "a" * 64, "file 0755 0 0 10 " + "b" * 64
DIRECTORY = "dir 0755 0 0"
CORE = make_module("core", paths={"lib": "symlink 0777 0 0 usr/lib", "usr": DIRECTORY, "usr/x": A})


def test_hard_links_do_not_make_a_difference() -> None:
    assert plain(f"{A} link=usr/y") == A
    modules = [make_module("core", paths={"usr/x": A}), make_module("ib", paths={"usr/x": f"{A} link=usr/y"})]
    assert list(path_findings(modules)) == []


def test_the_union_has_what_the_highest_module_has() -> None:
    upper = make_module("ib", paths={"usr": DIRECTORY, "usr/x": f"{B} link=usr/y", "usr/y": B})
    assert union([CORE, upper]) == {**CORE.paths, "usr/x": B, "usr/y": B}


def test_a_path_with_other_content_names_both_modules() -> None:
    (finding,) = path_findings([CORE, make_module("ib", paths={"usr/x": B})])
    assert (finding.about, finding.what) == ("/usr/x", "content differs")
    assert [(side.module, side.has) for side in finding.sides] == [
        ("core", "file 0755 0 0 10 aaaaaaaaaaaa"),
        ("ib", "file 0755 0 0 10 bbbbbbbbbbbb"),
    ]


def test_type_mode_and_owners_are_told_apart() -> None:
    lines = ["dir 0700 0 0", "dir 0755 7 0", "dir 0755 0 7", "symlink 0755 0 0 elsewhere"]
    found = [next(path_findings([CORE, make_module("ib", paths={"usr": line})])).what for line in lines]
    assert found == ["mode differs", "owner differs", "group differs", "type differs"]


def test_a_directory_over_a_symlink_of_core_says_where_its_files_belong() -> None:
    (finding,) = path_findings([CORE, make_module("ib", paths={"lib": DIRECTORY, "lib/x.so": A})])
    assert finding.about == "/lib"
    assert "below /usr" in finding.hint


def test_a_module_may_replace_what_it_declares_of_a_module_below_it() -> None:
    declared = {"paths": {"usr/x": B}, "replaces": ("/usr/x",)}
    above = make_module("ib", depends=(lower(CORE),), **declared)
    beside = make_module("ib", **declared)
    undeclared = make_module("ib", depends=(lower(CORE),), paths={"usr/x": B})
    counts = [len(list(path_findings([CORE, module]))) for module in (above, beside, undeclared)]
    assert counts == [0, 1, 1]


def test_two_modules_that_replace_one_path_differently_disagree() -> None:
    other = "file 0644 0 0 1 " + "c" * 64
    modules = [
        make_module(name, depends=(lower(CORE),), replaces=("/usr/x",), paths={"usr/x": line})
        for name, line in (("ib", B), ("nfs", other))
    ]
    (finding,) = path_findings([CORE, *modules])
    assert [side.module for side in finding.sides] == ["ib", "nfs"]


def test_drivers_belong_to_the_kernel_of_the_image() -> None:
    kernel = make_module("kernel", kernel="6.1.0", paths={"usr/lib/modules/6.1.0/kernel/a.ko": A})
    extra = make_module("ofed", paths={"usr/lib/modules/6.1.9/updates/b.ko": A})
    assert list(driver_findings([CORE, kernel])) == []
    (finding,) = driver_findings([CORE, kernel, extra])
    assert finding.about == "/usr/lib/modules/6.1.9"
    assert "ofed" in finding.what
    assert [(side.module, side.has) for side in finding.sides] == [("kernel", "kernel 6.1.0")]


def test_there_is_one_kernel() -> None:
    kernels = [make_module(name, kernel=name) for name in ("k1", "k2")]
    (finding,) = driver_findings(kernels)
    assert [side.module for side in finding.sides] == ["k1", "k2"]
