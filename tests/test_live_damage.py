"""Damaged Motion-JPEG, frame after frame, into a running program: it goes on, counts what it drops and
does not grow. FACEID_DAMAGED_FRAMES=100000 is the whole of it; a tenth without."""
import os
import random
import re
import shutil
import subprocess

import program
from check import case, main, require, skip, temp_folder

FRAMES = int(os.environ.get("FACEID_DAMAGED_FRAMES", "10000"))
SETTLED = max(2000, FRAMES // 20)  # by then everything has been used once
MAX_GROWTH_KB = 1024
LAST = 20  # whole frames at the end


def base_frames():
    """JPEG frames of several kinds, one size, drawn by ffmpeg."""
    if shutil.which("ffmpeg") is None:
        skip("ffmpeg is not installed")
    frames = []
    for pixels, quality in (("yuvj420p", 3), ("yuvj422p", 9), ("yuvj444p", 5), ("gray", 4)):
        stream = subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=30", "-frames:v",
             "3", "-c:v", "mjpeg", "-pix_fmt", pixels, "-q:v", str(quality), "-strict", "-1", "-f",
             "mjpeg", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
        starts = [m.start() for m in re.finditer(b"\xff\xd8\xff", stream)] + [len(stream)]
        frames += [stream[a:b] for a, b in zip(starts, starts[1:])]
    return frames


def header_bytes(frame):
    """Where the compressed data begins."""
    at = frame.index(b"\xff\xda")
    return at + 2 + int.from_bytes(frame[at + 2:at + 4], "big")


def damaged(rng, frames):
    frame = bytearray(rng.choice(frames))
    header = header_bytes(frame)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        kind = rng.randrange(8)
        if not frame:
            break
        at = rng.randrange(min(header, len(frame)) if kind % 2 else len(frame))
        if kind < 2:  # a byte, anywhere or in the header
            frame[at] = rng.randrange(256)
        elif kind < 4:  # a bit
            frame[at] ^= 1 << rng.randrange(8)
        elif kind == 4:  # the end is missing
            del frame[rng.randrange(len(frame)):]
        elif kind == 5:  # a piece is missing
            del frame[at:at + rng.randrange(1, 200)]
        elif kind == 6:  # a piece too many
            frame[at:at] = rng.randbytes(rng.randrange(1, 200))
        else:  # a piece of another frame
            other = rng.choice(frames)
            start = rng.randrange(len(other))
            frame[at:at] = other[start:start + rng.randrange(1, 400)]
    return bytes(frame)


def memory_kb(child):
    with open("/proc/%d/status" % child.pid) as file:
        return int(re.search(r"VmRSS:\s*(\d+) kB", file.read())[1])


def feed(child, seed):
    """Writes all frames; returns the memory after SETTLED of them and at the end. The pipe holds a
    few frames only, so what was written was nearly all read."""
    rng, frames, settled = random.Random(seed), base_frames(), 0
    child.stdin.write(frames[0])
    for number in range(FRAMES):
        if number == SETTLED:
            child.stdin.flush()
            settled = memory_kb(child)
        child.stdin.write(damaged(rng, frames))
    child.stdin.write(frames[0] * LAST)
    child.stdin.flush()
    grown = memory_kb(child)
    child.stdin.close()
    return settled, grown


@case
def damaged_frames_neither_stop_nor_grow_it():
    recognizer, detector = program.models()
    seed = int(os.environ.get("FACEID_SEED", random.randrange(1 << 32)))
    log = os.path.join(temp_folder(), "log")
    gallery = os.path.join(temp_folder(), "gallery.db")
    with open(log, "wb") as errors:
        child = subprocess.Popen(
            [program.FACEID, "live", "--headless", "-v", "--model", recognizer, "--detector", detector,
             "--min-score", "0.999",  # no face: the first one would use the recognizer's memory once
             "--input", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors,
            env=program.environment(gallery=gallery))
        try:
            settled, grown = feed(child, seed)
        except BrokenPipeError:
            settled = grown = 0
        code = child.wait(timeout=600)
    with open(log) as file:
        said = file.read()
    found = re.search(r"(\d+) frames examined, (\d+) damaged ones dropped", said)
    require(code == 0 and found is not None, "seed %d: exit code %d: %s" % (seed, code, said[-2000:]))
    looked, dropped = int(found[1]), int(found[2])
    print("   seed %d: %d frames, %d looked at, %d dropped, memory %d kB and then %+d kB"
          % (seed, FRAMES, looked, dropped, settled, grown - settled))
    require(looked > LAST and dropped > FRAMES // 4, "seed %d: %d and %d" % (seed, looked, dropped))
    # A damaged frame may take its neighbor along, or be two; most are one.
    require(0.5 * FRAMES < looked + dropped < 1.5 * FRAMES, "seed %d: %d" % (seed, looked + dropped))
    require(grown - settled <= MAX_GROWTH_KB, "seed %d: %d kB more" % (seed, grown - settled))


main()
