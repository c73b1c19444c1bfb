"""The live program without a camera: its sentences, its events and its window on a clip."""
import glob
import json
import os
import signal
import subprocess
import time

import program
from check import BUILD, PATIENCE, case, main, require, run, shared, skip, temp_folder

FACEID = os.path.join(BUILD, "faceid")
CLIP = "data/clips/chengwei1.MOV"


def environment(**more):
    """Without a display, with a gallery of its own."""
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env.update(XDG_RUNTIME_DIR=temp_folder(), FACEID_GALLERY=os.path.join(temp_folder(), "g.db"))
    env.update(more)
    return env


def models():
    """The two models that the tests name; skips the case when there are none."""
    recognizer, detector = program.models()
    return ["--model", recognizer, "--detector", detector]


def no_camera_here():
    if glob.glob("/dev/video*"):
        skip("this machine has a camera")


def one_sentence(done, code):
    lines = done.stderr.splitlines()
    require(done.returncode == code, "exit code %d: %s" % (done.returncode, done.stderr))
    require(len(lines) == 1 and lines[0].startswith("faceid: "), "said %r" % done.stderr)
    require(done.stdout == "", "stdout has %r" % done.stdout)


@case
def without_a_camera_one_sentence():
    no_camera_here()
    for words in ([], ["--camera", "0"], ["--camera", "/dev/video7"], ["--camera", "Nobody's"],
                  ["--headless"], ["--headless", "--events", "-", "--frames", "1"]):
        one_sentence(run(FACEID, "live", *words, env=environment()), 6)
    one_sentence(run(FACEID, "--camera", "0", env=environment()), 6)


@case
def list_of_no_cameras_is_empty():
    no_camera_here()
    done = run(FACEID, "cameras", "--json")
    require(done.returncode == 0 and done.stdout == "", "%r" % done)


@case
def wrong_words_are_usage():
    for words in (["--size", "10"], ["--size", "axb"], ["--size", "0x0"], ["--fps", "0"],
                  ["--input", "a", "--camera", "0"], ["--frames", "-1"]):
        done = run(FACEID, "live", "--headless", *words, env=environment())
        require(done.returncode == 2, "%s: %d" % (words, done.returncode))


@case
def source_that_is_not_there():
    done = run(FACEID, "live", "--headless", *models(), "--input", "/nowhere", env=environment())
    one_sentence(done, 3)


def frames_of(done):
    """The objects of whole frames."""
    require(done.returncode == 0, "%d: %s" % (done.returncode, done.stderr))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event for event in events if event["event"] == "faces"]


@case
def every_frame_of_a_clip_is_looked_at():
    clip = shared(CLIP)
    done = run(FACEID, "live", "--headless", *models(), "--input", clip, "--frames", "12",
               "--events-frames", env=environment())
    frames = frames_of(done)
    require([f["frame"] for f in frames] == list(range(1, 13)), "frames were lost or repeated")
    for frame in frames:
        require(frame["v"] == 1 and frame["source"] == clip and frame["size"] == [1280, 720],
                "%r" % frame)
        require(frame["time"].endswith("Z") and len(frame["time"]) == 24, frame["time"])
        for face in frame["faces"]:
            require(face["name"] is None and not face["known"] and face["score"] is None
                    and face["reason"] in ("undecided", "empty_gallery"), "%r" % face)
    require(all(len(f["faces"]) >= 1 for f in frames), "a frame without the face")
    require(frames[-1]["faces"][0]["reason"] == "empty_gallery", "%r" % frames[-1])


@case
def enrolled_person_is_named():
    clip, env = shared(CLIP), environment()
    done = run(FACEID, "enroll", *models(), "--frames", "0:20", "Zoë", clip, env=env)
    require(done.returncode == 0, done.stderr)
    done = run(FACEID, "live", "--headless", *models(), "--input", clip, "--frames", "40",
               "--events-frames", env=env)
    names = [[face["name"] for face in frame["faces"]] for frame in frames_of(done)]
    require(names[3:] == [["Zoë"]] * 37, "%r" % names)


def events_until(path_or_pipe, stop):
    """Starts an endless run, calls stop on it after its first event; returns code and output."""
    child = subprocess.Popen([FACEID, "live", "--headless", *models(), "--input", path_or_pipe],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    first = child.stdout.readline()
    stop(child)
    rest = child.stdout.read() if not child.stdout.closed else b""
    return child.wait(timeout=PATIENCE), first + rest, child.stderr.read()


@case
def interrupt_ends_with_a_whole_line():
    clip = shared(CLIP)
    code, output, errors = events_until(clip, lambda child: child.send_signal(signal.SIGINT))
    require(code == 130, "exit code %d: %r" % (code, errors))
    require(output.endswith(b"\n"), "ends with %r" % output[-40:])
    for line in output.splitlines():
        json.loads(line)


@case
def reader_that_goes_away_is_no_error():
    clip = shared(CLIP)
    code, _, errors = events_until(clip, lambda child: child.stdout.close())
    require(code == 0 and errors == b"", "exit code %d: %r" % (code, errors))


@case
def window_needs_a_display():
    env = environment()
    one_sentence(run(FACEID, "live", *models(), "--input", shared(CLIP), env=env), 6)
    del env["XDG_RUNTIME_DIR"]
    one_sentence(run(FACEID, "live", *models(), "--input", shared(CLIP), env=env), 6)


@case
def window_draws_at_the_rate_of_the_source():
    clip = shared(CLIP)
    start = time.monotonic()
    done = run(FACEID, "live", *models(), "--input", clip, "--fps", "25", "--frames", "40", "--events",
               "-", "--events-frames", env=environment(SDL_VIDEODRIVER="dummy"))
    seconds = time.monotonic() - start
    frames = [frame["frame"] for frame in frames_of(done)]
    require(seconds >= 1.5, "40 frames at 25 a second took %.1f s" % seconds)
    require(frames and frames == sorted(set(frames)), "frames %r" % frames)


main()
