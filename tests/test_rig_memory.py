#!/usr/bin/python3
"""Memory of ResNet50 on 64-bit ARM, as a real kernel counts it: under qemu-user a process's size is the
emulator's too, so the machine is emulated whole. Weights are random, of the published network's shape."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rigs"))
import builds  # noqa: E402
import vm  # noqa: E402
from check import SOAK, case, main, require, shared, skip  # noqa: E402
import program  # noqa: E402

# As test_nn_big.c promises for the network, in MB. The program's picture, detector and code come on top.
MOST, MOST_LOW, PROGRAM = 200, 140, 40


def told(run_, name):
    with open(os.path.join(run_.out, name)) as file:
        return file.read()


@case
def resnet50_on_a_64_bit_arm():
    if not SOAK:
        skip("make soak emulates a machine for ten minutes")
    guest = vm.prepare("arm64")
    picture = shared("data/vggface/ajb.jpg")
    files = builds.static("arm64")
    _, detector = program.models()
    files.update({"model.fid": program.resnet50(), "detector.fid": detector, "face.jpg": picture})
    done = vm.boot(guest, "memory_steps.sh", files, sysroot=builds.make_sysroot("arm64"), memory=1024, limit=1800)
    require(done.code == 0, "code %s: %s" % (done.code, done.console[-2000:]))
    for kind, most in (("", MOST), ("_low", MOST_LOW)):
        text = told(done, "network%s.out" % kind)
        size = float(re.search(r"peak resident memory ([\d.]+) MB", text).group(1))
        print("   network%s, 2 threads: %.1f MB" % (kind, size))
        require(size * 1.048576 <= most, "%.1f MB, at most %d" % (size, most))
        text = told(done, "program%s.out" % kind)
        require(told(done, "program%s.code" % kind) == "1\n" and '"faces":' in text, text)
        size = int(told(done, "program%s.kb" % kind)) / 1024
        print("   program%s: %.1f MB" % (kind, size))
        require(size * 1.048576 <= most + PROGRAM, "%.1f MB, at most %d" % (size, most + PROGRAM))


main()
