#!/usr/bin/python3
"""test_faces.py - real faces through the whole chain, measured by `faceid eval`.

The limits are figures of another engine with the same weights (../shared/models/README.md, STARTER.md)
and an allowance of three pairs for what differs in alignment and rounding. Every figure is counted once
more from the scores that the program writes."""
import os
import xml.etree.ElementTree

import cards
from check import ROOT, SOAK, case, main, require, shared, skip, temp_folder
from evaluation import check_share, evaluate, fnv_half, picture, rows, same_number, vertices
from program import faceid, model, starter


def pair_of(name):
    """(recognizer, detector) and the limits that the card has for the recognizer."""
    if name == "mobilefacenet":
        return (model("mobilefacenet"), model("yunet")), cards.load("mobilefacenet").known[0]
    return starter() or skip("no starter model and no network to fetch it"), \
        cards.load("mobilefacenet-192").known[0]


# ---- pairs ----

def best_threshold(pairs):
    """(errors, threshold) of the fewest errors, the highest of equals."""
    scores = sorted({score for score, _, _ in pairs})
    middles = [(a + b) / 2 for a, b in zip(scores, scores[1:])]
    return min((sum((score >= t) != same for score, same, _ in pairs), -t)
               for t in middles)


def check_lfw(name, most_errors):
    pair, limits = pair_of(name)
    figures, folder = evaluate("lfw", shared("data/lfw"), pair=pair, plots=True)
    require(figures["pairs"] == 2400 and figures["fold_numbers"] == [1, 2, 3, 4], "not folds 1-4")
    require(figures["missed"] == 0, "%d pictures without a face" % figures["missed"])
    require(figures["errors"] <= most_errors,
            "%d errors, at most %d" % (figures["errors"], most_errors))
    require(figures["accuracy"] > 0.98 and figures["tar_at_far_1e-2"] > 0.98, "worse by folds")
    require(abs(figures["threshold"] - limits["maybe"]) < 0.001,
            "the card's maybe is not the measured one: measure anew")
    count_pairs(figures, folder)
    draw_pairs(figures, folder)


def count_pairs(figures, folder):
    pairs = [(float(row["score"]), row["same"] == "1", int(row["fold"]))
             for row in rows(folder, "scores.csv")]
    require(len(pairs) == 2400, "%d pairs in scores.csv" % len(pairs))
    errors, threshold = best_threshold(pairs)
    require(errors == figures["errors"], "%d errors counted" % errors)
    require(abs(-threshold - figures["threshold"]) < 2e-6, "best at %f" % -threshold)
    for fold, accuracy in zip(figures["fold_numbers"], figures["fold_accuracy"]):
        _, own = best_threshold([p for p in pairs if p[2] != fold])
        mine = [p for p in pairs if p[2] == fold]
        same_number(accuracy, sum((s >= -own) == same for s, same, _ in mine) / len(mine), "fold")
    same_number(figures["accuracy"], sum(figures["fold_accuracy"]) / 4, "accuracy")
    mated = sorted(score for score, same, _ in pairs if same)
    impostors = sorted((score for score, same, _ in pairs if not same), reverse=True)
    for key, allowed in (("tar_at_far_1e-2", 12), ("tar_at_far_1e-3", 1)):
        same_number(figures[key], sum(m > impostors[allowed] for m in mated) / 1200, key)
    wins = sum((m > i) + (m == i) / 2 for m in mated for i in impostors)
    same_number(figures["auc"], wins / 1200 / 1200, "auc")
    check_share(figures, "far", sum(i >= figures["threshold"] for i in impostors), 1200)
    check_share(figures, "frr", sum(m < figures["threshold"] for m in mated), 1200)


def draw_pairs(figures, folder):
    for name in ("roc.svg", "det.svg"):
        drawn = picture(folder, name)
        (line,), (dot,) = drawn["curve"], drawn["threshold"]
        xs, ys = zip(*vertices(line))
        require(list(xs) == sorted(xs), name + " goes back")
        require(list(ys) == sorted(ys, reverse=name == "roc.svg"), name + " is not monotone")
        at = min(abs(float(dot.get("cx")) - x) + abs(float(dot.get("cy")) - y) for x, y in zip(xs, ys))
        require(at < 1, "the threshold is not on the curve of " + name)
        require(any("%.3f" % figures["threshold"] in text for text in drawn["texts"]), "no threshold")
    drawn = picture(folder, "scores.svg")
    require(all(len(drawn[kind]) == 1 for kind in ("mated", "impostors", "threshold")), str(drawn))
    require(len(rows(folder, "curve.csv")) > 2000, "curve.csv is short")


@case
def lfw_with_yunet_and_mobilefacenet():
    check_lfw("mobilefacenet", 20 + 3)


@case
def lfw_with_the_starter():
    if not SOAK:
        skip("make soak: a second recognizer over all pairs")
    check_lfw("starter", 15 + 3)


# ---- strangers ----

def check_identify(name):
    """The 300 strangers of the table and one picture of everyone else in LFW; at an FPIR of 0.5 % in
    one half, which is how the limit of the card was chosen."""
    pair, limits = pair_of(name)
    figures, folder = evaluate(
        "identify", shared("data/lfw/identify.tsv"), "--strangers", shared("data/lfw/images"), "--fpir",
        "0.5", pair=pair, plots=True)
    require((figures["people"], figures["known"], figures["unknown"]) == (100, 215, 1641),
            "another set of people")
    require(figures["missed"] == 0 and figures["wrong_names"] == 0, "missed or wrong")
    halves, shipped = figures["halves"], figures["model_accept"]
    require(abs(halves["threshold"] - limits["accept"]) < 0.001,
            "the card's accept %g is not the measured one, %g: measure anew" % (
                limits["accept"], halves["threshold"]))
    require(halves["fpir_95"][1] <= 0.015, "FPIR %s on the other half" % halves["fpir_95"])
    require(shipped["threshold"] == limits["accept"],
            "the model file has another limit than the card: convert it anew (weights/get)")
    require(shipped["tpir"] >= 0.981, "TPIR %.4f with the model's limit" % shipped["tpir"])
    probes = rows(folder, "scores.csv")
    known = [row for row in probes if row["role"] == "known"]
    check_share(figures, "rank1", sum(row["nearest"] == row["person"] for row in known), 215)
    count_point(figures, probes)
    half = [row for row in probes if row["role"] == "known" or fnv_half(row["person"]) == 1]
    require(halves["judged_on"] == len(half) - 215 and
            halves["judged_on"] + halves["chosen_on"] == 1641, "halves of other sizes")
    count_point(halves, half)
    count_point(shipped, probes)
    check_table_alone(known, [row for row in probes if row["role"] == "unknown"][:300])
    for name in ("roc.svg", "det.svg", "scores.svg"):
        require("threshold" in picture(folder, name), name + " has no threshold")


def named(row, threshold):
    return row["reason"] == "known" and float(row["score"]) >= threshold


def count_point(figures, probes):
    threshold = figures["threshold"]
    known = [row for row in probes if row["role"] == "known"]
    unknown = [row for row in probes if row["role"] == "unknown"]
    right = sum(named(row, threshold) and row["nearest"] == row["person"] for row in known)
    check_share(figures, "tpir", right, len(known))
    check_share(figures, "fnir", len(known) - right, len(known))
    check_share(figures, "fpir", sum(named(row, threshold) for row in unknown), len(unknown))
    require(figures["wrong_names"] == sum(named(row, threshold) for row in known) - right, "wrong names")


def check_table_alone(known, unknown):
    """Of the table's own strangers, with the limit of 1 % of them: the other engine names 98.1 %."""
    reached = sorted((float(row["score"]) for row in unknown if row["reason"] == "known"), reverse=True)
    right = sum(row["reason"] == "known" and row["nearest"] == row["person"] and
                float(row["score"]) > reached[3] for row in known)
    print("    identify.tsv alone, FPIR 1 %%: %d of %d named" % (right, len(known)))
    require(right >= 0.981 * len(known), "%d of %d named at FPIR 1 %%" % (right, len(known)))


@case
def strangers_with_yunet_and_mobilefacenet():
    check_identify("mobilefacenet")


@case
def strangers_with_the_starter():
    if not SOAK:
        skip("make soak: a second recognizer over all strangers")
    check_identify("starter")


# ---- boxes ----

@case
def wider_with_yunet():
    # The other engine's 0.794 is reached by scaling the pictures up to 640; padding gives 0.763.
    figures, folder = evaluate("detect", shared("data/detect_wider/boxes.tsv"), "--detector",
                               model("yunet"), "--fit-side", "640", plots=True)
    require(figures["faces"] == 853 and figures["ignored"] == 1464, "another set of boxes")
    require(figures["ap"] >= 0.79, "AP %.4f" % figures["ap"])
    faces = [row for row in rows(folder, "faces.csv") if row["ignore"] == "0"]
    found = [row for row in faces if row["score"] and float(row["score"]) >= figures["threshold"]]
    check_share(figures, "recall", len(found), 853)
    for band in figures["recall_by_size"]:
        inside = [[row for row in some if band["from"] <= min(float(row["w"]), float(row["h"])) <
                   (band["to"] or 1e9)] for some in (found, faces)]
        require(band["faces"] == len(inside[1]), "faces of a band")
        check_share(band, "recall", len(inside[0]), len(inside[1]))
    curve = rows(folder, "curve.csv")
    best = area = 0.0
    for point, before in zip(reversed(curve), [*reversed(curve[:-1]), {"found": 0}]):
        best = max(best, float(point["precision"]))
        area += best * (int(point["found"]) - int(before["found"])) / 853
    require(abs(area - figures["ap"]) < 1e-6, "AP %.6f by the curve" % area)
    require(len(picture(folder, "precision_recall.svg")["curve"]) == 1, "no curve")


@case
def dlib_with_yunet():
    # 43 faces are labelled; two heads of cardboard figures and two in the dark background are not.
    folder = shared("data/detect_dlib")
    path = os.path.join(temp_folder(), "boxes.tsv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("file\tx\ty\tw\th\tignore\n")
        for part in ("testing.xml", "training.xml"):
            for image in xml.etree.ElementTree.parse(os.path.join(folder, part)).iter("image"):
                file.writelines("\t".join((image.get("file"), box.get("left"), box.get("top"),
                                           box.get("width"), box.get("height"), "0")) + "\n"
                                for box in image.iter("box"))
    figures = evaluate("detect", path, "--images", folder, "--detector", model("yunet"))
    require(figures["faces"] == 43 and figures["recall"] == 1, "recall %f" % figures["recall"])
    require(figures["precision"] >= 43 / 47 - 1e-6, "precision %f" % figures["precision"])


@case
def figures_do_not_depend_on_threads():
    words = ("detect", shared("data/detect_wider/boxes.tsv"), "--detector", model("yunet"))
    require(evaluate(*words, "--threads", "1") == evaluate(*words, "--threads", "3"),
            "one thread and three differ")


@case
def bad_protocols_are_refused():
    for words, code, text in (
            (("eval", "lfw", "/none"), 3, "No such file"),
            (("eval", "detect", "/none.tsv"), 3, "No such file"),
            (("eval", "nothing", "/"), 2, "protocol"),
            (("eval", "detect", os.path.join(ROOT, "Makefile"), "--images", ROOT), 3, "columns")):
        done = faceid(*words)
        require(done.returncode == code and text in done.stderr,
                "%s: exit %d, %s" % (" ".join(words), done.returncode, done.stderr))
        require(done.stderr.count("\n") == 1, "one sentence: " + done.stderr)


main()
