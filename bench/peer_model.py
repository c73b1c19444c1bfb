#!/usr/bin/python3
"""peer_model.py MODEL.onnx OUT.fid - an ONNX network as a .fid file that is good for timing alone.

convert.py asks what a picture has to become and what the output means; a network of random weights
has no answer to that, so this goes through the same passes without a card. The file appears
whole or not at all."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "convert"))
from convert import CONVERTER, read_graphs  # noqa: E402
from fid_writer import file_bytes  # noqa: E402
from graph import ConvertError  # noqa: E402
from whole_file import write_whole  # noqa: E402


def main(words):
    if len(words) != 2:
        print("usage: peer_model.py MODEL.onnx OUT.fid", file=sys.stderr)
        return 2
    source, target = words
    try:
        with open(source, "rb") as file:
            data = file.read()
        write_whole(target, file_bytes(read_graphs("onnx", [(source, data)]), {
            "face.kind": "recognizer",
            "info.name": os.path.splitext(os.path.basename(source))[0],
            "info.source": os.path.basename(source),
            "info.source_sha256": hashlib.sha256(data).hexdigest(),
            "info.licence": "none: for timing",
            "info.converter": CONVERTER,
        }))
    except OSError as error:
        print("peer_model.py: %s: %s" % (error.filename, error.strerror), file=sys.stderr)
        return 1
    except ConvertError as error:
        print("peer_model.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
