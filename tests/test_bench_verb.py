#!/usr/bin/python3
"""`faceid bench`: what it prints agrees with the model and with itself, results can be saved, compared
and drawn, and a wrong command line gets one sentence. No case asks for a speed."""
import json
import os
import signal
import subprocess
import time
import xml.etree.ElementTree

import numpy as np

from check import case, main, require, temp_folder
from engine import write_fid
from graph import Graph
from program import FACEID, environment, faceid, models, png


def good(done):
    require(done.returncode == 0 and not done.stderr, "exit %d: %s" % (done.returncode, done.stderr))
    return done.stdout


def refused(done, code, *words):
    """One sentence on stderr, nothing on stdout."""
    require(done.returncode == code, "exit %d, not %d: %s" % (done.returncode, code, done.stderr))
    require(done.stdout == "" and done.stderr.count("\n") == 1, done.stdout + done.stderr)
    for word in words:
        require(word in done.stderr, "no %r in %s" % (word, done.stderr))


def layers(model, *words):
    return faceid("bench", "layers", "--model", model, "--runs", "3", *words)


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


def saved(*words, graph=None, **meta):
    """Path and content of what bench layers --json printed of a graph."""
    path = os.path.join(temp_folder(), "result.json")
    text = good(layers(write_fid([graph or small_graph()], **meta), "--json", *words))
    require(text.count("\n") == 1, "not one line")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = json.loads(text)
    require((result["v"], result["measured"]) == (1, "layers"), "head")
    return path, result


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
        peak = result["peak_gops_bytes" if "_s8 " in row["kernel"] else "peak_gflops"]
        if row["macs"] and peak:
            share = 100 * row["gflops"] / peak
            slack = 0.01 + share * 0.005 / peak + 0.5 / peak
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
    table = good(layers(write_fid([small_graph()]), "--against", "direct"))
    for word in ("% peak", "GB/s", "against", "times the time of method chosen", "deep", "sum"):
        require(word in table, "no %r in the table" % word)


@case
def size_of_a_detector():
    graph = small_graph()
    graph.nodes = graph.nodes[:-1]
    graph.outputs, graph.free_size = ["pool"], True
    graph.name = "free"
    path = write_fid([graph, small_graph()], **{"face.kind": "detector"})

    def words(*more):
        return faceid("bench", "layers", "--detector", path, "--runs", "1", *more)
    lines = [json.loads(line) for line in good(words("--json", "--size", "32x8")).splitlines()]
    require([line["layers"][-1]["h"] for line in lines] == [2, 1], "the free size is not taken, or by both")
    require(lines[0]["layers"][-1]["w"] == 8, "not that size")
    refused(words("--svg", os.path.join(temp_folder(), "two.svg")), 2, "--svg", "2")


@case
def compare_two_files():
    (path_a, a), (path_b, b) = saved(), saved("--method", "direct", "--batch", "2")
    table = good(faceid("bench", "compare", path_a, path_b)).splitlines()
    for i, row in enumerate(a["layers"]):
        line = next(line for line in table if line.startswith(row["name"].replace("\\", "\\\\")))
        other = b["layers"][i]
        want = row["min_ms"] / (other["min_ms"] / 2)  # for one input
        got = float(line.split()[-2])
        require(abs(got - want) <= 0.001 + 1e-4 * want, "%s: ratio %s, not %f" % (line, got, want))
    whole = next(line for line in table if line.startswith("whole pass"))
    want = a["whole"]["min_ms"] / (b["whole"]["min_ms"] / 2)
    require(abs(float(whole.split()[-2]) - want) <= 0.001 + 1e-4 * want, whole)
    same = good(faceid("bench", "compare", path_a, path_a)).splitlines()
    require(all(line.endswith(" 1.000  1.000") for line in same[4:]), "not equal to itself")


@case
def compare_a_quantized_network():
    """The same layers in another file, with a convert more: layers meet by name."""
    path, result = saved()
    other = os.path.join(temp_folder(), "int8.json")
    convert = dict(result["layers"][0], name="between/u8", op="convert", method="elementwise", min_ms=0.5)
    layers = result["layers"][:1] + [convert] + result["layers"][1:]
    with open(other, "w", encoding="utf-8") as file:
        json.dump(dict(result, model_id="0" * 32, layers=layers), file)
    for paths, column in (((path, other), 1), ((other, path), 0)):
        table = good(faceid("bench", "compare", *paths)).splitlines()
        alone = next(line for line in table if line.startswith("between/u8"))
        require(alone.split()[-2:] == ["-", "-"] and alone.count("0.500") == 1, alone)
        require((alone.index("elementwise") > alone.index(" - ")) == (column == 1), "the wrong side: " + alone)
        for row in result["layers"]:
            line = next(line for line in table if line.startswith(row["name"].replace("\\", "\\\\")))
            require(line.endswith(" 1.000  1.000"), line)


@case
def compare_refuses():
    path, _ = saved()
    other, _ = saved(graph=small_graph(width=4))
    refused(faceid("bench", "compare", path, other), 3, path, other, "the same network")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    bad = os.path.join(temp_folder(), "bad.json")
    for content in ("", "{}", "[1, 2", "nothing", text[:len(text) // 2], text.replace(":", ";"),
                    text.replace('"layers"', '"others"', 1), "[" * 100000, text + "{",
                    '{"measured":"layers","other":' + "[" * 100000):
        with open(bad, "w", encoding="utf-8") as file:
            file.write(content)
        refused(faceid("bench", "compare", path, bad), 3, bad, "bench layers --json")
    refused(faceid("bench", "compare", path, "/nowhere/x.json"), 3, "/nowhere/x.json")


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
    refused(layers(write_fid([small_graph()]), "--svg", "/nowhere/x.svg"), 70, "/nowhere/x.svg")


@case
def networks_that_the_program_uses():
    recognizer, detector = models()
    first, second = (os.path.join(temp_folder(), name) for name in ("a.json", "b.json"))
    for path in (first, second):
        text = good(faceid("bench", "--runs", "1", "--json", pair=(recognizer, detector)))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    *networks, stages = map(json.loads, text.splitlines())
    require(len(networks) >= 2 and stages["measured"] == "stages", "layers, then stages")
    require({network["model"] for network in networks} == {stages["model"], stages["detector"]}, "models")
    table = good(faceid("bench", "compare", first, second))
    require(table.count("whole pass") == len(networks), "not all networks are compared")
    only = good(faceid("bench", "layers", "--runs", "1", "--json", "--model", recognizer,
                       pair=("/nowhere/a.fid", detector)))
    require(json.loads(only)["model"] == stages["model"], "not the one that was named alone")


@case
def as_long_as_was_said():
    text = good(faceid("bench", "layers", "--model", write_fid([small_graph()]), "--seconds", "0.05", "--json"))
    runs = json.loads(text)["runs"]
    require(1 < runs <= 10000, "%d runs of a small network in 50 ms" % runs)


@case
def ends_when_interrupted():
    with subprocess.Popen([FACEID, "bench", "layers", "--model", write_fid([small_graph(width=512)]), "--runs",
                           "10000", "--threads", "1"], env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)  # an earlier signal ends it at once, with the same code
        process.send_signal(signal.SIGINT)
        text, said = process.communicate(timeout=60)
    require(process.returncode in (130, -signal.SIGINT) and text == "", "exit %d: %s%s" % (
        process.returncode, text, said))


@case
def peaks_of_the_machine():
    result = json.loads(good(faceid("bench", "peaks", "--json", "--threads", "2")))
    require((result["v"], result["measured"], result["threads"]) == (1, "peaks", 2), "head")
    names = [rate["name"] for rate in result["rates"]]
    require(names[-1] == "read from memory" and len(set(names)) == len(names), str(names))
    require(result["rates"][-1]["one"] > 0, "no memory is read")
    table = good(faceid("bench", "peaks", "--threads", "1"))
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = set(file.read().split())
    for rate in result["rates"]:
        require(rate["name"] in table, "the table has no " + rate["name"])
        require((rate["one"] is None) == (rate["all"] is None), rate["name"])
        require(rate["one"] is None or rate["one"] > 0, rate["name"])
    for word, flag in (("tdpbusd", "amx_int8"), ("tdpbf16ps", "amx_bf16"), ("vpdpbusd, 512", "avx512_vnni"),
                       ("vpdpbusd, 256", "avx_vnni"), ("vdpbf16ps", "avx512_bf16"), ("sdot", "asimddp"),
                       ("smmla", "i8mm")):
        for rate in result["rates"]:
            require(word not in rate["name"] or (rate["one"] is not None) == (flag in flags), rate["name"])


@case
def wrong_command_lines():
    model = write_fid([small_graph()])
    for words in (("nothing",), ("layers", "a.jpg"), ("peaks", "x"), ("compare",), ("compare", "a.json"),
                  ("compare", "a", "b", "c"), ("layers", "--runs", "0"), ("layers", "--runs", "x"),
                  ("layers", "--model", model, "--runs", "2", "--seconds", "1"), ("layers", "--batch", "1.5"),
                  ("layers", "--size", "3"), ("stages", "--size", "3x4x"), ("stages", "--size", "0x3"),
                  ("layers", "--people", "3"), ("stages", "--svg", "x.svg"), ("peaks", "--runs", "3"),
                  ("compare", "a", "b", "--batch", "2"), ("layers", "--model", model, "--isa", "x"),
                  ("layers", "--model", model, "--method", "x"), ("layers", "--model", model, "--against", "x")):
        refused(faceid("bench", *words), 2)
    refused(layers("/nowhere/x.fid"), 4, "/nowhere/x.fid")
    refused(layers(model, "--graph", "other"), 4, "other")
    refused(faceid("bench", "stages", pair=(model, model)), 4)
    recognizer, detector = models()
    refused(faceid("bench", "stages", "/nowhere/a.jpg", pair=(recognizer, detector)), 3, "/nowhere/a.jpg")


@case
def stages_of_a_frame():
    home = temp_folder()
    picture = png(os.path.join(temp_folder(), "plain.png"), 300, 200)

    def told(*words):
        text = good(faceid("bench", "stages", *words, "--runs", "3", "--people", "7", "--json", pair=models(),
                           HOME=home, XDG_DATA_HOME=home, TMPDIR=home))
        return [json.loads(line) for line in text.splitlines()]
    made_up, = told()
    both = told(picture, picture, "--size", "160x128")
    own, = told(picture)
    require([(r["width"], r["height"]) for r in (made_up, *both, own)] ==
            [(640, 480), (160, 128), (160, 128), (300, 200)], "sizes")
    for result in (made_up, *both, own):
        require((result["people"], result["runs"]) == (7, 3) and result["faces"] >= 1, "head")
        stages = dict(result["stages"])
        require(list(stages) == ["decode", "detect", "align", "embed", "look_up", "frame"], "stages")
        parts = sum(time["min_ms"] for name, time in stages.items() if name not in ("align", "frame"))
        require(0 < parts <= stages["frame"]["min_ms"] + 1e-5, "a frame is shorter than its stages")
    require(os.listdir(home) == [], "left behind: %s" % os.listdir(home))
    table = good(faceid("bench", "stages", "--runs", "1", pair=models()))
    require("look_up" in table and "(aligns too)" in table, table)


main()
