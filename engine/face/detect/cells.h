/* cells.h - detectors of one network: maps of cells over the picture, at several strides.
 *
 * A cell has one entry or more, each of which is a face or not: a score, a box and perhaps points.
 * An output holds one such part of all entries, "boxes_16" those of the map of stride 16, or
 * "boxes" those of all maps one after the other; within a map rows, columns and a cell's entries.
 * A kind is a function that decodes an entry; what it takes is in detector.h. */
#ifndef FID_FACE_CELLS_H
#define FID_FACE_CELLS_H

#include "engine/face/detect/nms.h"

enum {
    FID_CELLS_MAPS = 8,
    FID_CELLS_PARTS = 4,
    FID_CELLS_POINTS = 16,
    FID_CELLS_ENTRIES = 64 /* of a cell of each map, together */
};

/* How a picture becomes an input of another shape. */
enum fid_fit { FID_FIT_CORNER, FID_FIT_CENTER, FID_FIT_SQUEEZE };
enum fid_score_rule { FID_SCORE_NONE, FID_SCORE_SIGMOID, FID_SCORE_SOFTMAX };
/* What a point of the network is: the first five in the order of fid_face.landmarks. */
enum fid_point {
    FID_POINT_LEFT_EYE,
    FID_POINT_RIGHT_EYE,
    FID_POINT_NOSE,
    FID_POINT_LEFT_MOUTH,
    FID_POINT_RIGHT_MOUTH,
    FID_POINT_MOUTH, /* its middle */
    FID_POINT_OTHER,
    FID_POINT_END
};

struct fid_cells_card {
    int strides[FID_CELLS_MAPS], per_cell[FID_CELLS_MAPS];
    size_t map_count, entry_count; /* the sum of per_cell */
    enum fid_fit fit;
    int max_side; /* faces in larger pictures may be larger than the network knows; 0: any */
    enum fid_score_rule score_rule;
    int classes; /* numbers of a score, the last one the face's */
    enum fid_point points[FID_CELLS_POINTS];
    size_t point_count;
    double mouth_width; /* eye distances between the corners of a mouth whose middle is known */
    struct fid_cells_part {
        const char *name;
        size_t numbers; /* of an entry */
    } parts[FID_CELLS_PARTS];
    size_t part_count;
};

struct fid_cells_map {
    int stride, rows, cols;
    const float *parts[FID_CELLS_PARTS];
};
struct fid_cells {
    int h, w; /* of the network's input */
    struct fid_cells_map maps[FID_CELLS_MAPS];
};

struct fid_cell { /* an entry that is being decoded */
    const struct fid_cells *cells;
    const struct fid_cells_map *map;
    int row, col;
    size_t entry; /* which one of a cell, counted on over the maps */
    const float *parts[FID_CELLS_PARTS];
};

struct fid_decoded { /* in pixels of the input */
    float x0, y0, x1, y1;
    float points[FID_CELLS_POINTS][2];
};

struct fid_detector;

/* Reads the keys that all these kinds have into detector->card and ->cells. */
enum fid_status fid_cells_read(struct fid_detector *detector, struct fid_error *error);
/* Takes the parts, of which those without numbers are left out; the first is the score. Checks that
 * the outputs are there and are as large as the keys say. */
enum fid_status fid_cells_open(struct fid_detector *detector, const struct fid_cells_part *parts,
                               size_t part_count, struct fid_error *error);
/* The three parts that are customary: scores, boxes of four numbers, points if there are any. */
enum fid_status fid_cells_open_usual(struct fid_detector *detector, struct fid_error *error);

/* As fid_detect_kind.find. */
enum fid_status fid_cells_find(struct fid_detector *detector, const struct fid_picture *picture,
                               const double scale[2], struct fid_error *error);

/* Appends the entries with a score of min_score and more (0 < min_score), in
 * pixels of the input. */
enum fid_status fid_cells_decode(const struct fid_detector *detector, const struct fid_cells *cells,
                                 float min_score, struct fid_candidates *list,
                                 struct fid_error *error);

#endif
