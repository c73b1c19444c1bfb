/* enrolment.h - gathers the faces of one person from many frames, drops those of somebody else, and
 * hands the rest to the gallery. */
#ifndef APP_ENROLMENT_H
#define APP_ENROLMENT_H

#include "app/faces.h"

struct app_enrolment {
    float *embeddings; /* [count][size], as the network gave them; owned */
    char **sources;    /* where each one came from; owned */
    bool *dropped;     /* the face is somebody else's; owned */
    size_t count, capacity, size;
    struct fid_terms terms;                         /* borrowed; zeros: none */
    size_t frames, faceless, bad_files, bystanders; /* for the summary */
};

/* Adds a face. False without memory. */
bool app_enrolment_add(struct app_enrolment *enrolment, const float *embedding, size_t size,
                       const char *source);

/* Marks the faces that are less like the rest than `alike` (cosine), of three or more; sets
 * bystanders. */
void app_enrolment_drop_bystanders(struct app_enrolment *enrolment, float alike);

/* Is what is left one person, like the one of this name (unless the faces of before are replaced)
 * and not like another one of the gallery? FID_QUALITY with the doubt, FID_NO_MEMORY. */
enum fid_status app_enrolment_check(const struct app_enrolment *enrolment,
                                    const struct fid_gallery *gallery, const struct fid_rule *rule,
                                    const char *name, bool replace, struct fid_error *error);

/* Writes the faces that are left, at least one. */
enum fid_status app_enrolment_write(const struct app_enrolment *enrolment,
                                    struct fid_gallery *gallery, const char *name, bool replace,
                                    struct fid_person *person, struct fid_error *error);

/* All of that: drops bystanders, checks unless `force`, and writes. */
enum fid_status app_enrolment_save(struct app_enrolment *enrolment, struct fid_gallery *gallery,
                                   const struct fid_rule *rule, const char *name, bool replace,
                                   bool force, struct fid_person *person, struct fid_error *error);

void app_enrolment_clear(struct app_enrolment *enrolment); /* frees; ready for the next person */

#endif
