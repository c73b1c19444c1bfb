/* verb_eval.c - faceid eval: measures accuracy on labelled pictures. */
#include "app/eval/eval.h"

#include <string.h>

static const struct app_option eval_options[] = {
    {"images", 0, APP_FILE, "DIR", "folder of the pictures (default: images beside the table)", 0,
     0},
    {"fit-side", 0, APP_WHOLE, "N", "scale every picture so that its longer side is N", 16, 4096},
    {"threshold", 'T', APP_NUMBER, "T",
     "judge this threshold (detect: score) instead of a chosen one", -1, 1},
    {"fpir", 0, APP_NUMBER, "PERCENT", "identify: the FPIR to choose a threshold for (default 1)",
     0, 100},
    {"strangers", 0, APP_FILE, "DIR", "identify: everyone else in DIR/NAME/* is a stranger, too", 0,
     0},
    {"plots", 'P', APP_FILE, "DIR", "write pictures (SVG) and tables (CSV) of the curves there", 0,
     0},
    {"json", 'j', APP_FLAG, NULL, "the figures as one JSON object", 0, 0},
    {0},
};

static const struct {
    const char *name;
    enum app_exit (*run)(struct app *app, const char *source);
} protocols[] = {
    {"lfw", app_eval_lfw},
    {"detect", app_eval_detect},
    {"identify", app_eval_identify},
};

static enum app_exit run(struct app *app)
{
    const char *name = app->arguments.words[0];
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(name, protocols[i].name) == 0)
            return protocols[i].run(app, app->arguments.words[1]);
    return app_usage(app, "'%s' is not a protocol: lfw, detect or identify", name);
}

const struct app_verb app_verb_eval = {
    .name = "eval",
    .arguments = "lfw|detect|identify SOURCE",
    .summary = "measure on labelled pictures",
    .details =
        "  lfw DIR       verification: DIR/pairs.txt and DIR/images/NAME/NAME_0001.jpg\n"
        "  detect TSV    average precision at IoU 0.5: columns file x y w h ignore\n"
        "  identify TSV  open set: columns role (enroll, known, unknown), person, file\n"
        "  identify DIR  the same from folders of pictures, DIR/NAME\n"
        "A NAME with three or more pictures is enrolled with two of them, and the others are\n"
        "known; with fewer, the first is a stranger's picture.\n"
        "pairs.txt has a line \"folds pairs\", then for each fold so many lines \"name i j\" and "
        "so\n"
        "many \"name i name j\". The threshold of a fold comes from the others; a fold with "
        "missing\n"
        "pictures is left out. detect reports recall by the shorter side of faces, and precision,\n"
        "from the model's score or --threshold on. identify looks everyone up in a gallery in\n"
        "memory by the model's rule. TPIR: known faces named correctly (FNIR: the others); FPIR:\n"
        "strangers who get a name. A second threshold is chosen on one half of the strangers (by\n"
        "a hash of the name) and judged on the other. The labelled face is the one nearest to the\n"
        "middle of a picture. Every share has its 95 % interval (Clopper and Pearson).\n"
        "--plots writes roc.svg, det.svg and scores.svg, or precision_recall.svg, with curve.csv\n"
        "and scores.csv or faces.csv, readable by their owner only (0600).\n",
    .examples = "faceid eval lfw lfw --plots out\taccuracy, TAR at FAR, AUC, curves\n"
                "faceid eval detect boxes.tsv --fit-side 640\taverage precision\n"
                "faceid eval identify identify.tsv --json\tTPIR at FPIR 1 %, for programs\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR,
    .options = eval_options,
    .run = run,
};
