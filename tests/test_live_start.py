"""From the start of the program to the first face that it has decided on, with the large network: the
source is opened while the models are loaded. The file is seeded, in the layout of VGGFace2's ResNet50,
for `?` is a decision too. The figure that is asked for is that of an idle machine; `make soak` shows it."""
import os
import subprocess
import time

import program
from check import case, figure, main, require, shared, temp_folder

ASKED_MS = 500
RUNS = 3


def first_label_ms(words, source):
    """Of one run, until its first event that says who a face is; None where it ends before."""
    start = time.monotonic()
    with open(source, "rb") as stdin:
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=stdin, stderr=subprocess.DEVNULL,
                                 env=program.environment(gallery=os.path.join(temp_folder(), "gallery.db")))
    took = None
    for line in child.stdout:
        if b'"identified"' in line:
            took = 1000 * (time.monotonic() - start)
            break
    child.kill()
    child.wait()
    child.stdout.close()
    return took


def first_label_or_slower_ms(words, source):
    """A machine too slow for the clip's rate leaves too many pictures out; then it looks at all of them."""
    took = first_label_ms(words + ["--realtime"], source) or first_label_ms(words, source)
    require(took is not None, "no face was decided on")
    return took


@case
def the_first_face_is_decided_on():
    clip = shared("data/clips/chengwei1.MOV")
    words = [program.FACEID, "live", "--headless", "--fps", "30", "--model", program.resnet50(),
             "--detector", program.model("yunet"), "--input"]
    frames = os.path.join(temp_folder(), "frames.mjpeg")
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-frames:v", "20", "-c:v", "mjpeg", "-q:v", "3",
                    "-f", "mjpeg", frames], check=True, stdin=subprocess.DEVNULL)
    for name, source in (("Motion-JPEG", "-"), ("a clip, with ffmpeg's start", clip)):
        times = [first_label_or_slower_ms(words + [source], frames) for _ in range(RUNS)]
        figure("start to the first decided face, " + name, min(times), ASKED_MS, "ms")


main()
