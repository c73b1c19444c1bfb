"""From the start of the program to the first face that it has decided on, with the large network: the
source is opened while the models are loaded. The file is seeded, in the layout of VGGFace2's ResNet50,
for `?` is a decision too."""
import os
import subprocess
import time

import program
from check import case, main, require, shared, temp_folder

LIMIT_MS = 500
RUNS = 7


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
def the_first_label_comes_within_half_a_second():
    clip = shared("data/clips/chengwei1.MOV")
    words = [program.FACEID, "live", "--headless", "--realtime", "--fps", "30", "--model", program.resnet50(),
             "--detector", program.model("yunet"), "--input"]
    frames = os.path.join(temp_folder(), "frames.mjpeg")
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-frames:v", "20", "-c:v", "mjpeg", "-q:v", "3",
                    "-f", "mjpeg", frames], check=True, stdin=subprocess.DEVNULL)
    for name, source in (("MJPEG", "-"), ("clip", clip)):
        times = []
        for _ in range(RUNS):
            with open(frames) as stdin:
                times.append(first_label_ms(words + [source], stdin))
        times.sort()
        print("   %s: decided after %.0f ms, median %.0f" % (name, times[0], times[RUNS // 2]))
        # The least of the runs: the others say how busy the machine is. A clip has ffmpeg's start in
        # front, which no camera has: its figure is for reading.
        require(name == "clip" or times[0] <= LIMIT_MS, "%s: %.0f ms" % (name, times[0]))


main()
