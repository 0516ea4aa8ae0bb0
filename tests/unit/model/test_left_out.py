import pytest

from modpkg.model.left_out import Matcher, why_left_out


@pytest.mark.parametrize(
    ("path", "files", "anything"),
    [
        ("/etc/hostname", True, False),
        ("/etc/machine-id", True, False),
        ("/etc/munge/munge.key", True, False),
        ("/var/log/x", True, False),
        ("/var/cache/zz/y", True, False),
        ("/run/y", True, True),
        ("/proc/x", True, True),
        ("/tmp/deep/er", True, True),  # noqa: S108
        ("/usr/lib/x/__pycache__", True, True),
        ("/run", False, False),
        ("/var/log", False, False),
        ("/etc/hostname.d/x", False, False),
        ("/srv/run/y", False, False),
        ("/etc/ssh/sshd_config", False, False),
    ],
)
def test_what_no_module_holds(path: str, files: bool, anything: bool) -> None:  # noqa: FBT001
    assert (why_left_out(path, is_file=True) is not None) == files
    assert (why_left_out(path, is_file=False) is not None) == anything


def test_secrets_are_told_apart() -> None:
    fault = why_left_out("/etc/ssh/ssh_host_rsa_key", is_file=True)
    assert fault == ("is a secret, which every node or site makes for itself", "put it into recipes/site")


def test_a_final_slash_means_directories_and_links_too() -> None:
    matcher = Matcher.of(["a/**/", "b/*"])
    assert matcher.matches("a/x/y", is_file=False)
    assert not matcher.matches("b/x", is_file=False)
    assert matcher.matches("b/x", is_file=True)
    assert not matcher.matches("b/x/y", is_file=True)
