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


def first_label_ms(words, stdin):
    """Of one run, until its first event that says who a face is."""
    start = time.monotonic()
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
    require(took is not None, "no face was decided on")
    return took


@case
def the_first_face_is_decided_on():
    clip = shared("data/clips/chengwei1.MOV")
    words = [program.FACEID, "live", "--headless", "--realtime", "--fps", "30", "--model", program.resnet50(),
             "--detector", program.model("yunet"), "--input"]
    frames = os.path.join(temp_folder(), "frames.mjpeg")
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-frames:v", "20", "-c:v", "mjpeg", "-q:v", "3",
                    "-f", "mjpeg", frames], check=True, stdin=subprocess.DEVNULL)
    for name, source in (("Motion-JPEG", "-"), ("a clip, with ffmpeg's start", clip)):
        times = []
        for _ in range(RUNS):
            with open(frames) as stdin:
                times.append(first_label_ms(words + [source], stdin))
        figure("start to the first decided face, " + name, min(times), ASKED_MS, "ms")


main()
