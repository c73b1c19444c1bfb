"""program.py - what the tests of the built program share: models, a clean environment, pictures."""
import os
import shutil
import struct
import subprocess
import sys
import zlib

from check import BUILD, CACHE, ROOT, SHARED, only_one, run, shared, skip, temp_folder

FACEID = os.path.join(BUILD, "faceid")
STARTER = os.path.join(CACHE, "models")
SOURCES = {  # name of the model: its file in ../shared/models
    "mobilefacenet": "mobilefacenet/MobileFaceNet.onnx",
    "yunet": "yunet/yunet_n_dynamic.onnx",
}
_made = {}


def models():
    """(recognizer, detector): MobileFaceNet and YuNet converted from ../shared/models; else the
    starter; else the case is skipped."""
    if "pair" not in _made:
        sources = [os.path.join(SHARED, "models", path) for path in SOURCES.values()]
        shared_models = all(map(os.path.exists, sources))
        _made["pair"] = tuple(map(model, SOURCES)) if shared_models else starter()
    return _made["pair"] or skip("neither ../shared/models nor the starter model can be had")


def model(name):
    """One of SOURCES, converted from ../shared/models once; the case is skipped without it."""
    if name not in _made:
        source, target = shared(os.path.join("models", SOURCES[name])), temp_folder()
        _made[name] = os.path.join(target, name + ".fid")
        subprocess.run([sys.executable, os.path.join(ROOT, "convert", "convert.py"), source, "-o",
                        _made[name], "--quiet"], check=True)
    return _made[name]


def unmeasured_model():
    """MobileFaceNet with another limit than the measured one, which it says."""
    if "unmeasured" not in _made:
        path = os.path.join(temp_folder(), "own.fid")
        subprocess.run([sys.executable, os.path.join(ROOT, "convert", "convert.py"),
                        shared(os.path.join("models", SOURCES["mobilefacenet"])), "-o", path, "--quiet", "--card",
                        "mobilefacenet", "--set", "decision.accept=0.45"], check=True)
        _made["unmeasured"] = path
    return _made["unmeasured"]


def resnet50():
    """VGGFace2's ResNet50 with seeded weights, converted once: `?` is a decision too. The case is skipped
    without h5py."""
    if "resnet50" not in _made:
        folder = temp_folder()
        source, path = (os.path.join(folder, "resnet50" + end) for end in (".h5", ".fid"))
        try:
            from vggface2_weights import keras_weights, write_h5
            write_h5(source, keras_weights(23))
        except ImportError:
            skip("python3-h5py is not installed")
        subprocess.run([sys.executable, os.path.join(ROOT, "convert", "convert.py"), source, "-o", path,
                        "--card", "vggface2", "--quiet"], check=True)
        _made["resnet50"] = path
    return _made["resnet50"]


def starter():
    """(recognizer, detector) of the starter: the one in weights/models, or fetched once into the build
    folder by weights/get; None where that has no network."""
    with only_one("starter"):
        for folder in (os.path.join(ROOT, "weights", "models"), STARTER):
            pair = tuple(os.path.join(folder, name)
                         for name in ("starter-mobilefacenet.fid", "starter-mtcnn.fid"))
            if all(map(os.path.exists, pair)):
                return pair
        done = run(sys.executable, os.path.join(ROOT, "weights", "get"), "starter", "--to", STARTER)
        return pair if done.returncode == 0 else None


def has_sanitizers():
    """Was the program built with them? Memory and code are another's then."""
    with open(os.path.join(BUILD, "flags"), encoding="utf-8") as file:
        return "-fsanitize" in file.read()


# For a program with AddressSanitizer: its search for leaks traces, and cannot while another process does;
# and it wants to be the first library, where a test preloads one.
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}
PRELOADED = {"ASAN_OPTIONS": "verify_asan_link_order=0"}


def environment(gallery=None, pair=None, **more):
    """A clean environment for the program."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("FACEID_", "FID_", "XDG_"))}
    clean["HOME"] = clean["XDG_DATA_HOME"] = os.path.join(temp_folder(), "home")
    if gallery:
        clean["FACEID_GALLERY"] = gallery
    if pair:
        clean["FACEID_MODEL"], clean["FACEID_DETECTOR"] = pair
    if "LD_PRELOAD" in more:
        clean.update(PRELOADED)
    clean.update(more)
    return clean


def strace(*words):
    """What to write before the program, to run it under strace with these options; its environment gets
    TRACED. Skips the case where that cannot be."""
    if shutil.which("strace") is None or run("strace", "-o", os.devnull, "true").returncode != 0:
        skip("strace is not installed, or may not trace here")
    return ["strace", "-f", "-o", os.devnull, *words]


def faceid(*words, **options):
    """Runs the program in an environment(**options); returns its CompletedProcess."""
    return run(FACEID, *words, env=environment(**options))


def png(path, width, height, color=(90, 120, 60)):
    """Writes a picture of one color."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = (b"\0" + bytes(color) * width) * height
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path
