#!/usr/bin/python3
"""The benchmark programs of bench/: what they print is what they say, and a wrong command line gets one
sentence. No case asks for a speed."""
import json
import os
import re
import time

import numpy as np

from check import BUILD, ROOT, case, main, require, run, skip, temp_folder
from program import environment

LINE = re.compile(r"faceid +(\S+) +(?:fp32|int8) +b(\d+) t(\d+) min +([\d.]+) median +([\d.]+) ms +"
                  r"first +(\d+) load +(\d+) ms +rss +(\d+) MB +cos (\S+) maxerr (\S+)\n")


def bench(name, *words, **options):
    """Runs a benchmark program; skips the case where it is not built."""
    program = os.path.join(BUILD, "bench_" + name)
    if not os.path.exists(program):
        skip("%s is not built" % os.path.relpath(program, ROOT))
    return run(program, *words, env=environment(**options))


def good(done):
    require(done.returncode == 0 and not done.stderr, "exit %d: %s" % (done.returncode, done.stderr))
    return done.stdout


def refused(done, code, *words):
    """One sentence on stderr, nothing on stdout."""
    require(done.returncode == code, "exit %d, not %d: %s" % (done.returncode, code, done.stderr))
    require(done.stdout == "" and done.stderr.count("\n") == 1, done.stdout + done.stderr)
    require(re.match(r"bench[_/]\w+: ", done.stderr), done.stderr)
    for word in words:
        require(word in done.stderr, "no %r in %s" % (word, done.stderr))


@case
def wrong_command_lines():
    for words in (("--isa", "x"), ("--isa",), ("--x",), ("a", "b")):
        refused(bench("kernels", *words), 2)
    for words in ((), ("d", "1", "1", "1"), ("d", "0", "1", "1", "fp32"), ("d", "1", "1", "x", "fp32"),
                  ("d", "1", "1", "1", "bf16"), ("d", "1", "1", "1", "fp32", "more"),
                  ("--x", "d", "1", "1", "1", "fp32"), ("--isa", "x", "d", "1", "1", "1", "fp32")):
        refused(bench("peer", *words), 2)


@case
def unusable_files():
    refused(bench("peer", "/nowhere", "1", "1", "1", "fp32"), 1, "/nowhere/faceid.fid")


@case
def help_has_every_switch():
    for name in ("kernels", "peer"):
        text = good(bench(name, "--help"))
        with open(os.path.join(ROOT, "bench", "bench_%s.c" % name), encoding="utf-8") as file:
            switches = set(re.findall(r'strcmp\([^()"]*, "(--[a-z-]+)"\)', file.read()))
        require("--help" in switches, "no switches found in the source")
        for switch in switches:
            require("\n  %s " % switch in text, "%s --help lacks %s" % (name, switch))
        for word in ("usage: ", "Exit codes: 0 measured"):
            require(word in text, "%s --help lacks %r" % (name, word))


@case
def every_kernel_slot():
    with open(os.path.join(ROOT, "kernels", "kernel_list.h"), encoding="utf-8") as file:
        slots = re.findall(r"^FID_SLOT\((\w+),", file.read(), re.M)
    text = good(bench("kernels", "--isa", "ref"))
    for slot in slots:
        require(re.search("^ref +%s " % slot, text, re.M), "no word about " + slot)
    lines = [json.loads(line) for line in good(bench("kernels", "--json", "dot_f32")).splitlines()]
    require(len(lines) > 1 and all("dot_f32" in line["name"] for line in lines), "not dot_f32 alone")
    for line in lines:
        require(line["best"] >= line["median"] > 0 and line["unit"] == "GFLOP/s", str(line))


# ---- bench/peer ----

def peer_folder(seed):
    """A folder as other engines' programs use it: network, input and reference output."""
    from onnx_cases import Maker
    folder = temp_folder()
    write_peer_files(folder, Maker(13, (1, 3, 6, 6), seed))
    return folder


def write_peer_files(folder, maker):
    """A convolution over the whole input, so that the reference is one product. Returns the bound on
    the error of each output (kernels.h, accuracy class sum(k))."""
    filters, bias, x = maker.array(7, 3, 6, 6), maker.array(7), maker.array(3, 6, 6)
    maker.add("Conv", "x", filters, bias)
    with open(os.path.join(folder, "resnet50.onnx"), "wb") as file:
        file.write(maker.model()[0].SerializeToString())
    x.tofile(os.path.join(folder, "input.bin"))
    exact = np.einsum("ochw,chw->o", filters.astype(float), x.astype(float)) + bias
    exact.astype(np.float32).tofile(os.path.join(folder, "ref.bin"))
    magnitude = np.einsum("ochw,chw->o", np.abs(filters.astype(float)), np.abs(x.astype(float)))
    return float(np.max((3 * 36 + 9) * 2.0 ** -23 * (magnitude + np.abs(bias))))


def peer(*words, **options):
    """Runs bench/peer; returns the parts of its line."""
    done = run(os.path.join(ROOT, "bench", "peer"), *words, env=environment(**options))
    match = LINE.fullmatch(good(done))
    require(match, "not a line as bench.h has it: " + done.stdout)
    return match.groups()


@case
def peer_line():
    from onnx_cases import Maker
    if not os.path.exists(os.path.join(BUILD, "bench_peer")):
        skip("bench_peer is not built")
    folder = temp_folder()
    bound = write_peer_files(folder, Maker(13, (1, 3, 6, 6), seed=1))
    version, batch, threads, least, median, first, load, rss, cosine, error = peer(
        "--isa", "ref", folder, 3, 2, 4, "fp32", T0=str(time.time_ns() - 10 ** 10))
    require(version.endswith("-ref") and (batch, threads) == ("3", "2"), "head of the line")
    require(float(least) <= float(median) and int(rss) > 0, "times")
    require(10000 <= int(load) <= int(first) < 70000, "load %s, first %s, not from T0" % (load, first))
    require(cosine == "1.00000" and float(error) <= bound * 1.1, "%s, %s" % (cosine, error))
    without = environment()
    without.pop("T0", None)
    require(int(peer(folder, 1, 1, 1, "fp32")[5]) < 10000, "first without T0")
    (-np.fromfile(os.path.join(folder, "ref.bin"), "<f4")).tofile(os.path.join(folder, "ref.bin"))
    require(peer(folder, 1, 1, 1, "fp32")[8] == "-1.00000", "a wrong answer is not seen")


@case
def peer_converts_anew():
    from onnx_cases import Maker
    folder = peer_folder(seed=1)
    require(peer(folder, 1, 1, 1, "fp32")[8] == "1.00000", "first network")
    fid, onnx = (os.path.join(folder, name) for name in ("faceid.fid", "resnet50.onnx"))
    made = os.stat(fid).st_mtime_ns
    os.rename(fid, os.path.join(folder, "other.fid"))
    os.symlink("other.fid", fid)
    require(peer("--model", "other.fid", folder, 1, 1, 1, "fp32")[8] == "1.00000", "by another name")
    os.replace(os.path.join(folder, "other.fid"), fid)
    peer(folder, 1, 1, 1, "fp32")
    require(os.stat(fid).st_mtime_ns == made, "converted although nothing changed")
    write_peer_files(folder, Maker(13, (1, 3, 6, 6), seed=2))
    later = time.time() - 5
    os.utime(onnx, (later, later))
    os.utime(fid, (later - 5, later - 5))
    require(peer(folder, 1, 1, 1, "fp32")[8] == "1.00000", "second network")
    require(sorted(os.listdir(folder)) == ["faceid.fid", "input.bin", "ref.bin", "resnet50.onnx"],
            "left behind: %s" % os.listdir(folder))


@case
def peer_takes_the_precisions_file():
    folder = peer_folder(seed=1)
    require(peer("--isa", "ref", folder, 1, 1, 1, "fp32", FID_ISA="x")[0].endswith("-ref"), "--isa goes first")
    require(peer(folder, 1, 1, 1, "fp32", FID_ISA="ref")[0].endswith("-ref"), "FID_ISA")
    os.rename(os.path.join(folder, "faceid.fid"), os.path.join(folder, "int8.fid"))
    require(peer(folder, 1, 1, 1, "int8")[8] == "1.00000", "int8.fid")
    require(not os.path.exists(os.path.join(folder, "faceid.fid")), "converted for int8")


@case
def peer_refuses():
    folder = peer_folder(seed=1)
    launcher = os.path.join(ROOT, "bench", "peer")
    refused(run(launcher, folder, 1, 1, 1, "bf16", env=environment()), 2, "bf16", "fp32 and int8")
    refused(run(launcher, folder, 1, 1, 1, "int8", env=environment()), 1, "int8.fid", "faceid model quantize")
    refused(run(launcher, folder, 1, 1, 1, "fp32", env=environment(FID_ISA="x")), 2, "'x'")
    peer(folder, 1, 1, 1, "fp32")
    os.truncate(os.path.join(folder, "input.bin"), 100)
    refused(run(launcher, folder, 1, 1, 1, "fp32", env=environment()), 1, "input.bin")
    with open(os.path.join(folder, "resnet50.onnx"), "wb") as file:
        file.write(b"no network")
    os.utime(os.path.join(folder, "faceid.fid"), (1, 1))
    done = run(launcher, folder, 1, 1, 1, "fp32", env=environment())
    require(done.returncode == 1 and done.stdout == "" and "resnet50.onnx" in done.stderr, done.stderr)


main()
