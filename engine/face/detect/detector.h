/* detector.h - what the kinds of detectors share: for the detectors alone. */
#ifndef FID_FACE_DETECTOR_H
#define FID_FACE_DETECTOR_H

#include "engine/face/detect/cells.h"
#include "engine/face/network/model_card.h"
#include "engine/face/detect/nms.h"
#include "engine/face/network/network_input.h"
#include "engine/face/network/session_cache.h"
#include "engine/fid/face.h"

struct fid_detector {
    const struct fid_detect_kind *kind;
    struct fid_detect_options options; /* max_side filled in */
    struct fid_detector_card card;
    struct fid_cells_card cells; /* of detectors of one network */
    void *own;                   /* numbers of one kind alone; owned, by fid_calloc */
    bool has_landmarks;
    int fixed_h, fixed_w;          /* the only size of picture that the network takes; 0: any */
    const struct fid_model *model; /* borrowed */
    struct fid_session_cache sessions;
    struct fid_input_watch watch;
    struct fid_picture scaled;        /* the picture at the detector's size */
    struct fid_picture piece;         /* a level of the pyramid, or a crop */
    struct fid_candidates candidates; /* of the picture at work, in pixels of `scaled` */
    struct fid_candidates level;      /* of one level of a pyramid */
    struct fid_candidates border;     /* likewise, of windows that reach over the border */
    struct fid_candidates tiled;      /* of a very long picture, in its pixels */
};

/* How one META detect.kind is opened and decoded. */
struct fid_detect_kind {
    const char *name; /* META detect.kind */
    /* Reads the kind's keys, checks that the graphs are there and that their outputs are as large
     * as the keys say. */
    enum fid_status (*open)(struct fid_detector *detector, struct fid_error *error);
    /* FILLS detector->candidates with the faces of `picture`, best first, suppressed; landmarks
     * included. scale: pixels of `picture` to one of the caller's picture, across and down. */
    enum fid_status (*find)(struct fid_detector *detector, const struct fid_picture *picture,
                            const double scale[2], struct fid_error *error);
    /* Of detectors of one network, whose find is fid_cells_find. score may be NULL: as the card
     * says, from the first part. decode FILLS the corners and points of one entry. */
    float (*score)(const struct fid_cell *cell);
    void (*decode)(const struct fid_detector *detector, const struct fid_cell *cell,
                   struct fid_decoded *decoded);
};

/* The kinds: fid_detect_kind_NAME in detect_NAME.c and a row here, and one of DECODINGS
 * in convert/card_fields.py. */
#define FID_DETECT_KINDS(row) row(yunet) row(mtcnn) row(scrfd) row(ssd_priors) row(blazeface)
#define FID_DETECT_KIND(name) extern const struct fid_detect_kind fid_detect_kind_##name;
FID_DETECT_KINDS(FID_DETECT_KIND)
#undef FID_DETECT_KIND

/* FILLS detector->candidates with the faces of the picture, scaled as the options and the network
 * say; best first, in pixels of the picture. */
enum fid_status fid_detector_find(struct fid_detector *detector, const struct fid_picture *picture,
                                  struct fid_error *error);

/* A very long picture (detect_tiles.c) is searched in tiles: shrunk as a whole, its faces would be
 * lost. FILLS detector->tiled likewise. */
bool fid_detector_wants_tiles(const struct fid_detector *detector,
                              const struct fid_picture *picture);
enum fid_status fid_detector_find_in_tiles(struct fid_detector *detector,
                                           const struct fid_picture *picture,
                                           struct fid_error *error);

/* The detector's threshold: the caller's or the model's. */
static inline float fid_detector_min_score(const struct fid_detector *detector)
{
    return detector->options.min_score > 0.0f ? detector->options.min_score
                                              : (float)detector->card.score;
}

/* The output `name` of a session, whose h · w · c numbers must be `size`. FID_INVALID names it. */
enum fid_status fid_detector_output(const struct fid_detector *detector,
                                    const struct fid_session *session, const char *name,
                                    size_t size, struct fid_value *output, struct fid_error *error);

/* Output of MTCNN's P-net at one level: rows × cols cells; scale_x, scale_y: pixels of the picture
 * to one of the level. Appends the windows whose probability exceeds the threshold. */
struct fid_pnet_maps {
    int rows, cols;
    const float *prob, *box; /* 2 (the second is the face's) and 4 numbers a cell */
    double scale_x, scale_y;
    int margin; /* pixels of the level that lie before the picture's first one */
};
enum fid_status fid_pnet_decode(const struct fid_pnet_maps *maps, float threshold,
                                struct fid_candidates *list, struct fid_error *error);

/* Moves the corners by the candidate's `shift`. */
void fid_candidate_correct(struct fid_candidate *candidate);
/* Grows the shorter side, around the center, to a square. */
void fid_candidate_square(struct fid_candidate *candidate);

#endif
