"""From the start of the program to the first face that it has decided on, with the large network: the
source is opened while the models are loaded. The file is seeded, in the layout of VGGFace2's ResNet50,
for `?` is a decision too."""
import mmap
import os
import subprocess
import time

import program
from check import case, main, require, shared, skip, temp_folder

LIMIT_MS = 500
RUNS = 7


def fault_ms():
    """What the kernel takes for a page that is touched for the first time: 0.0002 to 0.001 on most
    machines, but 0.017 was met on a virtual one."""
    pages = 8192
    with mmap.mmap(-1, pages * mmap.PAGESIZE) as memory:
        times = []
        for _ in range(2):  # the second time they are there
            start = time.monotonic()
            memory[::mmap.PAGESIZE] = bytes(pages)
            times.append(1000 * (time.monotonic() - start))
    return max(times[0] - times[1], 0) / pages


def need_memory_in_time(words, stdin):
    """The pages of the large network come in during the start: where these alone take half of the limit,
    it is the kernel that would be measured."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stdin=stdin, stderr=subprocess.DEVNULL,
                             env=program.environment(gallery=os.path.join(temp_folder(), "gallery.db")))
    faults = os.wait4(child.pid, 0)[2].ru_minflt
    took = faults * fault_ms()
    if took > LIMIT_MS / 2:
        skip("%d page faults alone take %.0f ms on this machine" % (faults, took))


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
    with open(frames) as stdin:
        need_memory_in_time(words + ["-"], stdin)
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
