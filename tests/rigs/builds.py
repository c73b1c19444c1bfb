"""builds.py - the program as the rigs run it: as built for this test, with sanitizers, for arm64.
What is not there or older than its sources is built."""
import os
import shutil

from check import BUILD, CACHE, ROOT, need, only_one, require, run
import vm

SYSROOT = os.path.join(CACHE, "sysroot-arm64")
LIBRARIES = ["libc6-dev", "libjpeg62-turbo-dev", "libpng-dev", "libsqlite3-dev", "libutf8proc-dev",
             "libsodium-dev"]
# Of the machine whose window is tried, too.
WINDOW = {"arm64": ["libsdl2-dev", "libsdl2-ttf-dev"]}


def get(build):
    """Files for the guest: the program and the camera. Skips the case where they cannot be built."""
    folder = {"amd64": BUILD, "asan": os.path.join(ROOT, "build", "asan-rig"),
              "arm64": os.path.join(ROOT, "build", "arm64")}[build]
    files = {"faceid": os.path.join(folder, "faceid"),
             "usbcam": os.path.join(folder if build == "arm64" else BUILD, "tests", "usbcam")}
    if build == "asan":
        # The C tests watch the kernels, and no emulator has to.
        _make(folder, [files["faceid"]], "SANITIZE=address,undefined",
              *[name + "=-fno-sanitize=all" for name in ("KERNEL_FLAGS", "REF_FLAGS")])
    if build == "arm64":
        need("aarch64-linux-gnu-gcc")
        make_sysroot("arm64")
        paths = ["usr/lib/aarch64-linux-gnu/pulseaudio", "usr/lib/aarch64-linux-gnu/blas"]
        links = "".join(",-rpath-link," + os.path.join(SYSROOT, p) for p in paths)
        _make(folder, files.values(), "CROSS=aarch64-linux-gnu-", "CFLAGS=--sysroot=" + SYSROOT,
              "LDFLAGS=--sysroot=%s -Wl%s" % (SYSROOT, links))
    return files


def static(architecture):
    """Files for the guest: the program as boards get it."""
    need("aarch64-linux-gnu-gcc")
    sysroot = make_sysroot(architecture)
    folder = os.path.join(ROOT, "build", "%s-static" % architecture)
    files = {"faceid": os.path.join(folder, "faceid-static")}
    _make(folder, files.values(), "CROSS=aarch64-linux-gnu-", "SYSROOT=" + sysroot, "STATIC=1", "SDL=0",
          "OPENBLAS=0")
    return files


def with_tsan():
    """The program with ThreadSanitizer."""
    folder = os.path.join(ROOT, "build", "tsan")
    _make(folder, [os.path.join(folder, "faceid")], "SANITIZE=thread")
    return os.path.join(folder, "faceid")


def sysroot(build):
    """Where the program's libraries are."""
    return SYSROOT if build == "arm64" else "/"


def _make(folder, paths, *words):
    """As `make` would from a shell: the make that runs the tests has its own settings."""
    clean = {k: v for k, v in os.environ.items()
             if k not in ("BUILD", "CFLAGS", "LDFLAGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    targets = [os.path.relpath(path, ROOT) for path in paths]
    done = run("make", "-C", ROOT, "-j2", "BUILD=" + os.path.relpath(folder, ROOT), *words,
               *targets, env=clean)
    require(done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:])


def make_sysroot(architecture):
    """Debian's libraries of that architecture, with links that stay inside; returns the folder. Skips
    the case where they cannot be had."""
    with only_one("sysroot"):
        return _made_sysroot(architecture)


def _made_sysroot(architecture):
    final = os.path.join(CACHE, "sysroot-" + architecture)
    packages = [*LIBRARIES, *WINDOW.get(architecture, [])]
    stamp = os.path.join(final, "packages")  # one made for fewer packages is made anew
    if os.path.exists(stamp) and open(stamp, encoding="ascii").read().split() == packages:
        return final
    fresh = final + ".new"
    os.makedirs(fresh, exist_ok=True)
    apt = vm.Apt(final + ".apt", architecture)
    apt.unpack(fresh, *packages, dependencies=True)
    for folder, folders, names in os.walk(fresh):
        for name in folders + names:
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                target = fresh + os.readlink(path)
                os.unlink(path)
                os.symlink(os.path.relpath(target, folder), path)
    with open(os.path.join(fresh, "packages"), "w", encoding="ascii") as file:
        file.write("\n".join(packages) + "\n")
    shutil.rmtree(final, ignore_errors=True)
    os.rename(fresh, final)
    return final
