"""program.py - what the tests of the built program share: models, a clean environment, pictures."""
import glob
import os
import struct
import subprocess
import sys
import zlib

from check import BUILD, ROOT, SHARED, run, skip, temp_folder

FACEID = os.path.join(BUILD, "faceid")
_made = {}


def models():
    """(recognizer, detector): MobileFaceNet and YuNet converted from ../shared/models; else the
    starter in weights/models; else the case is skipped."""
    if "pair" not in _made:
        _made["pair"] = _convert_shared() or starter()
    return _made["pair"] or skip("neither ../shared/models nor the starter in weights/models")


def starter():
    """(recognizer, detector) of the starter where weights/get has fetched it, else None."""
    pair = tuple(os.path.join(ROOT, "weights", "models", name)
                 for name in ("starter-mobilefacenet.fid", "starter-mtcnn.fid"))
    return pair if all(map(os.path.exists, pair)) else None


def _convert_shared():
    sources = [glob.glob(os.path.join(SHARED, "models", pattern))
               for pattern in ("mobilefacenet/*.onnx", "yunet/*n*dynamic*.onnx")]
    if not all(sources):
        return None
    folder = temp_folder()
    pair = []
    for name, found in zip(("mobilefacenet", "yunet"), sources):
        pair.append(os.path.join(folder, name + ".fid"))
        subprocess.run([sys.executable, os.path.join(ROOT, "convert", "convert.py"), sorted(found)[0],
                        "-o", pair[-1], "--as", name, "--quiet"], check=True)
    return tuple(pair)


def environment(gallery=None, pair=None, **more):
    """A clean environment for the program."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("FACEID_", "FID_", "XDG_"))}
    clean["HOME"] = clean["XDG_DATA_HOME"] = os.path.join(temp_folder(), "home")
    if gallery:
        clean["FACEID_GALLERY"] = gallery
    if pair:
        clean["FACEID_MODEL"], clean["FACEID_DETECTOR"] = pair
    clean.update(more)
    return clean


def faceid(*words, **options):
    """Runs the program in an environment(**options); returns its CompletedProcess."""
    return run(FACEID, *words, env=environment(**options))


def png(path, width, height, colour=(90, 120, 60)):
    """Writes a picture of one colour."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = (b"\0" + bytes(colour) * width) * height
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path
