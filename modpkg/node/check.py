"""The script that asks a booted node how it is: its own questions, and the tests of the modules.

Written here, run there. It needs of the image a POSIX shell, coreutils and systemd. Each answer is one line;
what a command wrote is in base64, so that no byte of it can break the line.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Final

from modpkg.node.report import FACT, MULTI_USER, RESULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.model.module import ModuleTest

TEST_SECONDS: Final = 120
SETTLE_SECONDS: Final = 120
OUTPUT_BYTES: Final = 16384

# A second serial port: the first is the console, which getty hangs up and systemd writes to.
PORT: Final = "/dev/ttyS1"

HEAD: Final = f"""\
#!/bin/sh
# Made by modpkg for one boot of one image.
exec </dev/null
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root
stty -F {PORT} 115200 raw -echo
exec 3>{PORT}

# ask MODULE-AND-NAME-IN-JSON COMMAND: runs a command and writes one line about it.
ask() {{
    read -r started rest </proc/uptime
    timeout --kill-after=5 {TEST_SECONDS} sh -c "$2" >/run/modpkg/check.out 2>&1 3>&-
    status=$?
    read -r ended rest </proc/uptime
    output=$(tail -c {OUTPUT_BYTES} /run/modpkg/check.out | base64 -w 0)
    # Not echo: some shells' echo takes the backslashes of JSON for its own.
    printf '%s{{%s, "status": %s, "started": %s, "ended": %s, "output": "%s"}}\\n' \\
        '{RESULT}' "$1" "$status" "$started" "$ended" "$output" >&3
}}

# Services that a test needs may still be starting.
timeout {SETTLE_SECONDS} systemctl is-system-running --wait >/dev/null 2>&1
"""

QUESTIONS: Final = (
    (MULTI_USER, "systemctl show --property=ActiveEnterTimestampMonotonic --value multi-user.target"),
    ("startup", "systemd-analyze time"),
    ("memory", "grep -E '^Mem(Total|Available):' /proc/meminfo"),
    ("audit", "if command -v dpkg >/dev/null; then dpkg --audit; fi"),
)
# Asked after the tests: a test may break a service.
LAST_QUESTIONS: Final = (
    ("failed-units", "systemctl list-units --state=failed --plain --no-legend --no-pager"),
    ("end", "true"),
)

# Closing waits until the port has sent all. A node without disks has nothing else to bring into order.
FOOT: Final = "exec 3>&-\nsystemctl poweroff --force --force\n"


def check_script(tests: Mapping[str, Sequence[ModuleTest]]) -> str:
    """Write the script for an image whose modules, by name, have these tests."""
    asked = [(module, test.name, test.run) for module in sorted(tests) for test in tests[module]]
    rows = [
        *((FACT, name, command) for name, command in QUESTIONS),
        *asked,
        *((FACT, name, command) for name, command in LAST_QUESTIONS),
    ]
    return HEAD + "".join(map(_line, rows)) + FOOT


def _line(row: tuple[str, str, str]) -> str:
    module, name, command = row
    about = json.dumps({"module": module, "name": name}).strip("{}")
    return f"ask {shlex.quote(about)} {shlex.quote(command)}\n"
