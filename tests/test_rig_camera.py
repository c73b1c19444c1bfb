"""The live program in a virtual machine, with a real driver's USB camera (rigs/usbcam.c): names,
unplugging, silence, damaged frames, exit codes. `make soak` takes it as it is built, with sanitizers
and for arm64, a gate only as it is built. The guest is emulated and slow: what happens is checked, never how fast the program is; limits
of time get what one frame takes there on top.

The steps are rigs/camera_steps.sh; a case looks at what one of them left."""
import json
import os
import re
import sys
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rigs"))
import builds  # noqa: E402
import scenes  # noqa: E402
import vm  # noqa: E402
from check import SOAK, case, main, require, temp_folder  # noqa: E402
import program  # noqa: E402

# Seconds within which an unplugged camera and a silent one (2 s without a picture, looked at every
# 0.2 s) are noticed; the frame at work then and the one that waits are finished first.
NOTICED, SILENT, FRAMES = 2.0, 2.5, 2
NAMES = {"amd64": "amd64", "asan": "amd64", "arm64": "arm64"}
_runs = {}


class Stage:
    """What a step left: events of frames and of faces, sentences, exit code."""

    def __init__(self, run, name):
        self.events, self.told, self.code, self.broken = [], [], None, []
        for at, line in stamped(run, name + ".out"):
            if re.fullmatch(r"exit \d+", line):
                self.code = int(line[5:])
                continue
            try:
                event = json.loads(line)
            except ValueError:
                self.broken.append(line)
                continue
            (self.events if event.get("event") == "faces" else self.told).append((at, event))
        self.errors = stamped(run, name + ".err")
        self.said = "\n".join(line for _, line in self.errors)

    def right_names(self, scene, when=lambda event: True):
        """The names in those events; fails the case if one of them is wrong for its place."""
        names = set()
        for face in (face for _, event in self.events if when(event) for face in event["faces"]):
            person = scenes.person(face, scene)
            require(person is not None, "no face is there in %s: %r" % (scene, face))
            right = person if person in scenes.ENROLLED else None
            require(face["name"] in (None, right), "%s got a wrong name: %r" % (person, face))
            require(face["known"] == (face["name"] is not None), "%r" % face)
            names.add(face["name"])
        return names

    def frame_seconds(self):
        """The longest that a frame took in the guest."""
        times = [at for at, _ in self.events]
        return max(b - a for a, b in zip(times, times[1:]))

    def said_at(self, words):
        times = [at for at, line in self.errors if words in line]
        require(len(times) == 1, "'%s' was said %d times: %s" % (words, len(times), self.said))
        return times[0]


def stamped(run, name):
    """The lines of a file in /out: [(seconds since boot, line)]."""
    path = os.path.join(run.out, name)
    require(os.path.exists(path), "the guest left no %s: %s" % (name, run.console[-800:]))
    with open(path, encoding="utf-8") as file:
        return [(float(a), b) for a, b in (line.rstrip("\n").split(" ", 1) for line in file)]


def epoch(event):
    """Seconds since 1970 of the event's frame."""
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def camera_did(run, word):
    """When the camera did it: [(seconds since boot, seconds since 1970)]."""
    with open(os.path.join(run.out, "usbcam"), encoding="utf-8") as file:
        return [tuple(map(float, line.split()[1:])) for line in file if line.startswith(word)]


def noted(run, words):
    return [at for at, line in stamped(run, "notes") if line == words]


def boot(build):
    pictures, gallery = temp_folder(), os.path.join(temp_folder(), "gallery.db")
    files = {name: os.path.join(pictures, name) for name in scenes.draw(pictures)}
    recognizer, detector = program.models()
    guest = vm.prepare(NAMES[build])
    done = program.faceid("enroll", "--from", scenes.people(), gallery=gallery,
                          pair=(recognizer, detector))
    require(done.returncode == 0, done.stderr)
    files.update({"model.fid": recognizer, "detector.fid": detector, "gallery.db": gallery})
    files["patience"] = os.path.join(pictures, "patience")
    with open(files["patience"], "w") as file:
        file.write("60" if build == "amd64" else "120")
    files.update(builds.get(build))
    run = vm.boot(guest, "camera_steps.sh", files, builds.sysroot(build), limit=600,
                  memory=1536 if build == "asan" else 768)
    print("%s: the guest ran for %.0f s" % (build, run.seconds))
    return run


def guest_run(build):
    """One run serves all cases of a build; so does its failure."""
    if build not in _runs:
        try:
            _runs[build] = boot(build)
        except Exception as error:
            _runs[build] = error
    if isinstance(_runs[build], Exception):
        raise _runs[build]
    return _runs[build]


# ---- the cases; each is run for each build ----

def steps_came_to_their_end(run):
    require(run.code == 0, "steps ended with %s: %s" % (run.code, run.console[-2000:]))
    notes = [line for _, line in stamped(run, "notes") if line.startswith("gave up")]
    require(not notes, "%s" % notes)


def kernel_has_no_complaint(run):
    with open(os.path.join(run.out, "dmesg"), encoding="utf-8", errors="replace") as file:
        bad = [line for line in file if re.search(r"BUG|WARNING|Oops|segfault", line)]
    require(not bad, "".join(bad))


def sanitizers_are_silent(run):
    for name in os.listdir(run.out):
        with open(os.path.join(run.out, name), encoding="utf-8", errors="replace") as file:
            text = file.read()
        found = re.search(r"Sanitizer|runtime error", text)
        require(found is None, "%s: %s" % (name, text[-3000:]))


def without_camera(run):
    listed, live = Stage(run, "none_listed"), Stage(run, "none")
    require(listed.code == 0 and not listed.broken and "no camera" in listed.said,
            "%r" % vars(listed))
    require(live.code == 6 and len(live.errors) == 1 and "no camera" in live.said,
            "%s: %s" % (live.code, live.said))


def camera_is_listed_once(run):
    lines = stamped(run, "listed.out")
    camera = json.loads(lines[0][1])
    require(lines[1][1] == "exit 0" and len(lines) == 2, "%r" % lines)
    require(camera["path"] == "/dev/video0" and "Rig USB camera" in camera["name"], "%r" % camera)
    modes = [(m["format"], m["width"], m["height"], m["fps"]) for m in camera["modes"]]
    require(modes == [("MJPG", 320, 240, 5.0)], "%r" % modes)


def mjpeg_faces_get_the_right_names(run):
    stage = Stage(run, "mjpeg")
    _, switched = camera_did(run, "next")[0] # a new picture without the old one's faces
    old = stage.right_names("pair", lambda event: epoch(event) < switched)
    new = stage.right_names("raj", lambda event: epoch(event) > switched)
    require(old == {"amy", None} and new == {"raj"}, "named %r and %r" % (old, new))
    # Where a frame takes longer than the end may, the signal ends the program before it counts.
    require("damaged ones dropped" not in stage.said or " 0 damaged ones dropped" in stage.said, stage.said)
    for _, event in stage.events:
        require(event["size"] == [320, 240], "%r" % event)


def interrupt_ends_with_a_whole_line(run):
    for name in ("mjpeg", "window"):
        stage = Stage(run, name)
        require(stage.code == 130 and not stage.broken, "%s: %s, %r" % (name, stage.code,
                                                                        stage.broken))


def other_exit_codes(run):
    for name, words in (("busy", "/dev/video0"), ("metadata", "is not a camera"),
                        ("forbidden", "no permission")):
        stage = Stage(run, name)
        require(stage.code == 6 and words in stage.said and len(stage.errors) == 1,
                "%s: %s: %s" % (name, stage.code, stage.said))
        require(not stage.events and not stage.broken, "%s wrote events" % name)
    counted = Stage(run, "counted")
    require(counted.code == 0 and len(counted.events) == 2, "%r" % vars(counted))


def yuyv_faces_get_the_right_names(run):
    names = Stage(run, "yuyv").right_names("amy")
    require(names == {"amy"}, "named %r" % names)


def unplugging_ends_headless_in_time(run):
    stage = Stage(run, "yuyv")
    pulled, limit = noted(run, "pulled")[1], NOTICED + FRAMES * stage.frame_seconds()
    require(stage.code == 6, "%s: %s" % (stage.code, stage.said))
    late = stage.said_at("was unplugged") - pulled
    require(0 <= late <= limit, "noticed after %.1f s, may take %.1f" % (late, limit))
    require(all(at <= pulled + limit for at, _ in stage.events), "events after the unplugging")


def damaged_frames_are_dropped_and_counted(run):
    for name in ("yuyv", "damaged"):
        stage = Stage(run, name)
        count = re.search(r"(\d+) damaged ones dropped", stage.said)
        require(count and int(count.group(1)) > 0, "%s: %s" % (name, stage.said))
        names = stage.right_names("amy")  # nobody of the damaged pictures
        require(names == {"amy"}, "named %r" % names)


def silent_camera_is_found_by_time(run):
    stage, (frozen, _) = Stage(run, "damaged"), camera_did(run, "frozen")[0]
    require(stage.code == 6, "%s: %s" % (stage.code, stage.said))
    late, limit = stage.said_at("sends no pictures") - frozen, SILENT + FRAMES * stage.frame_seconds()
    require(0 <= late <= limit, "noticed after %.1f s, may take %.1f" % (late, limit))


def window_goes_on_after_a_replug(run):
    stage = Stage(run, "window")
    pulled, limit = noted(run, "pulled")[3], NOTICED + FRAMES * stage.frame_seconds()
    plugged, plugged_epoch = camera_did(run, "plugged")[4]
    for at, event in stage.events:
        old = epoch(event) < plugged_epoch
        require(not old or at <= pulled + limit, "an old frame's event %.1f s after" % (at - pulled))
        require(old or at >= plugged, "%r" % event)
    old = stage.right_names("amy", lambda event: epoch(event) < plugged_epoch)
    new = stage.right_names("raj", lambda event: epoch(event) >= plugged_epoch)
    require(old == {"amy"} and new == {"raj"}, "named %r and %r" % (old, new))
    frames = [event["frame"] for _, event in stage.events]
    require(frames == sorted(set(frames)), "%r" % frames)


def window_says_nothing_of_a_silent_camera(run):
    stage, (frozen, _) = Stage(run, "window"), camera_did(run, "frozen")[1]
    silent, limit = noted(run, "still silent")[0], NOTICED + FRAMES * stage.frame_seconds()
    late = [at - frozen for at, _ in stage.events if frozen + limit < at < silent]
    require(not late, "events %r s after the last picture" % late)
    require(stage.events[-1][0] > camera_did(run, "thawed")[0][0], "it did not go on")


def lost_faces_are_told(run):
    for name, when in (("yuyv", noted(run, "pulled")[1]), ("window", noted(run, "pulled")[3]),
                       ("damaged", camera_did(run, "frozen")[0][0])):
        stage = Stage(run, name)
        appeared = {e["track"] for at, e in stage.told if e["event"] == "appear" and at < when}
        limit = when + (NOTICED if name != "damaged" else SILENT) + FRAMES * stage.frame_seconds()
        lost = {e["track"] for at, e in stage.told if e["event"] == "lost" and at <= limit}
        require(appeared and appeared <= lost, "%s: appeared %r, lost in time %r: %r"
                % (name, appeared, lost, stage.told))


CHECKS = [steps_came_to_their_end, kernel_has_no_complaint, sanitizers_are_silent, without_camera,
          camera_is_listed_once, mjpeg_faces_get_the_right_names,
          interrupt_ends_with_a_whole_line, other_exit_codes, yuyv_faces_get_the_right_names,
          unplugging_ends_headless_in_time, damaged_frames_are_dropped_and_counted,
          silent_camera_is_found_by_time, window_goes_on_after_a_replug,
          window_says_nothing_of_a_silent_camera, lost_faces_are_told]


def add(build, check):
    def run_it():
        check(guest_run(build))
    run_it.__name__ = "%s_%s" % (build, check.__name__)
    case(run_it)


for each_build in NAMES if SOAK else ["amd64"]:
    for each_check in CHECKS:
        add(each_build, each_check)
main()
