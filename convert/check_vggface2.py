#!/usr/bin/python3
"""check_vggface2.py - the published VGGFace2 ResNet50 against its known answer.

    convert/check_vggface2.py rcmalli_vggface_tf_resnet50.h5 \\
        --labels rcmalli_vggface_labels_v2.npy --picture ajb.jpg

keras-vggface's own test shows its picture ajb.jpg to this network and gets A._J._Buckley with
0.91819614. This script does the same with our converter and engine: the whole picture, squeezed to
224x224 by taking the nearest pixel as Keras' load_img does, BGR less the mean. For other weights or
another picture say what to expect with --class, --probability and --tolerance.

Needs build/tests/dump_layers and dump_picture (make tests; BUILD names another folder)."""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

import cards
import convert
from graph import ConvertError
from labels import read_labels

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tests")
SHARED = os.environ.get("FACEID_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
PICTURE = os.path.join(SHARED, "data", "vggface", "ajb.jpg")
KNOWN_CLASS, KNOWN_PROBABILITY, TOLERANCE = "A._J._Buckley", 0.9182, 0.001
SIDE = 224
CARD = "vggface2-top"
EXIT_DIFFERENT, EXIT_INPUT, EXIT_REFUSED = 1, 3, 4


class CheckError(Exception):
    """A step could not be done; the text says which and why."""


def run_tool(name, *words):
    path = os.path.join(TOOLS, name)
    if not os.path.exists(path):
        raise CheckError("%s is not built: make tests" % path)
    done = subprocess.run([path, *words], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CheckError(done.stderr.strip() or "%s failed" % name)


def read_picture(path, folder):
    """[h, w, 3]: the pixels of a JPEG or PNG, RGB."""
    target = os.path.join(folder, "picture.ppm")
    run_tool("dump_picture", path, target)
    with open(target, "rb") as file:
        _, size, _ = file.readline(), file.readline(), file.readline()
        width, height = map(int, size.split())
        return np.frombuffer(file.read(), np.uint8).reshape(height, width, 3)


def squeeze(pixels, side=SIDE):
    """[side, side, 3]: each pixel is the one whose square its center falls into."""
    rows, columns = [((np.arange(side) + 0.5) * size / side).astype(int)
                     for size in pixels.shape[:2]]
    return pixels[rows][:, columns]


def network_input(pixels, meta):
    """[1, 224, 224, 3] f32 from the pixels, by the model's own metadata."""
    x = squeeze(pixels).astype(np.float64)
    if meta["input.channels"] == "bgr":
        x = x[:, :, ::-1]
    return ((x - meta["input.mean"]) * meta["input.scale"]).astype("<f4")[None]


def classify(fid, x, folder):
    """The class probabilities that our engine computes for x."""
    source, output = os.path.join(folder, "input"), os.path.join(folder, "values")
    x.tofile(source)
    os.mkdir(output)
    run_tool("dump_layers", fid, "-", "1", "0", "0", source, output)
    with open(os.path.join(output, "values.tsv"), encoding="utf-8") as table:
        rows = [line.split("\t") for line in table]
    index = next(row[0] for row in rows if row[1] == "classifier")
    return np.fromfile(os.path.join(output, index + ".f32"), "<f4")


def check(arguments, folder):
    """Prints the answer; true if it is the expected one."""
    source = convert.read_source(arguments.weights)
    label_file = convert.read_source(arguments.labels) if arguments.labels else None
    card = cards.load(CARD)
    data, _ = convert.convert_apart([source], card, label_file)
    labels = read_labels(label_file[1], label_file[0]) if label_file else None
    fid = os.path.join(folder, "model.fid")
    with open(fid, "wb") as file:
        file.write(data)
    x = network_input(read_picture(arguments.picture, folder), card.keys)
    probabilities = classify(fid, x, folder)
    best = np.argsort(probabilities)[::-1][:3]
    names = [labels[i] if labels else "class %d" % i for i in best]
    for i, name in zip(best, names):
        print("%-24s %.8f" % (name, probabilities[i]))
    near = abs(probabilities[best[0]] - arguments.probability) <= arguments.tolerance
    named = not labels or names[0] == arguments.known_class
    print("%s: wanted %s with %.4f +- %g" % ("agrees" if near and named else "DIFFERS",
                                              arguments.known_class if labels else "a class",
                                              arguments.probability, arguments.tolerance))
    return near and named


def parse_arguments(words):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 agrees; 1 differs; 2 wrong usage; 3 a file cannot be read or a tool "
               "is missing; 4 the weights are refused")
    parser.add_argument("weights", metavar="H5", help="rcmalli_vggface_tf_resnet50.h5")
    parser.add_argument("--labels", metavar="FILE", help="class names; without them only the "
                                                         "probability is compared")
    parser.add_argument("--picture", default=PICTURE, metavar="FILE")
    parser.add_argument("--class", dest="known_class", default=KNOWN_CLASS, metavar="NAME")
    parser.add_argument("--probability", type=float, default=KNOWN_PROBABILITY)
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    return parser.parse_args(words)


def main(words):
    arguments = parse_arguments(words)
    try:
        with tempfile.TemporaryDirectory(prefix="faceid-check-") as folder:
            return 0 if check(arguments, folder) else EXIT_DIFFERENT
    except OSError as error:
        print("check_vggface2.py: %s: %s" % (error.filename, error.strerror), file=sys.stderr)
        return EXIT_INPUT
    except CheckError as error:
        print("check_vggface2.py: %s" % error, file=sys.stderr)
        return EXIT_INPUT
    except ConvertError as error:
        print("check_vggface2.py: %s" % error, file=sys.stderr)
        return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
