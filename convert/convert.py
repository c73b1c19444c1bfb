#!/usr/bin/python3
"""convert.py - turns the weights of other frameworks into a .fid file (weights/FORMAT.md).

    convert/convert.py yunet_n_dynamic.onnx -o yunet.fid
    convert/convert.py rcmalli_vggface_tf_resnet50.h5 --labels rcmalli_vggface_labels_v2.npy \\
        -o vggface2.fid
    convert/convert.py pnet.tflite rnet.tflite onet.tflite -o mtcnn.fid --as starter-mtcnn

What a source is, is told from its content: HDF5 (Keras), a pickle of arrays (Caffe), ONNX, TFLite.
The result depends on the sources' bytes alone: the same sources give the same file. Sources are
read in a process of their own that can open no file and no connection; nothing in them is run."""
import argparse
import errno
import hashlib
import importlib
import os
import stat
import struct
import sys

import sandbox
from fid_writer import HEADER_BYTES, MAGIC, file_bytes
from graph import ConvertError
from graph_passes import simplify
from labels import read_labels
from profile_match import apply_profile, find_profile
from profiles import PROFILES
from whole_file import check_target, kind_of, write_whole

CONVERTER = "faceid convert 1.0"
READERS = {"keras": "keras_reader", "caffe": "caffe_pickle_reader", "onnx": "onnx_reader",
           "tflite": "tflite_reader"}  # kind -> module, which has read_<kind>(data, name)
LARGEST_SOURCE = 1 << 30
EXIT_INPUT, EXIT_REFUSED, EXIT_INTERRUPTED = 3, 4, 130
EXIT_TEXT = """exit codes: 0 written; 2 wrong usage; 3 a source cannot be read or the result cannot
be written, as where OUT.fid is a link, a pipe, a device, a folder or a source; 4 a source is
refused: damaged, of no known kind, over 1 GiB, or with something that has no place in our format
(the message names operator and node); 130 interrupted"""


def source_kind(data, name):
    """"keras", "caffe", "onnx" or "tflite" by the first bytes. ConvertError."""
    if data[:8] == b"\x89HDF\r\n\x1a\n":
        return "keras"
    if data[4:8] == b"TFL3":
        return "tflite"
    if len(data) > 2 and data[0] == 0x08 and 0 < data[1] < 64:  # a ModelProto's field 1, ir_version
        return "onnx"
    if data[:1] == b"\x80" or data[:2] in (b"(d", b"}q", b"cc"):  # protocol 2 and up; 0 and 1
        return "caffe"
    raise ConvertError("%s: neither HDF5 (Keras), nor a pickle, nor ONNX, nor TFLite" % name)


def load_reader(kind):
    """The function that reads a kind; its packages are loaded at need."""
    return getattr(importlib.import_module(READERS[kind]), "read_" + kind)


def guarded(name, function, *arguments):
    """function(*arguments) over untrusted bytes: what they make it raise is their fault."""
    try:
        return function(*arguments)
    except ConvertError:
        raise
    except MemoryError:
        raise ConvertError("%s: reading it takes more memory than its size allows: damaged, or "
                           "made to take much" % name) from None
    except RecursionError:
        raise ConvertError("%s: it is nested too deeply" % name) from None
    except Exception as error:
        raise ConvertError("%s: the file is damaged (%s: %s)" %
                           (name, type(error).__name__, error)) from error


def read_graphs(kind, sources, at):
    """The simplified graph of each source, as the reader of the kind sees it."""
    read, graphs = load_reader(kind), []
    for name, data in sources:
        at(name)
        graphs.append(guarded(name, lambda: simplify(read(data, name))))
    return graphs


def kind_of_sources(sources):
    kinds = sorted({source_kind(data, name) for name, data in sources})
    if len(kinds) != 1:
        raise ConvertError("the sources are of several kinds: %s" % ", ".join(kinds))
    return kinds[0]


def convert(sources, profile_name=None, labels=None, at=lambda name: None):
    """Converts sources, a list of (file name, bytes); labels: class names or None; at is called
    with the name of each file before it is read. Returns (bytes of the .fid file, name of the
    profile, graphs, metadata). ConvertError."""
    kind = kind_of_sources(sources)
    graphs = read_graphs(kind, sources, at)
    digests = {graph: hashlib.sha256(data).hexdigest() for graph, (_, data) in zip(graphs, sources)}
    return guarded(", ".join(name for name, _ in sources), _finish, kind, graphs, digests,
                   profile_name, labels)


def _finish(kind, graphs, digests, profile_name, labels):
    profile_name = profile_name or find_profile(kind, graphs)
    graphs = apply_profile(profile_name, kind, graphs)
    meta = dict(PROFILES[profile_name].meta)
    meta["info.source_sha256"] = " ".join(digests[graph] for graph in graphs)
    meta["info.converter"] = CONVERTER
    if labels is not None:
        _add_labels(meta, labels, graphs, profile_name)
    return file_bytes(graphs, meta), profile_name, graphs, meta


def convert_apart(sources, profile_name=None, label_file=None):
    """convert() in a process of its own; label_file: (name, bytes) or None. Returns (bytes of the
    .fid file, what was converted, for people). ConvertError, OSError."""
    load_reader(kind_of_sources(sources))  # before the doors are shut

    def work(at):
        labels = None
        if label_file:
            at(label_file[0])
            labels = guarded(label_file[0], read_labels, label_file[1], label_file[0])
        data, *rest = convert(sources, profile_name, labels, at)
        text = summary(*rest).encode("utf-8", "replace")
        return struct.pack("<I", len(text)) + text + data

    files = sources + [label_file] * bool(label_file)
    answer = sandbox.run(work, sources[0][0], sum(len(data) for _, data in files))
    end = 4 + (struct.unpack_from("<I", answer)[0] if len(answer) >= 4 else 0)
    text, data = answer[4:end].decode("utf-8", "replace"), answer[end:]
    if len(data) < HEADER_BYTES or data[:8] != MAGIC or (
            struct.unpack_from("<Q", data, 16)[0] != len(data)):
        raise ConvertError("%s: the file is damaged: its reader gave no weight file back" %
                           sources[0][0])
    return data, text


def _add_labels(meta, labels, graphs, profile_name):
    if not PROFILES[profile_name].labels:
        raise ConvertError("%s has no classes that --labels could name" % profile_name)
    classes = graphs[0].shapes()["classifier"][2]
    if len(labels) != classes:
        raise ConvertError("%d labels for %d classes" % (len(labels), classes))
    meta["labels"] = labels


def summary(profile_name, graphs, meta):
    """What was converted, for people."""
    lines = ["%s (%s)" % (meta["info.name"], profile_name)]
    for graph in graphs:
        size = "%dx%dx%d%s" % (*graph.size, ", any multiple of %d" % graph.multiple
                               if graph.free_size else "")
        lines.append("  graph %-14s input %s, %d layers, %s multiply-adds, %s parameters" % (
            graph.name, size, len(graph.nodes), _thousands(graph.multiply_add_count()),
            _thousands(graph.parameter_count())))
    for text in meta["info.source_sha256"].split():
        lines.append("  source sha256  %s" % text)
    lines.append("  from           %s" % meta["info.source"])
    lines.append("  licence        %s" % meta["info.licence"])
    return "\n".join(lines)


def _thousands(n):
    return "{:,}".format(n)


def read_source(path):
    """(path, bytes) of a regular file of bounded size. OSError, ConvertError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe does not hold us
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "is %s, wanted is a regular file" % kind_of(found.st_mode),
                          path)
        if found.st_size > LARGEST_SOURCE:
            raise ConvertError("%s: %s bytes; sources of up to 1 GiB are read" %
                               (path, _thousands(found.st_size)))
        with os.fdopen(handle, "rb", closefd=False) as file:
            return path, file.read(found.st_size)
    finally:
        os.close(handle)


def printable(text):
    """text, which a source may have worded, with nothing in it that moves a terminal or a line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def parse_arguments(words):
    parser = argparse.ArgumentParser(
        prog="convert.py", description=__doc__.partition("\n")[2], epilog=EXIT_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a file to convert")
    parser.add_argument("-o", "--output", required=True, metavar="OUT.fid")
    parser.add_argument("--as", dest="profile", choices=sorted(PROFILES),
                        help="which model it is; found out where that is unambiguous")
    parser.add_argument("--labels", metavar="FILE",
                        help="class names: a NumPy file of strings, or text with one a line")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser.parse_args(words)


def run(arguments):
    """Does what the command line says; returns the exit code. OSError, ConvertError."""
    paths = arguments.sources + [arguments.labels] * bool(arguments.labels)
    check_target(arguments.output, paths)
    files = [read_source(path) for path in paths]
    sources, labels = files[:len(arguments.sources)], files[len(arguments.sources):]
    data, text = convert_apart(sources, arguments.profile, labels[0] if labels else None)
    write_whole(arguments.output, data, paths)
    if not arguments.quiet:
        for line in text.split("\n"):
            print(printable(line))
        print("  written        %s, %s bytes" % (printable(arguments.output),
                                                 _thousands(len(data))))
    return 0


def main(words):
    arguments = parse_arguments(words)
    try:
        return run(arguments)
    except OSError as error:
        said, code = "%s: %s" % (error.filename, error.strerror), EXIT_INPUT
    except MemoryError:
        said, code = "there is not enough memory for the sources and the result", EXIT_INPUT
    except ConvertError as error:
        said, code = str(error), EXIT_REFUSED
    except KeyboardInterrupt:
        said, code = "interrupted", EXIT_INTERRUPTED
    print("convert.py: %s" % printable(said), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
