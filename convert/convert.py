#!/usr/bin/python3
"""convert.py - turns the weights of other frameworks into a .fid file (weights/FORMAT.md).

    convert/convert.py yunet_n_dynamic.onnx -o yunet.fid
    convert/convert.py rcmalli_vggface_tf_resnet50.h5 --labels rcmalli_vggface_labels_v2.npy \\
        -o vggface2.fid
    convert/convert.py pnet.tflite rnet.tflite onet.tflite -o mtcnn.fid --as starter-mtcnn

What a source is, is told from its content: HDF5 (Keras), a pickle of arrays (Caffe), ONNX, TFLite.
The result depends on the sources' bytes alone: the same sources give the same file."""
import argparse
import hashlib
import os
import sys
import tempfile

from fid_writer import file_bytes
from graph import ConvertError
from graph_passes import simplify
from profile_match import apply_profile, find_profile
from profiles import PROFILES

CONVERTER = "faceid convert 1.0"
EXIT_INPUT, EXIT_REFUSED = 3, 4
EXIT_TEXT = """exit codes: 0 written; 2 wrong usage; 3 a source cannot be read or the result cannot
be written; 4 a source is refused: damaged, of no known kind, or with something that has no place in
our format (the message names operator and node)"""


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


def read_graph(kind, data, name):
    """The graph of one source, as its reader sees it. The readers' packages are loaded at need."""
    if kind == "onnx":
        from onnx_reader import read_onnx as read
    elif kind == "tflite":
        from tflite_reader import read_tflite as read
    elif kind == "keras":
        from keras_reader import read_keras as read
    else:
        from caffe_pickle_reader import read_caffe as read
    return read(data, name)


def convert(sources, profile_name=None, labels=None):
    """Converts sources, a list of (file name, bytes); labels: class names or None.
    Returns (bytes of the .fid file, name of the profile, graphs, metadata). ConvertError."""
    kinds = sorted({source_kind(data, name) for name, data in sources})
    if len(kinds) != 1:
        raise ConvertError("the sources are of several kinds: %s" % ", ".join(kinds))
    graphs = [simplify(read_graph(kinds[0], data, name)) for name, data in sources]
    digests = {graph: hashlib.sha256(data).hexdigest() for graph, (_, data) in zip(graphs, sources)}
    profile_name = profile_name or find_profile(kinds[0], graphs)
    graphs = apply_profile(profile_name, kinds[0], graphs)
    meta = dict(PROFILES[profile_name].meta)
    meta["info.source_sha256"] = " ".join(digests[graph] for graph in graphs)
    meta["info.converter"] = CONVERTER
    if labels is not None:
        _add_labels(meta, labels, graphs, profile_name)
    return file_bytes(graphs, meta), profile_name, graphs, meta


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


def write_whole(path, data):
    """Writes path through a temporary name, so that there is never half a file of that name."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".convert-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


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


def main(words):
    arguments = parse_arguments(words)
    try:
        sources = []
        for path in arguments.sources:
            with open(path, "rb") as file:
                sources.append((path, file.read()))
        labels = None
        if arguments.labels:
            from labels import read_labels
            with open(arguments.labels, "rb") as file:
                labels = read_labels(file.read(), arguments.labels)
        data, profile_name, graphs, meta = convert(sources, arguments.profile, labels)
        write_whole(arguments.output, data)
    except OSError as error:
        print("convert.py: %s: %s" % (error.filename, error.strerror), file=sys.stderr)
        return EXIT_INPUT
    except ConvertError as error:
        print("convert.py: %s" % error, file=sys.stderr)
        return EXIT_REFUSED
    if not arguments.quiet:
        print(summary(profile_name, graphs, meta))
        print("  written        %s, %s bytes" % (arguments.output, _thousands(len(data))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
