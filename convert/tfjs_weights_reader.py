"""tfjs_weights_reader.py - weights of TensorFlow.js without a graph, by named architecture: the
manifest tells by a weight's name and shape which network of face-api.js it is, and its graph is
written down in tfjs_faceapi_graphs.py.

To add an architecture: its function there, its row in ARCHITECTURES."""
from dataclasses import dataclass

import tfjs_faceapi_graphs as graphs
from graph import ConvertError
from tfjs_file import parse_json, read_weights, stated_shapes

DETECTORS = "; its graph is not known here: take a detector with five landmarks (YuNet, MTCNN)"


@dataclass(frozen=True)
class Architecture:
    """weight, shape: one that tells it from all others. builds: of each graph, (Layers) -> its
    outputs, and the side of its input; or advice: why there is none, and the next step."""
    what: str
    weight: str
    shape: list
    builds: tuple = ()
    advice: str = ""


ARCHITECTURES = (
    Architecture("dlib's ResNet recognizer", "fc", [256, 128], ((graphs.dlib_resnet, 150),)),
    Architecture("face-api.js's 68 landmarks", "fc/weights", [256, 136],
                 ((graphs.landmarks68, 112),)),
    Architecture("face-api.js's 68 landmarks (tiny)", "fc/weights", [128, 136],
                 ((graphs.landmarks68_tiny, 112),)),
    Architecture("face-api.js's expressions", "fc/weights", [256, 7], ((graphs.expressions, 112),)),
    Architecture("face-api.js's age and gender", "fc/age/weights", [512, 1],
                 ((graphs.age_gender, 112),)),
    Architecture("face-api.js's MTCNN", "pnet/conv1/weights", [3, 3, 3, 10],
                 ((graphs.pnet, 12), (graphs.rnet, 24), (graphs.onet, 48))),
    Architecture("face-api.js's tiny face detector", "conv8/filters", [1, 1, 512, 25],
                 advice=DETECTORS),
    Architecture("face-api.js's SSD MobileNet v1",
                 "Prediction/BoxPredictor_0/ClassPredictor/weights", [1, 1, 512, 9],
                 advice=DETECTORS),
)


def _architecture(content):
    shapes = stated_shapes(content)
    found = next((row for row in ARCHITECTURES if shapes.get(row.weight) == row.shape), None)
    if found is None:
        raise ConvertError("this is a manifest of weights: it holds no layers, and the names are "
                           "those of none of %s: convert the model that they were taken from" %
                           ", ".join(row.what for row in ARCHITECTURES if row.builds))
    if not found.builds:
        raise ConvertError("this is " + found.what + found.advice)
    return found


def read_tfjs_weights(data, name, outputs=()):
    """The graphs of a manifest's bytes, its shards behind the JSON; name is for messages. Values
    named in outputs become their outputs, if there are any. ConvertError."""
    try:
        return _read(data, outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


def _read(data, outputs):
    content, end = parse_json(data)
    found = _architecture(content)
    weights, used, made = read_weights(content, data[end:]), set(), []
    for build, side in found.builds:
        layers = graphs.Layers(weights, used, side, side)
        layers.graph.outputs = build(layers)
        layers.graph.cut(outputs)
        made.append(layers.graph)
    left = sorted(set(weights) - used)
    if left:
        raise ConvertError("the weight '%s' has no place in %s" % (left[0], found.what))
    return made
