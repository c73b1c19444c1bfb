#!/usr/bin/python3
"""faceid model info|verify|pack: whole files are described and passed; what is no whole model is refused
with one sentence that names it."""
import json
import os
import re

from check import case, main, require, temp_folder
from forged import forged, sealed
from program import faceid
from small_model import mtcnn_graphs, small_model


def refused(path, code, *words, actions=("info", "verify")):
    for action in actions:
        done = faceid("model", action, path)
        require(done.returncode == code, "%s: exit %d: %s" % (action, done.returncode, done.stderr))
        require(not done.stdout, "%s: stdout has %s" % (action, done.stdout))
        require(re.fullmatch("faceid: [^\n]+\n", done.stderr), "no one sentence: " + done.stderr)
        for word in words:
            require(word in done.stderr, "no %r in %s" % (word, done.stderr))


def write(data, name="x.fid"):
    path = os.path.join(temp_folder(), name)
    with open(path, "wb") as file:
        file.write(data)
    return path


@case
def whole():
    path = small_model()
    done = faceid("model", "verify", path)
    require(done.returncode == 0 and done.stdout == path + ": ok\n" and not done.stderr, done.stderr)
    done = faceid("model", "info", path)
    require(done.returncode == 0 and not done.stderr, done.stderr)
    require(done.stdout.startswith("test (recognizer)\n"), done.stdout)
    for line in ("embed.output +out", "decision.accept +0.5", "graph small: input 4 x 4 x 3, 1 layers"):
        require(re.search("^  " + line, done.stdout, re.M), "no %r in %s" % (line, done.stdout))


@case
def nothing_in_a_file_steers_the_terminal():
    done = faceid("model", "info", small_model({"face.kind": "\x1b]0;x\x07detector"}))
    require(done.returncode == 0 and "(\\x1B]0;x\\x07detector)" in done.stdout, repr(done.stdout[:200]))


@case
def as_json():
    path = small_model()
    done = faceid("model", "info", "--json", "--layers", path)
    require(done.returncode == 0 and done.stdout.count("\n") == 1, done.stdout + done.stderr)
    info = json.loads(done.stdout)
    require((info["v"], info["file"], info["kind"]) == (1, path, "recognizer"), done.stdout)
    require(info["bytes"] == os.path.getsize(path), "wrong size %s" % info["bytes"])
    require(info["parameters"] == 8 * 48 + 8, "wrong number of parameters %s" % info["parameters"])
    require(re.fullmatch("[0-9a-f]{32}", info["id"]), info["id"])
    require(info["metadata"]["decision.maybe"] == [0.4], str(info["metadata"]))
    layer, = info["graphs"][0]["layers"]
    require((layer["name"], layer["c"], layer["macs"]) == ("out", 8, 8 * 48), str(layer))


@case
def a_threshold_keeps_the_id():
    def identity(**meta):
        done = faceid("model", "info", "--json", small_model(meta))
        return json.loads(done.stdout)["id"]
    same = identity()
    require(identity(**{"decision.accept": 0.9}) == same, "a threshold changed the id")
    require(identity(**{"input.scale": [1.0] * 3}) != same, "another input kept the id")


@case
def cut():
    with open(small_model(), "rb") as file:
        data = file.read()
    for size in (1, 63, 64, len(data) // 2, len(data) - 1):
        path = write(data[:size])
        refused(path, 4, path)


@case
def one_bit_of_a_weight():
    with open(small_model(), "rb") as file:
        data = bytearray(file.read())
    data[-9] ^= 4
    path = write(data)
    refused(path, 4, path, "checksum")


@case
def another_models_id():
    path = forged(small_model())
    refused(path, 4, path, "the model's id is", "convert it again")
    done = faceid("model", "pack", path, "-o", os.path.join(temp_folder(), "packed-forged.fid"))
    require(done.returncode == 4 and "the model's id is" in done.stderr, done.stderr)


@case
def packed_weights_of_another_model():
    """What is computed with is what the id stands for: packed weights are compared with the tensors."""
    path, target = small_model(), os.path.join(temp_folder(), "packed.fid")
    require(faceid("model", "pack", path, "-o", target, "--force").returncode == 0, "not packed")
    with open(target, "rb") as file:
        data = bytearray(file.read())
    data[-1] ^= 0x40
    changed = write(sealed(data))
    refused(changed, 4, changed, "packed weights of node 0 'out' are not those of its tensors")


@case
def packed():
    path, target = small_model(), os.path.join(temp_folder(), "packed.fid")
    done = faceid("model", "pack", path, "-o", target)
    require(done.returncode == 0 and not done.stdout, done.stdout + done.stderr)
    require(re.fullmatch("faceid: %s: packed for \\w+\n" % re.escape(target), done.stderr), done.stderr)
    with open(target, "rb") as file:
        data = file.read()
    plain, info = (json.loads(faceid("model", "info", "--json", p).stdout) for p in (path, target))
    kernels = done.stderr.split()[-1]
    pack = info.pop("packed")
    require("packed" not in plain and info["bytes"] == len(data), str(info))
    require((pack["isa"], pack["graph"], pack["h"], pack["w"]) == (kernels, "small", 4, 4), str(pack))
    require(all(info[key] == plain[key] for key in info if key not in ("file", "bytes")), str(info))
    text = faceid("model", "info", target).stdout
    require(re.search(r"^  packed weights +for %s \(version \d+\), graph small at 4 x 4, %d bytes$"
                      % (kernels, pack["bytes"]), text, re.M), text)
    require(faceid("model", "verify", target).stdout == target + ": ok\n", "not ok")
    for place in (len(data) - 1, 4200):  # PACK; the filter in DATA, which begins at 4096
        damaged = write(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
        refused(damaged, 4, damaged, "checksum")
    again = faceid("model", "pack", path, "-o", target, "--force", "--quiet")
    require(again.returncode == 0 and not again.stderr, again.stderr)
    with open(target, "rb") as file:
        require(file.read() == data, "packing twice gave two files")
    require(not [n for n in os.listdir(temp_folder()) if n.endswith(".tmp")], "a temporary file is left")


@case
def packing_is_refused():
    path, target = small_model(), os.path.join(temp_folder(), "packed.fid")
    require(faceid("model", "pack", path, "-o", target, "--force").returncode == 0, "not packed")
    for code, sentence, words in (
            (2, "pack needs -o FILE", ()),
            (2, "packed.fid exists already; --force replaces it", ("-o", target)),
            (70, "/nowhere/x.fid cannot be written: No such file", ("-o", "/nowhere/x.fid")),
            (2, "kernels 'abacus' are not in this build", ("-o", target + "2", "--isa", "abacus")),
            (4, "no layer of graph 'small' has packed weights", ("-o", target + "2"))):
        model = path if code != 4 else small_model(graphs=mtcnn_graphs()[1:2])
        done = faceid("model", "pack", model, *words)
        sentence = sentence.replace("small", "rnet")
        require(done.returncode == code, "exit %d: %s" % (done.returncode, done.stderr))
        require(sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    done = faceid("model", "pack", target, "-o", target + "2")
    require(done.returncode == 4 and "is packed already for graph 'small' at 4 x 4 and the kernels" in
            done.stderr and not os.path.exists(target + "2"), done.stderr)
    require(faceid("model", "verify", path, "-o", target).returncode == 2, "verify took --output")


@case
def low_memory_reaches_the_engine():
    path = small_model()
    require(", low memory" in faceid("model", "info", "-v", "--low-memory", path).stderr, "not there")
    require(", low memory" not in faceid("model", "info", "-v", path).stderr, "always there")


@case
def no_model_at_all():
    refused(write(b""), 4, "x.fid")
    refused(write(b"this is no model\n" * 100, "notes.txt"), 4, "notes.txt")
    refused("/nowhere/x.fid", 4, "/nowhere/x.fid")
    folder = temp_folder()
    refused(folder, 4, folder)
    refused(os.devnull, 4, os.devnull)


@case
def wrong_command_lines():
    path = small_model()
    for words in (("model",), ("model", "info"), ("model", "describe", path),
                  ("model", "info", path, path), ("model", "verify", path, "--jsno")):
        done = faceid(*words)
        require(done.returncode == 2 and not done.stdout, "%s: exit %d" % (words, done.returncode))
        require(re.fullmatch("faceid: [^\n]+\n", done.stderr), "no one sentence: " + done.stderr)


main()
