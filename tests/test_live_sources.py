"""The live program on sources other than cameras: pipes, streams, clips and folders that loop, turned
pictures, and what it says when one of them is no good. Frames are drawn by ffmpeg."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import program
from check import PATIENCE, case, main, require, shared, skip, temp_folder
from rtsp import RtspServer

_made = {}


def words(*more):
    recognizer, detector = program.models()
    return [program.FACEID, "live", "--headless", "-v", "--model", recognizer, "--detector", detector,
            *more]


def environment():
    return program.environment(gallery=os.path.join(temp_folder(), "gallery.db"))


def live(*more, data=None, env=None):
    """Runs it; returns (frames examined, frames dropped, CompletedProcess)."""
    with open(os.devnull) if data is None else data as stdin:
        done = subprocess.run(words(*more), stdin=stdin, stdout=subprocess.PIPE, timeout=PATIENCE,
                              stderr=subprocess.PIPE, env=env or environment())
    return (*counts(done.stderr.decode()), done)


def counts(said):
    found = re.search(r"(\d+) frames examined, (\d+) damaged ones dropped", said)
    return (int(found[1]), int(found[2])) if found else (-1, -1)


def sentences(done):
    """What was said beside the details of -v."""
    details = ("kernels ", "detector: ", "recognizer: ", "graph ", "gallery: ")
    lines = [line[len("faceid: "):] for line in done.stderr.decode().splitlines()]
    return [line for line in lines if not line.startswith(details) and " frames examined" not in line]


def draw(name, *arguments, frames=12, size="160x120"):
    """A file that ffmpeg made of a moving test picture."""
    if shutil.which("ffmpeg") is None:
        skip("ffmpeg is not installed")
    path = os.path.join(temp_folder(), name)
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                    "testsrc2=size=%s:rate=30:duration=%g" % (size, frames / 30), *arguments, path],
                   check=True, stdin=subprocess.DEVNULL)
    return path


def piped(path, most=None):
    """The writing of a file into a pipe."""
    child = subprocess.Popen(["head", "-c", str(most if most is not None else 1 << 40), path],
                             stdout=subprocess.PIPE)
    return child.stdout


@case
def mjpeg_is_read_from_a_pipe():
    looked, dropped, done = live("--input", "-", data=piped(draw("a.mjpeg", "-f", "mjpeg")))
    require((looked, dropped, done.returncode) == (12, 0, 0), done.stderr.decode())


@case
def y4m_is_read_from_a_pipe():
    clip = draw("a.y4m", "-pix_fmt", "yuv420p")
    looked, dropped, done = live("--input", "-", data=piped(clip))
    require((looked, dropped, done.returncode) == (12, 0, 0), done.stderr.decode())
    with open(clip, "rb") as data:  # a file in the place of a pipe
        require(live("--input", "-", data=data)[0] == 12, "from a file")


@case
def a_cut_pipe_is_told():
    clip = draw("a.y4m", "-pix_fmt", "yuv420p")
    looked, dropped, done = live("--input", "-", data=piped(clip, os.path.getsize(clip) - 1000))
    require((looked, dropped, done.returncode) == (11, 1, 0), done.stderr.decode())
    require(sentences(done) == ["the stream ends within a frame"], str(sentences(done)))


@case
def other_pipes_are_refused():
    for content, word in ((b"hello, this is no picture", "neither Motion-JPEG"), (b"", "no whole frame"),
                          (b"YUV4MPEG2 W90000 H2\nFRAME\n", "too large"),
                          (b"YUV4MPEG2 W64 H64 C444\nFRAME\n", "yuv420p")):
        path = os.path.join(temp_folder(), "content")
        with open(path, "wb") as file:
            file.write(content)
        done = live("--input", "-", data=piped(path))[2]
        said = sentences(done)
        require(done.returncode == 3 and len(said) == 1 and word in said[0],
                "%d: %s" % (done.returncode, said))


@case
def other_streams_are_refused():
    done = live("--input", "http://localhost/stream")[2]
    require(done.returncode == 2 and "rtsp://" in sentences(done)[0], str(sentences(done)))


@case
def clips_and_folders_loop():
    clip = draw("a.mkv", "-c:v", "mpeg4")
    folder = temp_folder()
    draw("unused.png", "-frames:v", "1")
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-frames:v", "3",
                    os.path.join(folder, "%d.png")], check=True, stdin=subprocess.DEVNULL)
    for source, frames in ((clip, 12), (folder, 3)):
        require(live("--input", source)[0] == frames, source)
        looked, dropped, done = live("--input", source, "--loop", "--frames", str(5 * frames + 1))
        require((looked, dropped, done.returncode) == (5 * frames + 1, 0, 0), done.stderr.decode())


@case
def a_loop_of_nothing_ends():
    folder = temp_folder()
    with open(os.path.join(folder, "a.jpg"), "w") as file:
        file.write("no picture")
    done = live("--input", folder, "--loop")[2]
    require(done.returncode == 3 and len(sentences(done)) == 1, done.stderr.decode())


def descriptors(child):
    return len(os.listdir("/proc/%d/fd" % child.pid))


@case
def a_loop_opens_nothing_anew():
    folder = temp_folder()
    clip = draw("a.mkv", "-c:v", "mpeg4")
    shutil.copy(clip, os.path.join(folder, "a.mkv"))  # in a folder each round starts an ffmpeg
    for source in (clip, folder):
        child = subprocess.Popen(words("--input", source, "--loop"), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment())
        time.sleep(2)
        seen = []
        for _ in range(30):
            seen.append(descriptors(child))
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        require(child.wait(timeout=PATIENCE) == 130, "did not end")
        # A child that is just being started and a look at the gallery have some for a moment; what
        # a round left open would be in every later look.
        require(min(seen[15:]) <= min(seen[:15]) and max(seen) < 30, "%s: %s descriptors" % (source, seen))


@case
def a_clip_keeps_its_rate():
    clip = draw("a.mkv", "-c:v", "mpeg4", frames=60)
    start = time.monotonic()
    looked, _, done = live("--input", clip, "--realtime")
    seconds = time.monotonic() - start
    require(done.returncode == 0 and 0 < looked <= 60, done.stderr.decode())
    require(seconds >= 59 / 30, "60 frames at 30 a second took %.2f s" % seconds)


@case
def ffmpeg_that_is_missing_is_named():
    clip = draw("a.mkv", "-c:v", "mpeg4")
    env = environment()
    env["PATH"] = temp_folder()
    for source, code in ((clip, 3), ("rtsp://localhost/a", 6)):
        done = live("--input", source, env=env)[2]
        require(done.returncode == code and "ffmpeg" in sentences(done)[0]
                and "is not installed" in sentences(done)[0], str(sentences(done)))


def first_box(*more):
    """The box of the first face that is told of: [x, y, w, h], None without one."""
    done = live(*more, "--frames", "8")[2]
    require(done.returncode == 0, done.stderr.decode())
    found = re.search(rb'"box":\[([^]]*)\]', done.stdout)
    return [float(number) for number in found[1].split(b",")] if found else None


@case
def a_turned_picture_is_turned_back():
    clip = shared("data/clips/chengwei1.MOV")
    turned = os.path.join(temp_folder(), "turned.mkv")
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip, "-frames:v", "8", "-vf", "transpose=cclock",
                    "-c:v", "mjpeg", "-q:v", "2", turned], check=True, stdin=subprocess.DEVNULL)
    want = first_box("--input", clip)
    for degrees, same in ((90, True), (0, False), (180, False), (270, False)):
        got = first_box("--input", turned, "--rotate", str(degrees))
        near = got is not None and all(abs(a - b) < 0.05 * want[3] for a, b in zip(got, want))
        require(near == same, "by %d: %s, upright %s" % (degrees, got, want))
    for degrees in ("45", "360", "-90"):
        require(live("--rotate", degrees)[2].returncode == 2, degrees)


# ---- rtsp:// ----

@case
def an_rtsp_stream_is_read_and_found_again():
    if shutil.which("ffmpeg") is None:
        skip("ffmpeg is not installed")
    server = RtspServer(packets=60)
    server.start()
    try:
        looked, _, done = live("--input", server.url, "--frames", "100")
    finally:
        server.end()
    require(done.returncode == 0 and looked == 100, "%d frames: %s" % (looked, done.stderr.decode()))
    require(server.clients >= 2, "the first connection was closed, and %d came" % server.clients)
    require(b"secret" not in done.stderr + done.stdout, "the password is shown")


@case
def an_rtsp_stream_that_is_not_there_is_told_at_once():
    if shutil.which("ffmpeg") is None:
        skip("ffmpeg is not installed")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = "rtsp://user:secret@127.0.0.1:%d/a" % closed.getsockname()[1]
    done = live("--input", url)[2]
    said = sentences(done)
    require(done.returncode == 6 and len(said) == 1 and "refused" in said[0], str(said))
    require("secret" not in done.stderr.decode(), "the password is shown")


main()
