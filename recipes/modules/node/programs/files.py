"""Applies the files of the site's share to this node: directories, copies, links, as the share's plan says.

`modpkg files DIR` on the head makes the plan from the documents in the share: what is wrong with those is known
before a node reads them. What cannot be applied is recorded, and the next entry is. A file is replaced by a
rename, so that no service sees half of one, and only if it differs.
"""

from __future__ import annotations

import argparse
import filecmp
import grp
import hashlib
import json
import os
import platform
import pwd
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

from results import PLACE, SHARE, Entry, Result, share_problem

PLAN = "files.plan"
DOCUMENTS = ("files.yaml", "image-files/destinations")
FORMAT = 1
WAY_OUT = "run `modpkg files` on the share, on the head"
ENTRIES = {
    "directory": ("path", "owner", "group", "mode"),
    "copy": ("path", "owner", "group", "mode", "source"),
    "link": ("path", "target"),
}


def read_plan(share: Path, result: Result) -> dict[str, Any]:
    """Read the plan of a share; an empty one where there is nothing to apply or a problem."""
    try:
        plan = json.loads((share / PLAN).read_bytes())
    except FileNotFoundError:
        found = [name for name in DOCUMENTS if (share / name).exists()]
        if found:
            result.problem = f"the share has {found[0]}, but no {PLAN}: {WAY_OUT}"
        return {}
    except (OSError, ValueError) as error:
        result.problem = f"cannot read {share / PLAN}: {error}; {WAY_OUT}"
        return {}
    result.problem = plan_problem(plan)
    return {} if result.problem else plan


def plan_problem(plan: Any) -> str:
    """Say what is wrong with a plan, or ""."""
    if not isinstance(plan, dict) or plan.get("format") != FORMAT:
        return (
            f"{PLAN} is of a format that this node does not know: {WAY_OUT}, with a modpkg of the image's age"
        )
    for entry in plan.get("entries", ()):
        keys = ENTRIES.get(entry.get("kind"), ())
        if not keys or not set(keys) <= set(entry):
            return f"{PLAN} is damaged: {WAY_OUT}"
    return ""


def warn_of_changes(share: Path, plan: dict[str, Any], result: Result) -> None:
    """Say which documents are others than those that the plan was made from."""
    for name, wanted in plan.get("sources", {}).items():
        try:
            found = hashlib.sha256((share / name).read_bytes()).hexdigest()
        except OSError as error:
            found = str(error.strerror)
        if found != wanted:
            result.warn(f"{name} was changed since {PLAN} was made, which is applied as it is: {WAY_OUT}")


def chosen(plan: dict[str, Any], node: str) -> list[dict[str, Any]]:
    """Give the entries for a node; of several for one path the last."""
    groups = {name for name, nodes in plan.get("groups", {}).items() if node in nodes}
    mine = [
        entry for entry in plan.get("entries", ()) if not entry.get("only") or groups & set(entry["only"])
    ]
    return list({entry["path"]: entry for entry in mine}.values())


def apply(entry: dict[str, Any], *, share: Path, root: Path) -> Entry:
    """Apply one entry and tell what became of it."""
    path = root / entry["path"].lstrip("/")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if entry["kind"] == "directory":
            detail = make_directory(path, entry)
        elif entry["kind"] == "link":
            detail = make_link(path, entry["target"])
        else:
            detail = copy(share / entry["source"], path, entry)
    except KeyError as error:
        return Entry(entry["path"], ok=False, detail=f"{error.args[0]} (from {entry.get('from', PLAN)})")
    except OSError as error:
        where = f" {error.filename}" if error.filename and str(error.filename) != str(path) else ""
        told = f"{error.strerror or error}{where} (from {entry.get('from', PLAN)})"
        return Entry(entry["path"], ok=False, detail=told)
    return Entry(entry["path"], ok=True, detail=detail)


def make_directory(path: Path, entry: dict[str, Any]) -> str:
    """Make a directory, or set owner and mode of one that is there."""
    wanted = ids_of(entry)
    is_new = not path.is_dir()
    if is_new:
        path.mkdir()
    if not is_new and entry["mode"] is None and entry["owner"] is None:
        return "unchanged"
    if set_rights(path, wanted, mode_of(entry, 0o755)):
        return "made" if is_new else "rights set"
    return "made" if is_new else "unchanged"


def make_link(path: Path, target: str) -> str:
    """Make a symbolic link in the place of whatever file or link is there."""
    if path.is_symlink() and str(path.readlink()) == target:
        return "unchanged"
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(0, "there is a directory in the place of the link")
    scratch = path.with_name(f".{path.name}.modpkg")
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(target)
    scratch.replace(path)
    return "linked"


def copy(source: Path, path: Path, entry: dict[str, Any]) -> str:
    """Copy a file of the share with owner and mode, if that changes anything."""
    wanted, mode = ids_of(entry), mode_of(entry, 0o644)
    if not stat.S_ISREG(source.stat().st_mode):
        raise OSError(0, "the source is not a file:", str(source))
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(0, "there is a directory in the place of the file")
    if path.is_file() and not path.is_symlink() and filecmp.cmp(source, path, shallow=False):
        return "rights set" if set_rights(path, wanted, mode) else "unchanged"
    scratch = path.with_name(f".{path.name}.modpkg")
    scratch.unlink(missing_ok=True)
    try:
        # Closed to all until it is whole and has its owner: it may be a key.
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
            shutil.copyfileobj(reader, writer)
        set_rights(scratch, wanted, mode)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return "copied"


def set_rights(path: Path, ids: tuple[int, int], mode: int) -> bool:
    """Give a path its owner and mode; tells whether that changed anything."""
    known = path.stat()
    if (known.st_uid, known.st_gid, stat.S_IMODE(known.st_mode)) == (*ids, mode):
        return False
    # The owner first: a change of owner takes the bits of setuid away.
    os.chown(path, *ids)
    path.chmod(mode)
    return True


def mode_of(entry: dict[str, Any], default: int) -> int:
    """Give the mode of an entry."""
    return default if entry["mode"] is None else int(entry["mode"], 8)


def ids_of(entry: dict[str, Any]) -> tuple[int, int]:
    """Give uid and gid of an entry's owner and group; raises KeyError in words."""
    owner, group = entry["owner"] or "root", entry["group"] or "root"
    try:
        uid = int(owner) if owner.isdigit() else pwd.getpwnam(owner).pw_uid
    except KeyError as error:
        raise KeyError(f"this node has no user {owner!r}") from error
    try:
        return uid, int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise KeyError(f"this node has no group {group!r}") from error


def run(share: Path, result: Result, *, node: str, root: Path) -> None:
    """Apply all of a share; `result` then has what became of each entry."""
    result.problem = share_problem(share)
    if result.problem:
        return
    plan = read_plan(share, result)
    warn_of_changes(share, plan, result)
    for entry in chosen(plan, node):
        result.add(apply(entry, share=share, root=root))


def main() -> int:
    """Apply the files of the share and write the result."""
    parser = argparse.ArgumentParser(description="Applies the files of the site's share.")
    parser.add_argument("--share", type=Path, default=SHARE)
    parser.add_argument("--results", type=Path, default=PLACE)
    parser.add_argument("--root", type=Path, default=Path("/"), help="below which all paths are")
    parser.add_argument("--node", default=os.environ.get("MODPKG_NODE") or platform.node().partition(".")[0])
    options = parser.parse_args()
    result = Result("files")
    run(options.share, result, node=options.node, root=options.root)
    return result.finish(options.results)


if __name__ == "__main__":
    sys.exit(main())
