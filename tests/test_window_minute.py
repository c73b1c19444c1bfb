"""A minute of the live window on a display of its own: 1280x720 at 30 frames a second, people who come
and go, the large network. Does the picture stutter, how old is it when it is drawn, how long does a face
wait for its name?

The clip is made from two clips with a second of nobody after each, so that every loop has two faces to
decide on. `make soak` looks for a minute, a gate for five seconds. The figures are those of a machine
that has nothing else to do; how much of it others had is said."""
import json
import os
import statistics
import subprocess
import time

import program
from check import SOAK, case, figure, main, need, require, shared, skip, temp_folder
from display import Display, Window, until

SECONDS = 60 if SOAK else 5
INTERVALS_OVER_50, INTERVAL_MAX_MS, AGE_P95_MS, DECISION_MS = 0.001, 100, 80, 400
DRAWING_CPU, IDLE_CPU = 0.10, 0.60
TICKS = os.sysconf("SC_CLK_TCK")
_made = {}


def clip():
    """People who come and go: 1280x720 at 30 frames a second."""
    if "clip" not in _made:
        need("ffmpeg")
        path, same = os.path.join(temp_folder(), "people.mov"), "fps=30,scale=1280:720,setsar=1,format=yuv420p"
        sources = [shared("data/clips/" + name) for name in ("chengwei1.MOV", "michelle1.avi")]
        nobody = ["-f", "lavfi", "-t", "1", "-i", "color=c=0x405060:s=1280x720:r=30"]
        graph = ";".join("[%d:v]%s[v%d]" % (i, same, i) for i in range(4))
        subprocess.run(["ffmpeg", "-v", "error", "-i", sources[0], *nobody, "-i", sources[1], *nobody,
                        "-filter_complex", graph + ";[v0][v1][v2][v3]concat=n=4[v]", "-map", "[v]", "-an",
                        "-c:v", "libx264", "-preset", "veryfast", "-tune", "fastdecode", "-crf", "20",
                        path], check=True, stdin=subprocess.DEVNULL)
        _made["clip"] = path
    return _made["clip"]


def empty_room():
    if "room" not in _made:
        need("ffmpeg")
        path = _made["room"] = os.path.join(temp_folder(), "room.mov")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-t", "4", "-i",
                        "color=c=0x405060:s=1280x720:r=30,noise=alls=12:allf=t", "-c:v", "libx264",
                        "-preset", "veryfast", "-pix_fmt", "yuv420p", path], check=True)
    return _made["room"]


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine():
    """(all, stolen) seconds of all cores so far."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(n) for n in file.readline().split()[1:9]]
    return sum(fields) / TICKS, fields[7] / TICKS


class Minute:
    """One run, and what it showed."""

    def __init__(self, source, model, detector, people=True):
        folder = temp_folder()
        stats, events = os.path.join(folder, "stats.json"), os.path.join(folder, "events")
        env = program.environment(os.path.join(folder, "g.db"), (model, detector),
                                  SDL_FRAMEBUFFER_ACCELERATION="0")
        line = [program.FACEID, "live", "--input", source, "--loop", "--stats", stats, "--events", events]
        with Display() as display, Window(display, line, env, cwd=folder) as window:
            time.sleep(2)
            before, used = machine(), cpu_seconds(window.process.pid)
            time.sleep(SECONDS)
            used = cpu_seconds(window.process.pid) - used
            after = machine()
            until(lambda: not people or '"identified"' in open(events, encoding="utf-8").read(), "no face is decided on")
            window.key("q")
            code, _, errors = window.end()
            require(code == 0, errors)
        with open(stats, encoding="utf-8") as file:
            self.times = json.load(file)
        with open(events, encoding="utf-8") as file:
            rows = [json.loads(row) for row in file]
        self.decisions = [row["after_ms"] for row in rows if row["event"] == "identified" and "after_ms" in row]
        self.cpu = used / SECONDS
        self.stolen = (after[1] - before[1]) / (after[0] - before[0])
        print("   %s\n   decisions: %d, median %.0f ms; CPU of the program %.2f of a core; stolen from the "
              "machine %.2f %%" % (json.dumps(self.times), len(self.decisions),
                                   statistics.median(self.decisions or [0]), self.cpu, 100 * self.stolen))

    def does_not_stutter(self):
        intervals = self.times["display_interval_ms"]
        require(intervals["count"] > 0, "no picture")
        figure("pictures a second short of 30", 30 - intervals["count"] / self.times["seconds"], 5, "pictures")
        figure("intervals above 50 ms", intervals["over_50"] / intervals["count"], INTERVALS_OVER_50, "of all")
        figure("longest interval", intervals["max"], INTERVAL_MAX_MS, "ms")
        figure("age of a picture, 95 %", self.times["capture_to_drawn_ms"]["p95"], AGE_P95_MS, "ms")
        figure("drawing", self.times["drawing_cpu"], DRAWING_CPU, "of a core")

    def decides(self):
        require(self.decisions, "no face was decided on")
        figure("a face waits for its name", statistics.median(self.decisions), DECISION_MS, "ms")


@case
def people_come_and_go():
    minute = Minute(clip(), program.resnet50(), program.model("yunet"))
    minute.does_not_stutter()
    minute.decides()


@case
def people_come_and_go_before_the_cascade():
    pair = program.starter() or skip("the starter model cannot be had")
    minute = Minute(clip(), program.resnet50(), pair[1])
    minute.does_not_stutter()
    minute.decides()


@case
def an_empty_room_costs_little():
    minute = Minute(empty_room(), program.resnet50(), program.model("yunet"), people=False)
    minute.does_not_stutter()
    figure("nobody before the camera", minute.cpu, IDLE_CPU, "of a core")


main()
