"""What is left of all that apt, dpkg and mmdebstrap say when a script fails."""

from modpkg.host.run import CommandError, Completed
from modpkg.rootfs.script_errors import install_error, script_error

APT = """\
Reading package lists...
W: Download is performed unsandboxed as root as file /store/lists couldn't be accessed by user _apt
dpkg-deb: building package 'usr-is-merged' in '/tmp/usr-is-merged.deb'.
The following NEW packages will be installed:
  failing other
Get:1 copy:/pool ./ failing 1.0-1 [20.7 kB]
Setting up other (1.0-1) ...
Chrooting into /root/
the disk of node 7 is on fire
dpkg: error processing package failing (--configure):
 installed failing package post-installation script subprocess returned error exit status 3
Processing triggers for libc-bin (2.36) ...
Errors were encountered while processing:
 failing
E: Sub-process /usr/bin/dpkg returned an error code (1)
"""


def failed(*, stdout: str = "", stderr: str = "", status: int = 1) -> CommandError:
    return CommandError(Completed(("/usr/bin/apt-get",), status, stdout, stderr), environment={}, cwd=None)


def test_what_a_package_script_said_stands_before_the_complaint() -> None:
    error = install_error("extra", failed(stderr=APT), recipe="recipe.yaml")
    assert str(error).splitlines() == [
        "recipe.yaml: cannot install the packages of module 'extra'",
        "    the disk of node 7 is on fire",
        "    dpkg: error processing package failing (--configure):",
        "     installed failing package post-installation script subprocess returned error exit status 3",
    ]


def test_other_words_of_scripts_are_cut() -> None:
    chatter = "".join(f"word {number}\n" for number in range(100))
    words = str(install_error("extra", failed(stderr=chatter + APT), recipe="recipe.yaml"))
    assert "word 99" in words
    assert "word 80" not in words


def test_without_a_complaint_the_end_is_shown() -> None:
    words = str(install_error("extra", failed(stdout="one\n", stderr="two\n"), recipe="recipe.yaml"))
    assert words.splitlines()[1:] == ["    one", "    two"]


def test_a_script_says_its_status_and_its_words() -> None:
    error = script_error(
        "cannot run this script", failed(stdout="out\n", stderr="no\n", status=3), where="a.sh"
    )
    assert str(error).splitlines() == ["a.sh: cannot run this script: it ended with status 3", "    no"]


def test_a_script_that_wrote_to_standard_output_alone_is_shown_too() -> None:
    assert str(script_error("cannot", failed(stdout="out\n"), where="a.sh")).endswith("\n    out")
