#!/usr/bin/python3
"""What the live program tells other programs: events of tracks, commands, pictures; that they end
whole; and that the right people are named on clips."""
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time

from check import PATIENCE, case, figure, main, require, shared, skip, temp_folder
from program import FACEID, environment, faceid, models, png

CLIPS = {"chengwei": ("data/clips/chengwei1.MOV", 69), "michelle": ("data/clips/michelle1.avi", 96)}
STRANGERS = ("data/clips/short_hamilton_clip.mp4", "data/clips/facenet_pytorch_video.mp4")
FIELDS = ["v", "event", "time", "source", "frame", "track", "box", "known", "name", "score", "reason"]
_galleries = {}


def gallery():
    """Both people, enrolled from the first halves of their clips."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    if "both" not in _galleries:
        path = os.path.join(temp_folder(), "g.db")
        for name, (clip, frames) in CLIPS.items():
            done = faceid("enroll", name, "--frames", "0:%d" % (frames // 2 - 1), shared(clip),
                          gallery=path, pair=models())
            require(done.returncode == 0, done.stderr)
        _galleries["both"] = path
    return _galleries["both"]


def live(clip, *words, people=None, code=0, **more):
    """The events of a clip."""
    done = faceid("live", "--headless", "--input", clip, *words, gallery=people or gallery(),
                  pair=models(), **more)
    require(done.returncode == code, "%d: %s" % (done.returncode, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()]


def start(*words, stderr=subprocess.PIPE, **options):
    return subprocess.Popen([FACEID, "live", "--headless", *words], stdin=subprocess.DEVNULL,
                            env=environment(pair=models(), **options), stdout=subprocess.PIPE,
                            stderr=stderr, text=True)


def check_event(event, source):
    """One object of a track, by what its documentation promises."""
    wanted = FIELDS + (["after_ms"] if event["event"] == "identified" else [])
    require(list(event) == wanted, "fields %s" % list(event))
    require(event["v"] == 1 and event["source"] == source, "%r" % event)
    require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event["time"])
    require(len(event["box"]) == 4 and event["box"][2] > 0 and event["box"][3] > 0, "%r" % event)
    require(event["known"] == (event["name"] is not None) == (event["reason"] == "known"),
            "%r" % event)
    require(event["score"] is None or -1 <= event["score"] <= 1, "%r" % event)
    require(event["known"] <= (event["score"] is not None), "%r" % event)


def check_lives(events):
    """Each track appears once, is identified or not, and is lost once, last."""
    lives = {}
    for event in events:
        lives.setdefault(event["track"], []).append(event["event"])
    for track, life in lives.items():
        require(life[0] == "appear" and life[-1] == "lost" and life.count("appear") == 1
                and set(life[1:-1]) <= {"identified"}, "track %d: %s" % (track, life))
    frames = [event["frame"] for event in events]
    require(frames == sorted(frames), "frames %s" % frames)
    return lives


@case
def events_follow_their_description():
    for clip in [clip for clip, _ in CLIPS.values()] + list(STRANGERS):
        events = live(shared(clip))
        for event in events:
            check_event(event, shared(clip))
        check_lives(events)


@case
def people_are_named_once_and_strangers_never():
    for name, (clip, _) in CLIPS.items():
        events = live(shared(clip))
        require([e["event"] for e in events] == ["appear", "identified", "lost"], "%r" % events)
        require(events[0]["frame"] == 2 and events[0]["name"] is None, "%r" % events[0])
        require(events[1]["name"] == events[2]["name"] == name and events[1]["frame"] <= 3,
                "%r" % events[1])
    for clip in STRANGERS:
        events = live(shared(clip))
        named = [event for event in events if event["known"]]
        require(not named and any(e["reason"] == "stranger" for e in events), "%r" % named)


@case
def frames_and_tracks_agree():
    """The last line of a track in the objects of frames is what its events say."""
    label = {}
    for event in live(shared(STRANGERS[0]), "--events-frames"):
        if event["event"] == "faces":
            for face in event["faces"]:
                require(list(face) == ["track", "box", "known", "name", "score", "reason"],
                        "%r" % face)
                if face["track"] in label:
                    require((face["name"], face["reason"] == "undecided") ==
                            (label[face["track"]], face["track"] not in decided),
                            "%r after %r" % (face, label))
        elif event["event"] == "appear":
            decided = set() if not label else decided
            label[event["track"]] = None
        elif event["event"] == "identified":
            label[event["track"]] = event["name"]
            decided.add(event["track"])
        else:
            del label[event["track"]]
    require(not label, "never lost: %s" % label)


@case
def embeddings_can_be_rationed():
    """A stranger needs three looks; at one a second that takes two seconds of the clip."""
    nobody = os.path.join(temp_folder(), "none.db")
    for words, least, most in (([], 0, 120), (["--embed-fps", "1"], 2000, 2200)):
        events = live(shared(CLIPS["michelle"][0]), *words, people=nobody)
        after = [event["after_ms"] for event in events if event["event"] == "identified"]
        require(len(after) == 1 and least <= after[0] <= most, "%s: after %s ms" % (words, after))


# ---- commands ----

def script(text):
    path = os.path.join(temp_folder(), "command")
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


@case
def command_gets_the_fields_of_each_event():
    folder = temp_folder()
    variables = "EVENT TIME SOURCE FRAME TRACK BOX KNOWN NAME SCORE REASON".split()
    lines = "".join('echo "$FACEID_%s"\n' % name for name in variables)
    command = script('exec >"%s/$$"\necho "$# $1 $2"\n%secho noise >&2\n' % (folder, lines))
    events = live(shared(CLIPS["chengwei"][0]), "--exec", "  %s  $HOME 'a " % command)
    seen = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            words, *values = file.read().splitlines()
        require(words == "2 $HOME 'a", "the command's words: %s" % words)
        seen[values[0]] = dict(zip(variables, values))
    require(len(seen) == len(events) == 3, "%d commands" % len(seen))
    for event in events:
        got = seen[event["event"]]
        want = {"EVENT": event["event"], "TIME": event["time"], "SOURCE": event["source"],
                "FRAME": str(event["frame"]), "TRACK": str(event["track"]),
                "BOX": " ".join("%.1f" % number for number in event["box"]),
                "KNOWN": str(int(event["known"])), "NAME": event["name"] or "",
                "SCORE": "" if event["score"] is None else "%.4f" % event["score"],
                "REASON": event["reason"]}
        for time_text in (got.pop("TIME"), want.pop("TIME")):
            require(re.fullmatch(r"[-0-9T:.]+Z", time_text), time_text)
        require(got == want, "%r instead of %r" % (got, want))


@case
def command_gets_each_field_once():
    """Its own environment may have been another event's: of a name that stands there twice some programs see
    the first, and some the last."""
    folder = temp_folder()
    command = script('tr "\\0" "\\n" </proc/$$/environ >"%s/$$"\n' % folder)
    live(shared(CLIPS["chengwei"][0]), "--exec", command, FACEID_NAME="stale", FACEID_EVENTS="other")
    require(len(os.listdir(folder)) == 3, str(os.listdir(folder)))
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            names = [line.partition("=")[0] for line in file]
        require(names.count("FACEID_NAME") == names.count("FACEID_EVENT") == 1, str(names))
        require("FACEID_EVENTS" in names and "HOME" in names, str(names))


@case
def commands_neither_block_nor_pile_up():
    """A command that takes longer than the clip: at most four at a time, and the end is not held up."""
    folder = temp_folder()
    command = script('touch "%s/$$"\nexec sleep 300\n' % folder)
    people, clip = gallery(), timed_without_commands()
    began = time.monotonic()
    child = start("--input", shared(STRANGERS[0]), "--exec", command, gallery=people,
                  stderr=subprocess.DEVNULL)  # which those that still run keep open
    events = child.stdout.read().splitlines()
    code = child.wait(timeout=PATIENCE)
    seconds = time.monotonic() - began
    require(code == 0 and len(events) > 12, "exit %d, %d events" % (code, len(events)))
    running = os.listdir(folder)
    for pid in running:
        os.kill(int(pid), signal.SIGKILL)
    require(len(running) == 4, "%d at a time" % len(running))
    figure("a clip whose commands hang", seconds, 1.5 * clip + 4)


def timed_without_commands():
    began = time.monotonic()
    live(shared(STRANGERS[0]))
    return time.monotonic() - began


@case
def command_that_is_not_there():
    for command, word in (("/nowhere/x y", "/nowhere/x"), ("no-such-program", "no-such-program"),
                          ("  ", "no command"), ("true" + " x" * 64, "64 words")):
        done = faceid("live", "--headless", "--input", png(os.path.join(temp_folder(), "a.png"), 64, 64),
                      "--exec", command, pair=models())
        require(done.returncode == 2 and word in done.stderr and done.stderr.count("\n") == 1,
                "%d: %s" % (done.returncode, done.stderr))
        require(not done.stdout, done.stdout)


# ---- pictures ----

@case
def frames_of_changed_labels_are_recorded():
    folder = os.path.join(temp_folder(), "new")
    events = live(shared(STRANGERS[0]), "--record", folder)
    frames = sorted({e["frame"] for e in events if e["event"] == "identified"})
    names = sorted(os.listdir(folder))
    require([re.fullmatch(r"\d{8}T\d{6}Z-(\d{8})\.jpg", name) is not None for name in names] ==
            [True] * len(frames), "%s for the frames %s" % (names, frames))
    require([int(name[-12:-4]) for name in names] == frames, "%s" % names)
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            require(file.read(3) == b"\xff\xd8\xff", name + " is no JPEG")


@case
def recorded_frame_shows_the_name():
    folder = temp_folder()
    events = live(shared(CLIPS["chengwei"][0]), "--record", folder)
    (name,) = os.listdir(folder)
    require("chengwei" not in name, name)
    found = subprocess.run(["ffmpeg", "-v", "error", "-i", os.path.join(folder, name), "-f",
                            "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE,
                           stdin=subprocess.DEVNULL, check=True).stdout
    x, y, width, _ = map(round, events[1]["box"])
    y += 1  # in the middle of the line
    row = found[3 * (1280 * y + x):3 * (1280 * y + x + width)]
    greens = sum(abs(row[i] - 46) < 40 and row[i + 1] > 150 and abs(row[i + 2] - 113) < 50
                 for i in range(0, len(row), 3))
    require(greens > 0.9 * width, "%d of %d pixels of the box are green" % (greens, width))


@case
def folder_that_cannot_be_made():
    done = faceid("live", "--headless", "--input", png(os.path.join(temp_folder(), "a.png"), 64, 64),
                  "--record", "/proc/nowhere", pair=models())
    require(done.returncode == 70 and "/proc/nowhere" in done.stderr, "%r" % done)


# ---- endings ----

def many_pictures(source, count=4000):
    folder = temp_folder()
    for i in range(count):
        os.symlink(source, os.path.join(folder, "%05d.jpg" % i))
    return folder


@case
def interrupt_loses_what_is_there_and_ends_whole():
    face = shared("data/vggface/ajb.jpg")
    child = start("--input", many_pictures(face), "--events-frames",
                  gallery=os.path.join(temp_folder(), "none.db"))
    try:
        text = "".join(child.stdout.readline() for _ in range(9))
        child.send_signal(signal.SIGINT)
        signalled = time.monotonic()
        rest, said = child.communicate(timeout=PATIENCE)
        in_time = time.monotonic() - signalled < 0.8  # else the program has ended itself
    finally:
        child.kill()
        child.wait()
    require(child.returncode == 130 and said == "", "%d: %s" % (child.returncode, said))
    text += rest
    require(text.endswith("}\n"), "the last line is cut: " + text[-80:])
    events = [json.loads(line) for line in text.splitlines()]
    tracks = [event for event in events if event["event"] != "faces"]
    require([e["event"] for e in tracks[:2]] == ["appear", "identified"], "%r" % tracks)
    require(not in_time or [e["event"] for e in tracks[2:]] == ["lost"], "%r" % tracks)
    require(not in_time or events[-1]["event"] == "lost", "%r" % events[-1])


@case
def stdout_is_data_alone():
    done = faceid("live", "--headless", "-v", "--input", shared(CLIPS["chengwei"][0]), "--frames", "9",
                  gallery=gallery(), pair=models())
    for line in done.stdout.splitlines():
        check_event(json.loads(line), shared(CLIPS["chengwei"][0]))
    require("9 frames examined" in done.stderr, done.stderr)


@case
def events_of_a_file_are_appended():
    path, words = os.path.join(temp_folder(), "events"), ("--frames", "5", "--events")
    for _ in range(2):
        require(live(shared(CLIPS["chengwei"][0]), *words, path) == [], "events on stdout too")
    with open(path, encoding="utf-8") as file:
        events = [json.loads(line)["event"] for line in file]
    require(events == ["appear", "identified", "lost"] * 2, "%r" % events)


@case
def events_do_not_go_into_the_gallery():
    people = gallery()
    with open(people, "rb") as file:
        before = file.read()
    done = faceid("live", "--headless", "--input", shared(CLIPS["michelle"][0]), "--events", people,
                  gallery=people, pair=models())
    require(done.returncode == 2 and "is the gallery" in done.stderr, done.stderr)
    with open(people, "rb") as file:
        require(file.read() == before, "it is written to")


@case
def full_disk_is_an_error():
    if not os.path.exists("/dev/full"):
        skip("no /dev/full")
    done = faceid("live", "--headless", "--input", shared(CLIPS["chengwei"][0]), "--events", "/dev/full",
                  gallery=gallery(), pair=models())
    require(done.returncode == 70 and "could not be written" in done.stderr
            and done.stderr.count("\n") == 1, "%d: %s" % (done.returncode, done.stderr))


# ---- readers ----

@case
def recognition_does_not_wait_for_a_reader():
    """A clip ends, and its pictures are recorded, though nobody has read an event; what could be written is
    whole."""
    folder, path = os.path.join(temp_folder(), "pictures"), os.path.join(temp_folder(), "fifo")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    done = faceid("live", "--headless", "--input", shared(STRANGERS[0]), "--events-frames", "--record", folder,
                  "--events", path, gallery=gallery(), pair=models())
    require(done.returncode == 0 and len(os.listdir(folder)) > 0, "%d: %s" % (done.returncode, done.stderr))
    require(re.search(r"\d+ events were dropped: their reader is too slow", done.stderr), done.stderr)
    text = os.read(reader, 1 << 16).decode()
    os.close(reader)
    require(text.endswith("}\n") and all(json.loads(line)["v"] == 1 for line in text.splitlines()), text)


@case
def what_a_reader_missed_is_counted():
    """Frames are numbered without a gap here, so that each line tells by its number what is missing."""
    child = start("--input", shared(STRANGERS[0]), "--loop", "--events-frames", gallery=gallery())
    fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 4096)
    frame = dropped = lines = 0
    try:
        first = [child.stdout.readline() for _ in range(5)]
        end = time.monotonic() + PATIENCE
        while not dropped and time.monotonic() < end:
            time.sleep(3)  # stands still, and then takes what waits
            for text in first + [child.stdout.readline() for _ in range(50)]:
                event, first = json.loads(text), []
                lines += 1
                dropped += event.get("dropped", 0)
                require("dropped" not in event or list(event)[-1] == "dropped" and event["dropped"] > 0, text)
                if event["event"] == "faces":
                    require("dropped" in event or event["frame"] == frame + 1 or dropped,
                            "frame %d after %d" % (event["frame"], frame))
                    frame = event["frame"]
    finally:
        child.kill()
        child.wait()
    require(dropped > 0, "nothing was dropped in %d lines" % lines)
    print("  %d dropped before frame %d" % (dropped, frame))


# ---- other processes ----

@case
def changes_elsewhere_are_seen_within_a_second():
    face = shared("data/vggface/ajb.jpg")
    people, kept = os.path.join(temp_folder(), "g.db"), os.path.join(temp_folder(), "kept.people")
    child = start("--input", many_pictures(face), gallery=people)
    changes = [(("enroll", "Anthony", face), "Anthony"), (("export", kept), None),
               (("rename", "Anthony", "Tony"), "Tony"), (("undo",), "Anthony"), (("forget", "Anthony"), None),
               (("import", kept), "Anthony")]
    try:
        first = [json.loads(child.stdout.readline()) for _ in range(2)]
        require(first[1]["event"] == "identified" and first[1]["reason"] == "empty_gallery",
                "%r" % first)
        for words, name in changes:
            done = faceid(*words, gallery=people, pair=models())
            changed = time.time()
            require(done.returncode == 0, "%s: %s" % (words, done.stderr))
            if words[0] == "export":
                continue
            event = json.loads(child.stdout.readline())
            seconds = time.time() - changed
            require(event["event"] == "identified" and event["name"] == name, "%s: %r" % (words, event))
            figure("%s elsewhere is seen" % words[0], seconds, 1)
    finally:
        child.kill()
        child.wait()


main()
