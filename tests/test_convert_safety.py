#!/usr/bin/python3
"""The converter's reader can do nothing but compute, its end is a sentence whatever it is, links
that lead out of an HDF5 file are not followed, and only regular files are replaced."""
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np

from check import ROOT, case, main, require, run, skip, temp_folder

import cards
import convert
import sandbox
import tflite_maker
from graph import ConvertError
from refusal import need_onnx, refused

CONVERT = os.path.join(ROOT, "convert", "convert.py")
SIGNAL_WORDS = ("signal", "Segmentation", "Traceback", "core dumped", "Killed", "SIG")


def limited(**limits):
    """limits_for with other numbers, for one case."""
    usual = dict(memory=sandbox._addresses() + (1 << 28), seconds=20, result=1 << 20)
    return lambda size: sandbox.Limits(**{**usual, **limits})


def apart(work, **limits):
    before, sandbox.limits_for = sandbox.limits_for, limited(**limits)
    try:
        return sandbox.run(work, "w.h5", 1000)
    finally:
        sandbox.limits_for = before


# ---- the child ----

@case
def a_result_comes_back_whole():
    data = os.urandom(3 << 20)
    require(apart(lambda at: data, result=4 << 20) == data, "other bytes")
    require(apart(lambda at: b"") == b"", "none")
    refused(lambda: apart(lambda at: bytes(2 << 20)), "w.h5", "damaged")


@case
def whatever_ends_the_child_is_one_sentence():
    def recursion(at):
        def down():
            return down()
        return down()

    def refusing(at):
        raise ConvertError("x.onnx: no such operator")

    def foreign(at):
        at("second.tflite")
        os.kill(os.getpid(), signal.SIGSEGV)

    def fills(at):
        return bytes(1 << 32)

    def native(at):
        sandbox.ctypes.string_at(0)

    def many_records(at):
        for _ in range(10000):
            at("x" * 100)
        os._exit(3)

    refused(lambda: apart(refusing), "x.onnx: no such operator")
    refused(lambda: apart(foreign), "second.tflite", "damaged")
    for work in (recursion, fills, native, lambda at: 1 // 0, lambda at: os.abort(),
                 lambda at: sys.exit(0), lambda at: os._exit(0), lambda at: None, many_records,
                 lambda at: os.kill(os.getpid(), signal.SIGKILL),
                 lambda at: os.write(sandbox.PIPE, b"R" + b"\xff" * 100) and os._exit(0),
                 lambda at: os.write(sandbox.PIPE, b"?" + bytes(100)) and os._exit(0),
                 lambda at: os.write(sandbox.PIPE, b"R\5\0\0\0\0\0\0\0abc") and os._exit(0)):
        said = refused(lambda: apart(work), "damaged")
        require(not any(word in said for word in SIGNAL_WORDS), said)
    require(refused(lambda: apart(lambda at: at("y" * 5000)), "w.h5"), "a long name")


@case
def work_without_end_is_ended():
    def busy(at):
        while True:
            pass

    refused(lambda: apart(busy, seconds=1), "w.h5", "more than 1 s", "made to take long")
    refused(lambda: apart(lambda at: time.sleep(1000), seconds=1), "more than 1 s")


@case
def the_child_opens_nothing():
    """No file, no socket, no pipe, no program; what the parent had open is not there; output of
    native code goes nowhere."""
    held = os.dup2(sys.stdin.fileno(), 50)
    tried = {
        "a file": lambda: os.open(__file__, os.O_RDONLY), "a pipe": os.pipe,
        "a copy": lambda: os.dup(1),
        "a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "a program": lambda: subprocess.run(["/bin/true"]),
        "a folder": lambda: os.listdir("/"), "the parent's file": lambda: os.fstat(held),
        "a new file": lambda: open("x", "wb")}

    def work(at):
        done = []
        for what, attempt in tried.items():
            try:
                attempt()
                done.append(what)
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.EBADF, errno.EINVAL):
                    done.append("%s: %s" % (what, error))
        print("never seen", flush=True)
        os.write(2, b"never seen\n")
        return ", ".join(done).encode()

    done = apart(work)
    os.close(held)
    require(done == b"", "it got %s" % done.decode())


@case
def the_child_has_no_network_and_no_core():
    def work(at):
        return ("%d %d" % (sandbox.resource.getrlimit(sandbox.resource.RLIMIT_CORE)[1],
                           sandbox._libc.prctl(3, 0, 0, 0, 0))).encode()

    require(apart(work) == b"0 0", "a core may be written, or the child be looked at")


@case
def the_child_ends_with_its_parent():
    code = ("import os, sandbox, time\n"
            "def work(at):\n    at(str(os.getpid()))\n    time.sleep(600)\n"
            "record = sandbox._record\n"
            "def tell(*w):\n    found = record(*w)\n    print(found[1].decode(), flush=True)\n"
            "    return found\n"
            "sandbox._record = tell\nsandbox.run(work, 'x', 0)\n")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, PYTHONPATH=os.path.dirname(CONVERT)))
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while os.path.exists("/proc/%d" % child) and time.monotonic() < end:
        with open("/proc/%d/stat" % child, encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.05)
    require(not os.path.exists("/proc/%d" % child), "it lives on")


@case
def a_source_cannot_word_what_the_terminal_does():
    """A node's name with escapes and line ends in it: still one line that only prints."""
    need_onnx()
    from onnx import TensorProto, helper
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    exit_ = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node("LSTM", ["x"], ["y"], "a\x1b[2J\nb\rconvert.py: fine")
    model = helper.make_model(helper.make_graph([node], "g", [entry], [exit_]))
    path = os.path.join(temp_folder(), "x.onnx")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    done = run(sys.executable, CONVERT, path, "-o", path + ".fid")
    require(done.returncode == 4 and "\x1b" not in done.stderr and "\r" not in done.stderr and
            done.stderr.count("\n") == 1 and "LSTM" in done.stderr, repr(done.stderr))


# ---- HDF5 ----

@case
def links_that_leave_the_file_are_not_followed():
    """Groups and data sets, by external and soft links, external storage and virtual data sets."""
    try:
        import h5py
    except ImportError:
        skip("python3-h5py is not installed")
    folder = temp_folder()
    outside = os.path.join(folder, "outside.h5")
    with h5py.File(outside, "w") as file:
        file.create_dataset("g/l/kernel:0", data=np.ones((2, 2), np.float32))
        file["g"].attrs["weight_names"] = [b"l/kernel:0"]
    raw = os.path.join(folder, "raw")
    with open(raw, "wb") as file:
        file.write(bytes(1000))

    def external(file):
        file["l"] = h5py.ExternalLink(outside, "/g")

    def soft(file):
        file["real"] = h5py.SoftLink("/l")
        file["l"] = h5py.SoftLink("/elsewhere")

    def soft_over_external(file):
        file["far"] = h5py.ExternalLink(outside, "/g")
        file["l"] = h5py.SoftLink("/far")

    def middle(file):
        file.create_group("l").attrs["weight_names"] = [b"l/kernel:0"]
        file["l/l"] = h5py.ExternalLink(outside, "/g/l")

    def dataset(file):
        file.create_group("l/l").parent.attrs["weight_names"] = [b"l/kernel:0"]
        file["l/l/kernel:0"] = h5py.ExternalLink(outside, "/g/l/kernel:0")

    def soft_dataset(file):
        file.create_group("l/l").parent.attrs["weight_names"] = [b"l/kernel:0"]
        file["l/l/kernel:0"] = h5py.SoftLink("/other")

    def whole(file):
        del file.attrs["layer_names"]
        file["model_weights"] = h5py.ExternalLink(outside, "/g")

    def storage(file):
        file.create_group("l/l").parent.attrs["weight_names"] = [b"l/kernel:0"]
        file["l/l"].create_dataset("kernel:0", (2, 2), np.float32, external=[(raw, 0, 16)])

    def virtual(file):
        file.create_group("l/l").parent.attrs["weight_names"] = [b"l/kernel:0"]
        layout = h5py.VirtualLayout((2, 2), np.float32)
        layout[:] = h5py.VirtualSource(outside, "g/l/kernel:0", (2, 2))
        file["l/l"].create_virtual_dataset("kernel:0", layout)

    for make, *words in ((external, "'l'", "an external link"), (soft, "'l'", "a soft link"),
                         (soft_over_external, "'l'", "a soft link"), (middle, "an external link"),
                         (dataset, "'kernel:0'", "an external link"),
                         (soft_dataset, "'kernel:0'", "a soft link"),
                         (whole, "'model_weights'", "an external link"),
                         (storage, "'l/kernel:0'", "another file"),
                         (virtual, "'l/kernel:0'", "another file")):
        path = os.path.join(folder, make.__name__ + ".h5")
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [b"l"]
            make(file)
        with open(path, "rb") as file:
            data = file.read()
        refused(lambda: convert.convert([(path, data)], cards.load("vggface2")), path, *words)
        trace = os.path.join(folder, "trace")
        words = [sys.executable, CONVERT, path, "-o", path + ".fid", "--card", "vggface2"]
        if shutil.which("strace") is None:
            continue
        done = run("strace", "-f", "-e", "trace=%file", "-o", trace, *words)
        require(done.returncode == 4, done.stderr)
        with open(trace, encoding="utf-8", errors="replace") as file:
            opened = file.read()
        require("outside.h5" not in opened and '/raw"' not in opened, path + " opens another file")


@case
def numbers_in_another_file_are_refused_for_onnx():
    need_onnx()
    from onnx import TensorProto, helper
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    exit_ = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)

    def tensor():
        made = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3],
                           data_location=TensorProto.EXTERNAL)
        made.external_data.add(key="location", value="/etc/passwd")
        return made

    for nodes, constants in (
            ([helper.make_node("Add", ["x", "w"], ["y"])], [tensor()]),
            ([helper.make_node("Constant", [], ["w"], value=tensor()),
              helper.make_node("Add", ["x", "w"], ["y"])], []),
            ([helper.make_node("ConstantOfShape", ["x"], ["y"], value=tensor())], [])):
        data = helper.make_model(helper.make_graph(nodes, "g", [entry], [exit_], constants))
        refused(lambda: convert.convert([("x.onnx", data.SerializeToString())]), "x.onnx",
                *["another file"] if nodes[0].op_type != "ConstantOfShape" else [])


# ---- the result ----

def source_in(folder):
    """A file that is refused only after the target has been looked at."""
    path = os.path.join(folder, "s.tflite")
    with open(path, "wb") as file:
        file.write(tflite_maker.CASES["arithmetic"]().bytes())
    return path


def refused_target(target, source, *words):
    done = run(sys.executable, CONVERT, source, "-o", target)
    require(done.returncode == 3 and done.stderr.count("\n") == 1 and
            all(word in done.stderr for word in words), "%d: %s" % (done.returncode, done.stderr))


@case
def only_a_regular_file_is_replaced():
    folder = temp_folder()
    source, other = source_in(folder), os.path.join(folder, "other")
    with open(other, "wb") as file:
        file.write(b"mine")
    paths = {name: os.path.join(folder, name)
             for name in ("pipe", "link", "loose", "socket", "dir")}
    os.mkfifo(paths["pipe"])
    os.symlink(other, paths["link"])
    os.symlink(os.path.join(folder, "nowhere"), paths["loose"])
    os.mkdir(paths["dir"])
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(paths["socket"])
    words = {"pipe": "a pipe", "link": "a symbolic link", "loose": "a symbolic link",
             "socket": "a socket", "dir": "a folder"}
    try:
        paths["node"], words["node"] = os.path.join(folder, "node"), "a device"
        os.mknod(paths["node"], 0o600 | 0o020000, os.makedev(1, 3))
    except OSError:
        del paths["node"]
    before = {name: os.lstat(path) for name, path in paths.items()}
    for name, path in paths.items():
        refused_target(path, source, path, words[name])
        require(os.path.samestat(os.lstat(path), before[name]), "%s was replaced" % name)
    with open(other, "rb") as file:
        require(file.read() == b"mine", "the link's target was changed")
    require(set(os.listdir(folder)) == set(paths) | {"other", "s.tflite"}, "something is left")


@case
def a_source_is_no_target():
    folder = temp_folder()
    source = source_in(folder)
    with open(source, "rb") as file:
        data = file.read()
    hard, soft = os.path.join(folder, "hard"), os.path.join(folder, "soft")
    os.link(source, hard)
    os.symlink(source, soft)
    for target, given in ((source, source), (hard, source), (source, hard), (source, soft),
                          (os.path.join(folder, ".", "s.tflite"), source)):
        refused_target(target, given, "source", "another name")
    labels = os.path.join(folder, "labels")
    with open(labels, "wb") as file:
        file.write(b"one\n")
    done = run(sys.executable, CONVERT, source, "-o", labels, "--labels", labels)
    require(done.returncode == 3 and "another name" in done.stderr, done.stderr)
    with open(source, "rb") as file:
        require(file.read() == data, "the source was changed")


@case
def only_a_regular_file_is_read():
    folder = temp_folder()
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    for path, word in ((pipe, "a pipe"), (folder, "a folder"), (pipe + "-none", "No such")):
        done = run(sys.executable, CONVERT, path, "-o", os.path.join(folder, "o"), timeout=60)
        require(done.returncode == 3 and word in done.stderr and path in done.stderr, done.stderr)
    large = os.path.join(folder, "large")
    with open(large, "wb") as file:
        file.truncate((1 << 30) + 1)
    done = run(sys.executable, CONVERT, large, "-o", os.path.join(folder, "o"))
    require(done.returncode == 4 and "1 GiB" in done.stderr, done.stderr)


@case
def an_interruption_is_a_sentence():
    """Ctrl-C while a source is read: exit code 130, and no process is left."""
    code = ("import convert, time, sandbox, sys\n"
            "def slow(data, name, outputs):\n    time.sleep(600)\n"
            "convert.load_reader = lambda kind, name: slow\n"
            "answer = sandbox._answer\n"
            "def tell(*w):\n    print('reading', flush=True)\n    return answer(*w)\n"
            "sandbox._answer = tell\n"
            "sys.exit(convert.main(sys.argv[1:]))\n")
    source = source_in(temp_folder())
    child = subprocess.Popen([sys.executable, "-c", code, source, "-o", source + ".fid"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env=dict(os.environ, PYTHONPATH=os.path.dirname(CONVERT)))
    require(child.stdout.readline() == "reading\n", "it does not begin")
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[1]
    require(child.returncode == 130 and said == "convert.py: interrupted\n", said)


main()
