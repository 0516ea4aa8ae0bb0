"""Builds all modules and an image twice, as differently as one machine allows, and compares every file.

Usage: as root: ./bootstrap python -m benchmarks.equal_bits [--image compute] [--place DIR] [--second-place DIR]
The second build differs in user (an ordinary one, made for it and removed, against root), time zone, umask,
locale, folder, environment, order in which downloads were stored, number of processors, date of publication,
file system if --second-place lies on another one, and in its signing key. Downloads are taken from the user's
store, or fetched into it first. Exit status: 0 where all files are equal, 1 where one is not.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import CHECKOUT, Report, Row, invoke, measured, parser, say, show
from modpkg.errors import ModpkgError
from modpkg.formats.catalogue import usual
from modpkg.host.files import digest_file
from modpkg.host.run import Stopwatch, run
from modpkg.pipeline.describe_image import SIGNATURE
from modpkg.pipeline.fetch_packages import fetch_packages
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import open_workshop
from modpkg.store.store import Store, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PLATFORM: Final = "bookworm"
CHANNEL: Final = "testing"
USER: Final = "modpkg-bits"
SUBORDINATE: Final = 700_000_000
DIFFOSCOPE_LINES: Final = 40
SHORT: Final = 16
# What is made of the folder, the date or the key on purpose: signatures, and what carries them.
UNCOMPARED: Final = frozenset({SIGNATURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """One of the two: where it works, what its world looks like, and the words put before its commands."""

    name: str
    root: Path
    environment: dict[str, str]
    before: tuple[str, ...]
    umask: str

    @property
    def checkout(self) -> Path:
        """Its copy of the checkout."""
        return self.root / "checkout"

    @property
    def store(self) -> Store:
        """Its store."""
        return Store(self.root / "store")

    @property
    def work(self) -> Path:
        """Its work directory."""
        return self.root / "work"

    def command(self, *words: str) -> dict[str, Any]:
        """Run a command of modpkg there, and give its answer."""
        own = {"MODPKG_STORE": self.store.root, "MODPKG_WORK": self.work, "PYTHONPATH": self.checkout}
        settings = [f"{name}={value}" for name, value in {**self.environment, **own}.items()]
        script = f'umask {self.umask}; cd "$0"; exec "$@"'
        python = self.root / "venv/bin/python"
        argv: list[str | Path] = [*self.before, "env", "-i", *settings]
        argv += ["/bin/sh", "-c", script, self.checkout, python]
        done = run([*argv, "-m", "invoke", *words, "--output", "json"])
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def main() -> int:
    """Build twice and print what differs."""
    options = parser(__doc__)
    options.add_argument("--image", default="compute")
    options.add_argument("--place", type=Path)
    options.add_argument("--second-place", type=Path)
    chosen = options.parse_args()
    if os.geteuid() != 0:
        raise ModpkgError("cannot make a second user: not root")
    report = Report(title="equal bits")
    with _places(chosen.place, chosen.second_place) as (first, second), _user() as user:
        builders = [_root(first), _ordinary(second / "a second folder, deeper", user)]
        _release(first / "documents")
        found = [_build(builder, first / "documents", chosen.image, report) for builder in builders]
        _compare(found, report)
    return show(report, output=chosen.output)


@contextmanager
def _places(first: Path | None, second: Path | None) -> Iterator[tuple[Path, Path]]:
    places = [Path(tempfile.mkdtemp(prefix="modpkg-bits.", dir=parent)) for parent in (first, second)]
    try:
        for place in places:
            place.chmod(0o755)
        yield places[0], places[1]
    finally:
        for place in places:
            remove_tree(place)


@contextmanager
def _user() -> Iterator[str]:
    run(["useradd", "--create-home", "--shell", "/bin/sh", USER])
    span = f"{SUBORDINATE}-{SUBORDINATE + 65535}"
    run(["usermod", "--add-subuids", span, "--add-subgids", span, USER])
    try:
        yield USER
    finally:
        run(["userdel", "--remove", "--force", USER], check=False)


def _root(place: Path) -> Builder:
    environment = {"PATH": os.environ["PATH"], "HOME": "/root", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    return Builder(name="first", root=place / "first", environment=environment, before=(), umask="022")


def _ordinary(root: Path, user: str) -> Builder:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": pwd.getpwnam(user).pw_dir,
        "LC_ALL": "de_DE.ISO-8859-1",
        "LANGUAGE": "de",
        "TZ": "Pacific/Kiritimati",
        "SOURCE_DATE_EPOCH": "2000000000",
        "PYTHONHASHSEED": "4711",
        "DEB_BUILD_OPTIONS": "parallel=7",
        "TMPDIR": pwd.getpwnam(user).pw_dir,
    }
    last = max(os.sched_getaffinity(0))
    before = ("runuser", "-u", user, "--", "taskset", "--cpu-list", str(last))
    return Builder(name="second", root=root, environment=environment, before=before, umask="077")


def _release(documents: Path) -> None:
    # An entry of the changelog has a date: both have to build from the same ones.
    for name in ("recipes", "repo"):
        shutil.copytree(CHECKOUT / name, documents / name)
    words = invoke("release-module", "all", "--message", "For the benchmark.")
    measured("release what is not", words, cwd=documents)


def _build(builder: Builder, documents: Path, image: str, report: Report) -> dict[str, Path]:
    _prepare(builder, documents)
    for words in (
        ("build-all", "--platform", PLATFORM, "--offline"),
        ("publish", "--channel", CHANNEL),
        ("lock", image),
        ("build-image", image),
    ):
        say(f"{builder.name}: {' '.join(words)}")
        watch = Stopwatch.started()
        answers = builder.command(*words)
        name = f"{builder.name}: {' '.join(words)}"
        report.rows.append(Row(name=name, wall=watch.seconds, cpu=watch.cpu_seconds))
        if words[0] == "build-all":
            modules = [module["fragment_sha256"] for module in answers["modules"]]
    return _outputs(builder, modules, Path(answers["directory"]))


def _prepare(builder: Builder, documents: Path) -> None:
    builder.root.mkdir(parents=True)
    shutil.copytree(CHECKOUT / "modpkg", builder.checkout / "modpkg")
    shutil.copytree(documents, builder.checkout, dirs_exist_ok=True)
    shutil.copy(CHECKOUT / "tasks.py", builder.checkout)
    # The Python that runs this may lie where nobody else may look.
    run(["/usr/bin/python3", "-m", "venv", "--without-pip", builder.root / "venv"])
    libraries = next((builder.root / "venv" / "lib").glob("python3.*/site-packages"))
    shutil.copytree(sysconfig.get_path("purelib"), libraries, dirs_exist_ok=True)
    _copy_downloads(builder)
    if builder.before:
        user = builder.before[2]
        run(["chown", "-R", f"{user}:", builder.root])


def _copy_downloads(builder: Builder) -> None:
    site = Site.of(os.environ)
    workshop = open_workshop(builder.checkout / "recipes", platform=PLATFORM, site=site, work=builder.work)
    modules = usual(workshop.catalogue, PLATFORM)
    fetch_packages(workshop.lock, modules, platform=workshop.platform, site=site)
    digests = sorted({package.sha256 for module in modules for package in workshop.lock.modules[module]})
    for digest in digests if builder.name == "first" else reversed(digests):
        target = builder.store.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site.store.path(digest), target)


def _outputs(builder: Builder, fragments: list[str], image: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for record in (builder.store.root / "builds").glob("*.json"):
        parts = json.loads(record.read_bytes())
        if parts.get("fragment") in fragments:
            about = json.loads(builder.store.path(parts["module"]).read_bytes())
            found[f"{about['name']}: module.json"] = builder.store.path(parts["module"])
            found[f"{about['name']}: fragment"] = builder.store.path(parts["fragment"])
    packages = builder.work / "packages" / PLATFORM
    found |= {path.name: path for path in packages.iterdir() if path.suffix in {".deb", ".rpm"}}
    found |= {f"image: {path.name}": path for path in image.iterdir() if path.name not in UNCOMPARED}
    return found


def _compare(found: list[dict[str, Path]], report: Report) -> None:
    first, second = found
    lines = []
    for name in sorted(first.keys() | second.keys()):
        digests = [digest_file(side[name]) if name in side else "missing" for side in (first, second)]
        equal = digests[0] == digests[1]
        lines.append((name, f"{'equal' if equal else 'DIFFERS':8}{'  '.join(d[:SHORT] for d in digests)}"))
        if not equal:
            report.failures.append(f"{name} differs")
            if name in first and name in second:
                report.lists[f"diffoscope: {name}"] = _difference(first[name], second[name])
    report.lists["files"] = lines


def _difference(first: Path, second: Path) -> list[tuple[str, str]]:
    limits = ["--max-text-report-size", "20000", "--max-page-diff-block-lines", "50"]
    done = run(["diffoscope", *limits, "--text", "-", first, second], check=False)
    return [("", line) for line in done.stdout.splitlines()[:DIFFOSCOPE_LINES]]


if __name__ == "__main__":
    sys.exit(main())
