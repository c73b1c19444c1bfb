#!/usr/bin/python3
"""The benchmark programs: what they print agrees with the model and with itself, results can be
saved, compared and drawn, and a wrong command line gets one sentence. No case asks for a speed."""
import json
import os
import re
import time
import xml.etree.ElementTree

import numpy as np

from check import BUILD, ROOT, case, main, require, run, skip, temp_folder
from engine import write_fid
from graph import Graph
from program import environment, models

LINE = re.compile(r"faceid +(\S+) +fp32 +b(\d+) t(\d+) min +([\d.]+) median +([\d.]+) ms +"
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


def small_graph(width=8):
    """A convolution of each kind, a pool and a sum, with a name that XML and JSON must escape."""
    random = np.random.default_rng(3)
    graph = Graph("small", "in", 16, 16, 3)

    def conv(source, name, inputs, outputs, size, groups=1, stride=1):
        graph.append("conv", [source], name, kernel=(size, size), stride=(stride, stride),
                     dilation=(1, 1), pads=(size // 2,) * 4, groups=groups, tensors={
                         "filter": random.standard_normal((outputs, size, size, inputs // groups)),
                         "bias": random.standard_normal(outputs)})
        return name

    first = conv("in", 'first <"&\\>', 3, width, 3, stride=2)
    wide = conv(conv(first, "deep", width, width, 3, groups=width), "wide", width, width, 1)
    graph.append("add", [wide, first], "add")
    graph.append("max_pool", ["add"], "pool", kernel=(2, 2), stride=(2, 2))
    graph.append("fully_connected", ["pool"], "out", tensors={
        "filter": random.standard_normal((5, 16 * width)), "bias": random.standard_normal(5)})
    graph.outputs = ["out"]
    return graph


def saved(*words, graph=None):
    """Path and content of a result of bench_layers."""
    path = os.path.join(temp_folder(), "result.json")
    text = good(bench("layers", write_fid([graph or small_graph()]), "--json", "--runs", "3", *words))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path, json.loads(text)


def check_result(result, graph, batch):
    """Holds a result against the graph and against itself."""
    rows, shapes = result["layers"], graph.shapes()
    require([row["name"] for row in rows] == [node.name for node in graph.nodes], "names differ")
    require([row["op"] for row in rows] == [node.op for node in graph.nodes], "ops differ")
    for row, node in zip(rows, graph.nodes):
        require((row["h"], row["w"], row["c"]) == tuple(shapes[node.output]), node.name)
        require((row["window_h"], row["window_w"]) == tuple(node.kernel), "window of " + node.name)
        numbers = sum(np.prod(shapes[name]) for name in node.inputs + [node.output])
        weights = sum(tensor.size for tensor in node.tensors.values())
        require(row["bytes"] == 4 * (batch * numbers + weights), "bytes of " + node.name)
        require(0 < row["min_ms"] <= row["median_ms"], "times of " + node.name)
        # What is derived, from what it is derived from, as far as the decimals printed go.
        speed = 2e-6 * row["macs"] / row["min_ms"]
        require(abs(row["gflops"] - speed) <= 0.005 + speed * 1e-6 / row["min_ms"], "speed")
        if row["macs"] and result["peak_gflops"]:
            share = 100 * row["gflops"] / result["peak_gflops"]
            slack = 0.01 + share * 0.005 / result["peak_gflops"] + 0.5 / result["peak_gflops"]
            require(abs(row["peak_percent"] - share) <= slack, "share of the peak")
    require(sum(row["macs"] for row in rows) == batch * graph.multiply_add_count(), "multiply-adds")
    total = sum(row["min_ms"] for row in rows)
    require(abs(result["sum"]["min_ms"] - total) <= 1e-6 * (len(rows) + 1), "sum of the times")
    require(0 < result["whole"]["min_ms"] <= result["whole"]["median_ms"], "whole pass")


@case
def layers_as_json():
    graph = small_graph()
    for batch, threads in ((1, 1), (3, 2)):
        _, result = saved("--batch", batch, "--threads", threads)
        require((result["batch"], result["threads"], result["runs"]) == (batch, threads, 3), "head")
        check_result(result, graph, batch)


@case
def method_and_isa():
    _, result = saved("--isa", "ref", "--method", "im2col_gemm", "--against", "direct")
    require(result["isa"] == "ref" and result["method"] == "im2col_gemm", "head")
    check_result(result["against"], small_graph(), 1)
    for half, method in ((result, "im2col_gemm"), (result["against"], "direct")):
        require(half["layers"][0]["method"] == method, "%s did not run" % method)
    table = good(bench("layers", write_fid([small_graph()]), "--runs", "2", "--against", "direct"))
    for word in ("% peak", "GB/s", "against", "times the time of method chosen", "deep", "sum"):
        require(word in table, "no %r in the table" % word)


@case
def free_size():
    graph = small_graph()
    graph.nodes = graph.nodes[:-1]
    graph.outputs, graph.free_size = ["pool"], True
    _, result = saved("--size", "32x8", graph=graph)
    require((result["layers"][-1]["h"], result["layers"][-1]["w"]) == (2, 8), "not that size")


@case
def compare_two_files():
    (path_a, a), (path_b, b) = saved(), saved("--method", "direct", "--batch", "2")
    table = good(bench("layers", "--compare", path_a, path_b)).splitlines()
    for i, row in enumerate(a["layers"]):
        line = next(line for line in table if line.startswith(row["name"]))
        other = b["layers"][i]
        want = row["min_ms"] / (other["min_ms"] / 2)  # for one input
        got = float(line.split()[-2])
        require(abs(got - want) <= 0.001 + 1e-4 * want, "%s: ratio %s, not %f" % (line, got, want))
    whole = next(line for line in table if line.startswith("whole pass"))
    want = a["whole"]["min_ms"] / (b["whole"]["min_ms"] / 2)
    require(abs(float(whole.split()[-2]) - want) <= 0.001 + 1e-4 * want, whole)
    same = good(bench("layers", "--compare", path_a, path_a)).splitlines()
    require(all(line.endswith(" 1.000  1.000") for line in same[4:]), "not equal to itself")


@case
def compare_refuses():
    path, _ = saved()
    other, _ = saved(graph=small_graph(width=4))
    refused(bench("layers", "--compare", path, other), 1, path, other, "one network")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    bad = os.path.join(temp_folder(), "bad.json")
    for content in ("", "{}", "[1, 2", "nothing", text[:len(text) // 2], text.replace(":", ";"),
                    text.replace("bench_layers", "bench_other"), "[" * 100000,
                    '{"program":"bench_layers","other":' + "[" * 100000):
        with open(bad, "w", encoding="utf-8") as file:
            file.write(content)
        refused(bench("layers", "--compare", path, bad), 1, bad, "bench_layers --json")
    refused(bench("layers", "--compare", path, "/nowhere/x.json"), 1, "/nowhere/x.json")


@case
def roofline_picture():
    picture = os.path.join(temp_folder(), "roof.svg")
    _, result = saved("--svg", picture)
    root = xml.etree.ElementTree.parse(picture).getroot()
    space = "{http://www.w3.org/2000/svg}"
    points = [c for c in root.iter(space + "circle") if c.get("class") == "layer"]
    rows = [row for row in result["layers"] if row["macs"]]
    require(len(points) == len(rows) > 2, "%d points for %d layers" % (len(points), len(rows)))
    for point, row in zip(points, rows):
        require(point.find(space + "title").text.startswith(row["name"] + ": "), "title of a point")
    # The axes are logarithmic: equal steps of FLOP/byte are equal ratios.
    places = sorted((2 * row["macs"] / row["bytes"], float(point.get("cx")))
                    for point, row in zip(points, rows))
    (i0, x0), (i1, x1), (i2, x2) = places[0], places[1], places[-1]
    want = (x2 - x0) * np.log(i1 / i0) / np.log(i2 / i0)
    require(abs(x1 - x0 - want) <= 0.2, "the axis is not logarithmic")
    width, height = float(root.get("width")), float(root.get("height"))
    for point in points:
        require(0 < float(point.get("cx")) < width and 0 < float(point.get("cy")) < height, "outside")
    refused(bench("layers", write_fid([small_graph()]), "--runs", "1", "--svg", "/nowhere/x.svg"), 1,
            "/nowhere/x.svg")


@case
def wrong_command_lines():
    model = write_fid([small_graph()])
    for words in ((), ("--runs",), (model, "--runs", "0"), (model, "--runs", "x"), (model, model),
                  (model, "--threads", "-1"), (model, "--batch", "1.5"), (model, "--nothing"),
                  (model, "--isa", "x"), (model, "--method", "x"), (model, "--against", "x"),
                  (model, "--size", "3"), (model, "--size", "3x4x"), ("--compare", "a.json"),
                  (model, "--compare", "a.json", "b.json")):
        refused(bench("layers", *words), 2)
    for words in ((), ("a.fid",), ("a.fid", "b.fid", "--runs", "0"), ("a.fid", "b.fid", "--x"),
                  ("a.fid", "b.fid", "--isa", "x"), ("a.fid", "b.fid", "--size", "0x3"),
                  ("a.fid", "b.fid") + ("--size", "9x9") * 9):
        refused(bench("pipeline", *words), 2)
    for words in (("--isa", "x"), ("--isa",), ("--x",), ("a", "b")):
        refused(bench("kernels", *words), 2)
    for words in ((), ("d", "1", "1", "1"), ("d", "0", "1", "1", "fp32"), ("d", "1", "1", "x", "fp32"),
                  ("d", "1", "1", "1", "int8"), ("d", "1", "1", "1", "fp32", "more"),
                  ("--x", "d", "1", "1", "1", "fp32"), ("--isa", "x", "d", "1", "1", "1", "fp32")):
        refused(bench("peer", *words), 2)


@case
def unusable_files():
    model = write_fid([small_graph()])
    refused(bench("layers", "/nowhere/x.fid"), 1, "/nowhere/x.fid")
    refused(bench("layers", model, "--graph", "other"), 1, "other")
    refused(bench("layers", model, "--size", "9x9"), 1, "16")
    refused(bench("pipeline", model, model), 1, "detector")
    refused(bench("peer", "/nowhere", "1", "1", "1", "fp32"), 1, "/nowhere/faceid.fid")


@case
def help_has_every_switch():
    for name in ("layers", "kernels", "pipeline", "peer"):
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


@case
def stages_of_a_frame():
    recognizer, detector = models()
    temporary = temp_folder()
    done = bench("pipeline", detector, recognizer, "--runs", "3", "--people", "7", "--size", "160x128",
                 "--size", "320x256", "--json", TMPDIR=temporary)
    result = json.loads(good(done))
    require(os.listdir(temporary) == [], "left behind: %s" % os.listdir(temporary))
    require((result["people"], result["runs"]) == (7, 3), "head")
    picture, = result["pictures"]
    require(picture["faces"] >= 1 and (picture["width"], picture["height"]) == (640, 480), "picture")
    stages = dict(picture["stages"])
    require(list(stages) == ["decode", "detect", "align", "embed", "look_up", "draw", "frame"], "stages")
    parts = sum(time["min_ms"] for name, time in stages.items() if name not in ("align", "frame"))
    require(0 < parts <= stages["frame"]["min_ms"] + 1e-5, "a frame is shorter than its stages")
    sizes = [(entry["width"], entry["height"]) for entry in result["detector"]]
    require(sizes == [(160, 128), (320, 256)], "sizes of the detector: %s" % sizes)
    table = good(bench("pipeline", detector, recognizer, "--runs", "1", TMPDIR=temporary))
    require("look_up" in table and "network alone" in table and "detector alone" in table, table)


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
    """Runs bench/peer, PREC fp32; returns the parts of its line."""
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
def peer_refuses():
    folder = peer_folder(seed=1)
    launcher = os.path.join(ROOT, "bench", "peer")
    refused(run(launcher, folder, 1, 1, 1, "int8", env=environment()), 2, "int8")
    peer(folder, 1, 1, 1, "fp32")
    os.truncate(os.path.join(folder, "input.bin"), 100)
    refused(run(launcher, folder, 1, 1, 1, "fp32", env=environment()), 1, "input.bin")
    with open(os.path.join(folder, "resnet50.onnx"), "wb") as file:
        file.write(b"no network")
    os.utime(os.path.join(folder, "faceid.fid"), (1, 1))
    done = run(launcher, folder, 1, 1, 1, "fp32", env=environment())
    require(done.returncode == 1 and done.stdout == "" and "resnet50.onnx" in done.stderr, done.stderr)


main()
