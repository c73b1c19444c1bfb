#!/usr/bin/python3
"""faceid model info|verify|pack: whole files are described and passed; what is no whole model is refused
with one sentence that names it."""
import json
import os
import re

from check import case, main, require, temp_folder
from forged import forged, sealed
from program import faceid
from small_model import scaling_graph, small_model


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
        model = path if code != 4 else small_model(graphs=[scaling_graph()])
        done = faceid("model", "pack", model, *words)
        require(done.returncode == code, "exit %d: %s" % (done.returncode, done.stderr))
        require(sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    done = faceid("model", "pack", target, "-o", target + "2")
    require(done.returncode == 4 and "is packed already for graph 'small' at 4 x 4 and the kernels" in
            done.stderr and not os.path.exists(target + "2"), done.stderr)
    require(faceid("model", "verify", path, "-o", target).returncode == 2, "verify took --output")


# ---- limits ----

IDENTIFY = {"protocol": "identify", "day": "2026-12-01", "model": "test", "detector": "YuNet n", "people": 100,
            "known": 215, "unknown": 1641, "margin": 0.06, "fpir_wished": 0.005,
            "halves": {"chosen_on": 816, "judged_on": 825, "threshold": 0.433, "fpir": 0.002424,
                       "fpir_95": [0.000294, 0.008727], "tpir": 0.986047, "tpir_95": [0.959751, 0.997111]}}
LFW = {"protocol": "lfw", "day": "2026-12-01", "model": "test", "detector": "YuNet n", "pairs": 2400, "folds": 4,
       "fold_accuracy": [1, 0.99, 1, 1], "threshold": 0.293, "threshold_chosen": True, "errors": 19}
GIVEN = {"decision.measured_on": "limits not measured: a cautious start"}


def model_info(path):
    return json.loads(faceid("model", "info", "--json", path).stdout)


def measured(path, *objects, name="eval.json", **changes):
    """A file as faceid eval --json writes it for the model: of these objects with changes."""
    text = "".join(json.dumps({**o, "model_id": model_info(path)["id"], **changes}) + "\n" for o in objects)
    return write(text.encode(), name)


def limits_of(path):
    return [model_info(path)["metadata"]["decision." + key][0] for key in ("accept", "maybe", "margin")]


@case
def limits_that_were_measured():
    path = small_model(GIVEN)
    before = model_info(path)
    require(before["limits_measured"] is False, str(before))
    text = faceid("model", "info", path).stdout
    require("faceid model limits %s --from eval.json" % path in text, text)
    done = faceid("model", "limits", path, "--from", measured(path, LFW, IDENTIFY))
    require(done.returncode == 0 and not done.stdout and done.stderr.count("\n") == 1, done.stderr)
    after = model_info(path)
    require(limits_of(path) == [0.433, 0.293, 0.06], str(after["metadata"]))
    require(after["id"] == before["id"] and after["limits_measured"] is True, str(after))
    require(after["metadata"]["decision.measured_on"] ==
            "faceid eval, 2026-12-01, with YuNet n: maybe is the best threshold of 2400 pairs (19 wrong); accept was "
            "chosen in a gallery of 100 people for 0.5 % of 816 strangers, and gives a name to 0.24 % (95 %: 0.03 to "
            "0.87) of 825 others, the right one to 98.6 % of 215 other pictures of the enrolled", str(after["metadata"]))
    require(faceid("model", "verify", path).stdout == path + ": ok\n", "not whole")
    require("eval.json" not in faceid("model", "info", path).stdout, "it still says how to measure them")
    with open(path, "rb") as file:
        data = file.read()
    require(b"a cautious start" not in data, "the old text is still in the file")
    require(faceid("model", "limits", path, "--from", measured(path, LFW, IDENTIFY)).returncode == 0, "not again")
    with open(path, "rb") as file:
        require(file.read() == data, "the same limits gave another file")


@case
def limits_of_one_measurement():
    """Without identify the limit of names is not measured; maybe never is above accept."""
    path = small_model(GIVEN)
    require(faceid("model", "limits", path, "--from", measured(path, LFW)).returncode == 0, "refused")
    require(limits_of(path) == [0.5, 0.293, 0.05] and not model_info(path)["limits_measured"], str(model_info(path)))
    require(faceid("model", "limits", path, "--from", measured(path, LFW, threshold=0.7)).returncode == 0, "refused")
    require(limits_of(path) == [0.7, 0.7, 0.05], str(limits_of(path)))
    require(faceid("model", "limits", path, "--from", measured(path, IDENTIFY)).returncode == 0, "refused")
    require(limits_of(path) == [0.433, 0.433, 0.06] and model_info(path)["limits_measured"], str(limits_of(path)))


@case
def a_limit_that_stays_says_where_it_is_from():
    def said(path, *objects, **changes):
        done = faceid("model", "limits", path, "--from", measured(path, *objects, **changes))
        require(done.returncode == 0, done.stderr)
        return model_info(path)["metadata"]["decision.measured_on"]

    path = small_model(GIVEN)
    require("YuNet n: maybe is as it was given (faceid eval lfw measures it); accept was chosen" in
            said(path, IDENTIFY), said(path, IDENTIFY))
    text = said(path, LFW)  # what identify has measured stays
    require("maybe is the best threshold of 2400 pairs (19 wrong); accept was chosen" in text and
            text.endswith("pictures of the enrolled (measured before)") and model_info(path)["limits_measured"], text)
    text = said(path, IDENTIFY, people=99)
    require(": maybe is the best threshold of 2400 pairs (19 wrong) (measured before); accept was chosen in a "
            "gallery of 99 people" in text and text.endswith("of the enrolled"), text)
    require(said(path, IDENTIFY, people=98).count("(measured before)") == 1, "it grows")
    text = said(path, IDENTIFY, halves={**IDENTIFY["halves"], "threshold": 0.2})
    require(": maybe was 0.293 and is lowered to accept; accept" in text, text)
    text = said(path, LFW)  # accept rises with it, and was not measured so
    require(text.startswith("limits not measured but for maybe") and "accept was" not in text and
            limits_of(path) == [0.293, 0.293, 0.06], text)


@case
def what_a_killed_run_left_goes():
    path = small_model(GIVEN)
    left, other = path + ".4194305-0.tmp", path + ".notes.tmp"
    for name in (left, other):
        with open(name, "wb") as file:
            file.write(b"half")
    require(faceid("model", "limits", path, "--from", measured(path, IDENTIFY)).returncode == 0, "refused")
    require(not os.path.exists(left) and os.path.exists(other), "left, or another file is gone")


@case
def packed_weights_keep_with_new_limits():
    path, target = small_model(GIVEN), os.path.join(temp_folder(), "packed-limits.fid")
    require(faceid("model", "pack", path, "-o", target, "--force").returncode == 0, "not packed")
    require(faceid("model", "limits", target, "--from", measured(path, IDENTIFY)).returncode == 0, "refused")
    require(limits_of(target) == [0.433, 0.4, 0.06] and model_info(target)["packed"], str(model_info(target)))
    require(faceid("model", "verify", target).returncode == 0, "not whole")


@case
def limits_are_refused():
    path = small_model(GIVEN)
    with open(path, "rb") as file:
        data = file.read()
    few = {"halves": {**IDENTIFY["halves"], "chosen_on": 100}}
    none = {"halves": {**IDENTIFY["halves"], "threshold": -1}}
    for source, sentence in (
            (measured(path, IDENTIFY, model="other", model_id="0" * 32), "measured with other (id %s), and" % ("0" * 32)),
            (measured(path, LFW, threshold_chosen=False), "measure without it"),
            (measured(path, IDENTIFY, protocol="detect"), "eval detect measures no limit"),
            (measured(path, IDENTIFY, **few), "925 strangers are too few to choose a limit for an FPIR of 0.5 %"),
            (measured(path, IDENTIFY, **none), "no limit could be chosen"),
            (measured(path, IDENTIFY, fpir_wished=None), "this is not what faceid eval"),
            (measured(path, LFW, threshold=5), "this is not what faceid eval"),
            (measured(path, IDENTIFY, margin=-9), "this is not what faceid eval"),
            (measured(path, IDENTIFY, people=1e308), "this is not what faceid eval"),
            (os.path.dirname(path), "not a regular file"),
            (measured(path, {**IDENTIFY, "day": "\x01"}, detector=5), "this is not what faceid eval"),
            (write(b"", "e.json"), "it holds no measurement"), (write(b"{\"a\": [1,]}", "e.json"), "this is not"),
            (write(b"[" * 100000, "e.json"), "this is not"), (write(b"{}" + bytes(2 << 20), "e.json"), "more than"),
            ("/nowhere/eval.json", "No such file")):
        done = faceid("model", "limits", path, "--from", source)
        require(done.returncode == 3 and sentence in done.stderr, "exit %d: %s" % (done.returncode, done.stderr))
        require(re.fullmatch("faceid: [^\n]+\n", done.stderr), "no one sentence: " + done.stderr)
    os.mkfifo(path + ".pipe")
    require("not a regular file" in faceid("model", "limits", path, "--from", path + ".pipe").stderr, "waits at a pipe")
    require(faceid("model", "limits", path).returncode == 2, "without --from")
    require(faceid("model", "info", path, "--from", "x").returncode == 2, "info took --from")
    done = faceid("model", "limits", small_model({"face.kind": "detector"}), "--from", measured(path, IDENTIFY))
    require(done.returncode == 4 and "is a detector" in done.stderr, done.stderr)
    path = small_model(GIVEN)
    with open(path, "rb") as file:
        require(file.read() == data, "a refusal changed the file")


@case
def low_memory_reaches_the_engine():
    path = small_model()
    require(", low memory" in faceid("model", "info", "-vv", "--low-memory", path).stderr, "not there")
    require(", low memory" not in faceid("model", "info", "-vv", path).stderr, "always there")


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
