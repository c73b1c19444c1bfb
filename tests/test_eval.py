#!/usr/bin/python3
"""test_eval.py - the ways of `faceid eval` that need a few pictures only: folds that are not there, a
threshold that is given, tables and folders that are wrong, the bar on a terminal."""
import json
import os
import pty
import shutil
import subprocess

from check import case, main, require, run, shared, temp_folder
from evaluation import evaluate, fnv_half, picture, rows
from program import FACEID, environment, faceid, models

# Three folds of two pairs each of one person and of two.
PAIRS = (("Abel_Pacheco", 1, 4), ("Akhmed_Zakayev", 1, 3), ("Abdullah", 4, "Dimitar_Berbatov", 1),
         ("Abel_Pacheco", 1, "Akhmed_Zakayev", 1))


def small_lfw(first_of_second=1):
    """A folder for `eval lfw` whose second fold begins with the picture of that number."""
    folder = temp_folder()
    os.symlink(shared("data/lfw/images"), os.path.join(folder, "images"))
    folds = [list(PAIRS) for _ in range(3)]
    folds[1][0] = ("Abel_Pacheco", first_of_second, 4)
    with open(os.path.join(folder, "pairs.txt"), "w", encoding="utf-8") as file:
        file.write("3\t2\n")
        for fold in folds:
            file.writelines("\t".join(map(str, pair)) + "\n" for pair in fold)
    return folder


def table(*lines):
    path = os.path.join(temp_folder(), "identify.tsv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("role\tperson\tfile\n" + "".join("\t".join(line) + "\n" for line in lines))
    return path


def refused(done, code, text):
    require(done.returncode == code and text in done.stderr,
            "exit %d: %s" % (done.returncode, done.stderr))
    require(done.stderr.count("\n") == 1 and done.stdout == "", "not one sentence: " + done.stderr)


@case
def folds_without_pictures_are_left_out():
    figures = evaluate("lfw", small_lfw(), pair=models())
    require(figures["fold_numbers"] == [1, 2, 3] and figures["pairs"] == 12, str(figures))
    folder = small_lfw(first_of_second=99)
    done = faceid("eval", "lfw", folder, pair=models())
    require(done.returncode == 0 and "2 folds of 4 pairs" in done.stdout, done.stdout + done.stderr)
    require("fold 2 is left out" in done.stderr and "Abel_Pacheco_0099.jpg" in done.stderr, done.stderr)
    require(" 1: " in done.stdout and " 3: " in done.stdout and " 2: " not in done.stdout, done.stdout)
    os.unlink(os.path.join(folder, "images"))
    os.mkdir(os.path.join(folder, "images"))
    done = faceid("eval", "lfw", folder, "--quiet", pair=models())
    refused(done, 3, "at least two folds")


@case
def a_given_threshold_is_judged():
    folder = small_lfw()
    for threshold, errors, far, frr in (("-1", 6, 1, 0), ("1", 6, 0, 1)):
        figures = evaluate("lfw", folder, "-T", threshold, pair=models())
        require((figures["threshold"], figures["errors"]) == (float(threshold), errors), str(figures))
        require((figures["far"], figures["frr"]) == (far, frr), str(figures))
        require(figures["accuracy"] == 0.5 and figures["deviation"] == 0, str(figures))


@case
def a_small_open_set():
    pacheco, zakayev = "Abel_Pacheco/Abel_Pacheco_000%d.jpg", "Akhmed_Zakayev/Akhmed_Zakayev_000%d.jpg"
    path = table(("enroll", "Ünal, \"A\"", pacheco % 1), ("known", "Ünal, \"A\"", pacheco % 4),
                 ("known", "Ünal, \"A\"", zakayev % 1), ("unknown", "Zakayev", zakayev % 3))
    figures, folder = evaluate("identify", path, "--images", shared("data/lfw/images"), pair=models(),
                               plots=True)
    require((figures["people"], figures["known"], figures["unknown"]) == (1, 2, 1), str(figures))
    # There is nobody else to be nearest to, and a stranger must not be named at FPIR 1 % of one.
    require(figures["rank1"] == 1 and figures["tpir"] >= 0.5 and figures["fpir"] == 0, str(figures))
    require(figures["fpir_95"] == [0, 0.975], "bounds of 0 of 1: %s" % figures["fpir_95"])
    probes = rows(folder, "scores.csv")
    require([row["person"] for row in probes] == ["Ünal, \"A\""] * 2 + ["Zakayev"], str(probes))
    require(float(probes[0]["score"]) > float(probes[1]["score"]), "another person is nearer")
    drawn = picture(folder, "scores.svg")
    require("strangers (1)" in drawn["texts"] and "the enrolled (2)" in drawn["texts"], "no counts")


@case
def a_folder_of_people_is_as_its_table():
    """Two pictures of each are enrolled, the others known; who has no others is a stranger, once."""
    images, folder, empty = shared("data/lfw/images"), temp_folder(), temp_folder()
    lines, many = [], 0
    for name in sorted(os.listdir(images))[:40]:
        files = sorted(os.listdir(os.path.join(images, name)))
        many += len(files) > 2
        os.symlink(os.path.join(images, name), os.path.join(folder, name))
        roles = ["enroll"] * 2 + ["known"] * (len(files) - 2) if len(files) > 2 else ["unknown"]
        lines += [(role, name, "%s/%s" % (name, file)) for role, file in zip(roles, files)]
    require(many > 1 and len(lines) > many + 10, "the test: %d of 40" % many)
    for name in (".hidden", "notes.txt"):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write("nobody")
    want = evaluate("identify", table(*lines), "--images", images, pair=models())
    require(evaluate("identify", folder, pair=models()) == want, "the folder gives other figures")
    require(want["known"] == sum(role == "known" for role, _, _ in lines), str(want))
    for name in sorted(os.listdir(images))[:40]:
        if len(os.listdir(os.path.join(images, name))) <= 2:
            os.unlink(os.path.join(folder, name))
    refused(faceid("eval", "identify", folder, pair=models()), 3, "no one in it has the role 'unknown' (--strangers DIR")
    refused(faceid("eval", "identify", empty, pair=models()), 3, "role 'enroll'")


@case
def a_few_strangers_are_all_refused():
    """1 % of less than a hundred is nobody; the limit is then just above the highest of them."""
    path = table(("enroll", "Pacheco", "Abel_Pacheco/Abel_Pacheco_0001.jpg"),
                 ("known", "Pacheco", "Abel_Pacheco/Abel_Pacheco_0004.jpg"),
                 *(("unknown", name, "%s/%s_0001.jpg" % (name, name))
                   for name in sorted(os.listdir(shared("data/lfw/images")))[:12]
                   if name != "Abel_Pacheco" and os.path.exists(
                       shared("data/lfw/images/%s" % name) + "/%s_0001.jpg" % name)))
    figures, folder = evaluate("identify", path, "--images", shared("data/lfw/images"), pair=models(),
                               plots=True)
    halves = figures["halves"]
    require(halves["chosen_on"] > 0 and halves["judged_on"] > 0, str(halves))
    chosen = max(float(row["score"]) for row in rows(folder, "scores.csv")
                 if row["role"] == "unknown" and fnv_half(row["person"]) == 0)
    require(0 < halves["threshold"] - chosen < 1e-4, "%f for %f" % (halves["threshold"], chosen))
    require(halves["tpir"] == 1 and figures["tpir"] == 1, str(figures))


@case
def wrong_tables_and_folders_are_refused():
    images = shared("data/lfw/images")
    line = ("enroll", "Pacheco", "Abel_Pacheco/Abel_Pacheco_0001.jpg")
    known, unknown = ("known",) + line[1:], ("unknown", "Zakayev", "Akhmed_Zakayev/Akhmed_Zakayev_0001.jpg")
    for lines, text in (((line, known), "role 'unknown'"), ((line, unknown), "role 'known'"),
                        ((known, unknown), "role 'enroll'"),
                        ((line, ("known", "a/b", line[2])), "line 3"), ((("guest",) + line[1:],), "line 2"),
                        ((line, ("enroll", "pacheco", line[2]), known, unknown), "are one name"),
                        ((line, known, unknown, ("known",) + unknown[1:]), "never enrolled"),
                        ((line, known, unknown, ("unknown",) + line[1:]), "but enrolled"),
                        ((line, known, unknown[:2] + ("none.jpg",)), "none.jpg")):
        refused(faceid("eval", "identify", table(*lines), "--images", images, pair=models()), 3, text)
    good = table(line, known, unknown)
    words = ("eval", "identify", good, "--images", images)
    refused(faceid(*words, "--strangers", "/none", pair=models()), 3, "/none")
    refused(faceid(*words, "--plots", good, pair=models()), 70, good)
    refused(faceid(*words, "--fpir", "101", pair=models()), 2, "--fpir")
    blocked = temp_folder()
    os.mkdir(os.path.join(blocked, "roc.svg"))
    refused(faceid(*words, "--plots", blocked, pair=models()), 2, "roc.svg is a folder")
    full = "trap '' XFSZ; ulimit -f 0; exec \"$@\""
    done = run("sh", "-c", full, "sh", FACEID, *words, "--plots", temp_folder(), "--json",
               env=environment(pair=models()))
    require(done.returncode == 70 and "curve.csv cannot be written" in done.stderr, done.stderr)
    require(done.stdout.startswith("{"), "the figures are lost with the picture")


def on_a_terminal(*words):
    """What a terminal on stderr shows."""
    terminal, end = pty.openpty()
    child = subprocess.Popen([FACEID, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=end, env=environment(pair=models(), TERM="xterm"))
    os.close(end)
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:  # the last end is closed
        pass
    os.close(terminal)
    require(child.wait() == 0, shown.decode())
    return shown.decode()


@case
def a_bar_on_a_terminal_alone():
    folder = small_lfw()
    shown = on_a_terminal("eval", "lfw", folder)
    require("pictures [" in shown and shown.endswith("\x1b[K"), repr(shown))
    require(on_a_terminal("eval", "lfw", folder, "--quiet") == "", "a bar with --quiet")


@case
def what_was_measured_becomes_the_models_limits():
    """Each object that eval prints is one that `model limits` reads; few pictures make no limit of names."""
    model = os.path.join(temp_folder(), "model.fid")
    shutil.copy(models()[0], model)
    pair = (model, models()[1])
    done = faceid("eval", "lfw", small_lfw(), "--json", pair=pair)
    path = os.path.join(temp_folder(), "eval.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    said = faceid("model", "limits", model, "--from", path)
    require(said.returncode == 0 and "maybe %.3f" % json.loads(done.stdout)["threshold"] in said.stderr, said.stderr)
    people = table(("enroll", "Abel", "Abel_Pacheco/Abel_Pacheco_0001.jpg"), ("known", "Abel", "Abel_Pacheco/Abel_Pacheco_0004.jpg"),
                   ("unknown", "Akhmed", "Akhmed_Zakayev/Akhmed_Zakayev_0001.jpg"))
    done = faceid("eval", "identify", people, "--images", shared("data/lfw/images"), "--json", pair=pair)
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    refused(faceid("model", "limits", model, "--from", path), 3, "")
    done = faceid("model", "limits", model, "--from", path)
    require("too few" in done.stderr or "no limit could be chosen" in done.stderr, done.stderr)


main()
