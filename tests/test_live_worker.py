#!/usr/bin/python3
"""What the window asks of the worker's thread: enrollment from the live picture, "not this person", the
limit. The thread is played pictures by build/tests/live_worker."""
import json
import os
import shutil
import subprocess

from check import BUILD, case, main, require, run, shared, skip, temp_folder
from program import faceid, models, png

TOOL = os.path.join(BUILD, "tests", "live_worker")
CLIPS = {"chengwei": "data/clips/chengwei1.MOV", "michelle": "data/clips/michelle1.avi"}


def frame(name, number=0):
    """A frame of a person's clip as a PNG."""
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    path = os.path.join(temp_folder(), name + ".png")
    subprocess.run(["ffmpeg", "-v", "error", "-i", shared(CLIPS[name]), "-vf",
                    "select=eq(n\\,%d)" % number, "-frames:v", "1", path], check=True,
                   stdin=subprocess.DEVNULL)
    return path


def play(*steps, gallery=None):
    """The states after each step."""
    gallery = gallery or os.path.join(temp_folder(), "g.db")
    done = run(TOOL, *models(), gallery, *steps)
    require(done.returncode == 0, "%d: %s%s" % (done.returncode, done.stdout, done.stderr))
    states = [json.loads(line) for line in done.stdout.splitlines()]
    require([state["step"] for state in states] == list(steps), done.stdout)
    return states


def only_name(state):
    seen = [face for face in state["faces"] if face["seen"]]
    require(len(seen) == 1, "%r" % state)
    return seen[0]["name"]


@case
def face_is_enrolled_and_named_at_once():
    face, gallery = frame("chengwei"), os.path.join(temp_folder(), "g.db")
    states = play("show:%s:5" % face, "learn", "until:" + face, "finish:Zoë", "show:%s:12" % face,
                  gallery=gallery)
    require(only_name(states[0]) is None and states[0]["people"] == 0, "%r" % states[0])
    require(states[1]["learn"] == "collecting", "%r" % states[1])
    require(states[2]["learn"] == "collected" and states[2]["collected"] == states[2]["wanted"] > 5
            and states[2]["hint"] == "good", "%r" % states[2])
    require(states[3]["learn"] == "saved" and "Zoë is enrolled" in states[3]["text"],
            "%r" % states[3])
    require(only_name(states[4]) == "Zoë" and states[4]["people"] == 1, "%r" % states[4])
    require([f["track"] for f in states[4]["faces"]] == [f["track"] for f in states[0]["faces"]],
            "the track has another id")
    listed = faceid("list", "--json", gallery=gallery, pair=models())
    require(json.loads(listed.stdout)["name"] == "Zoë", listed.stdout)


@case
def doubt_is_told_and_can_be_overruled():
    face, gallery = frame("chengwei"), os.path.join(temp_folder(), "g.db")
    done = faceid("enroll", "Ana", face, gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    learn = ["show:%s:5" % face, "learn", "until:" + face]
    states = play(*learn, "finish:Bob", "finish:?", "force:Bob", gallery=gallery)
    require(only_name(states[0]) == "Ana", "%r" % states[0])
    require(states[3]["learn"] == "refused" and "looks like Ana" in states[3]["text"]
            and "--force" not in states[3]["text"], "%r" % states[3])
    require(states[4]["learn"] == "refused" and states[4]["text"] != states[3]["text"],
            "%r" % states[4])
    require(states[5]["learn"] == "saved", "%r" % states[5])
    names = [json.loads(line)["name"] for line in
             faceid("list", "--json", gallery=gallery, pair=models()).stdout.splitlines()]
    require(names == ["Ana", "Bob"], "%r" % names)


@case
def nothing_is_saved_of_nobody():
    gallery = os.path.join(temp_folder(), "g.db")
    face = frame("chengwei")
    states = play("finish:Ana", "show:%s:5" % face, "learn", "show:-:2", "cancel", "finish:Ana",
                  gallery=gallery)
    require(states[0]["learn"] == states[5]["learn"] == "failed", "%r" % states)
    require(states[4]["learn"] == "none" and states[4]["collected"] == 0, "%r" % states[4])
    require(not os.path.exists(gallery), "a gallery was made")


@case
def hints_say_what_could_be_better():
    face, folder = frame("chengwei"), temp_folder()
    changes = {"come closer": "scale=iw/5:-1,pad=1280:720:400:200",
               "more light, please": "colorlevels=romax=0.15:gomax=0.15:bomax=0.15",
               "hold still": "gblur=sigma=12"}
    for hint, change in changes.items():
        bad = os.path.join(folder, "bad.png")
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", face, "-vf", change, bad], check=True,
                       stdin=subprocess.DEVNULL)
        states = play("show:%s:8" % bad, "learn", "show:%s:8" % bad)
        require(states[2]["learn"] == "collecting" and states[2]["collected"] == 0
                and states[2]["hint"] == hint, "%s: %r" % (change, states[2]))
    nobody = png(os.path.join(folder, "nobody.png"), 1280, 720)
    states = play("show:%s:8" % face, "learn", "show:%s:10" % nobody)
    require(states[2]["hint"] == "the face is not in the picture", "%r" % states[2])


@case
def somebody_else_is_not_learnt():
    """Another face takes the place in the middle of an enrollment; the first one comes back, and the
    enrollment goes on with it."""
    ana, other = frame("chengwei"), frame("michelle")
    gallery = os.path.join(temp_folder(), "g.db")
    nobody = png(os.path.join(temp_folder(), "nobody.png"), 1280, 720)
    states = play("show:%s:5" % ana, "learn", "show:%s:20" % ana, "show:%s:40" % nobody,
                  "show:%s:40" % other, "show:%s:40" % nobody, "until:" + ana, "finish:Ana",
                  "show:%s:20" % ana, "show:%s:40" % nobody, "show:%s:20" % other, gallery=gallery)
    before, after = states[3]["collected"], states[5]["collected"]
    require(0 < before == after < 15, "%d faces before, %d after: %r" % (before, after, states))
    require(states[6]["learn"] == "collected" and states[7]["learn"] == "saved", "%r" % states[6:8])
    require(only_name(states[8]) == "Ana", "%r" % states[8])
    require(only_name(states[10]) is None, "%r" % states[10])


@case
def not_this_person_and_the_limit():
    face, gallery = frame("chengwei"), os.path.join(temp_folder(), "g.db")
    done = faceid("enroll", "Ana", face, gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    shows = "show:%s:5" % face
    states = play(shows, "limit:+9", shows, "limit:-9", shows, "reject", "show:%s:40" % face,
                  gallery=gallery)
    require(only_name(states[0]) == "Ana", "%r" % states[0])
    require(abs(states[2]["limit"] - 0.99) < 1e-6, "%r" % states[2])
    require(states[4]["limit"] < states[0]["limit"] and only_name(states[4]) == "Ana",
            "%r" % states[4])
    require(only_name(states[6]) is None and states[6]["faces"][0]["reason"] == "rejected",
            "%r" % states[6])


main()
