/* enrolment_save.c - chooses and checks the faces of an enrolment, and writes them to the gallery.
 */
#include "app/enrolment/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the looks that are used, at least one. */
static enum fid_status write_faces(const struct app_enrolment *enrolment,
                                   struct fid_gallery *gallery, const char *name, bool replace,
                                   struct fid_person *person, struct fid_error *error)
{
    struct fid_sample *samples = calloc(enrolment->shot_count, sizeof *samples);
    size_t count = 0;
    if (samples == NULL) {
        error->status = FID_NO_MEMORY;
        snprintf(error->text, sizeof error->text, "no memory for %zu faces", enrolment->shot_count);
        return FID_NO_MEMORY;
    }
    for (size_t i = 0; i < enrolment->shot_count; i++) {
        const struct app_shot *shot = &enrolment->shots[i];
        if (shot->look != APP_NO_LOOK)
            samples[count++] = (struct fid_sample){
                .embedding = enrolment->embeddings + shot->look * enrolment->size,
                .source = shot->name,
                .crop = enrolment->looks[shot->look].crop,
                .crop_size = enrolment->looks[shot->look].crop_size};
    }
    enum fid_status status = fid_gallery_enroll_with(gallery, name, samples, count, replace,
                                                     &enrolment->terms, person, error);
    free(samples);
    return status;
}

enum fid_status app_enrolment_save(struct app_enrolment *enrolment, struct fid_gallery *gallery,
                                   const struct app_gate *gate, const struct fid_rule *rule,
                                   const char *name, bool replace, bool force,
                                   struct fid_person *person, struct fid_error *error)
{
    enum fid_status status = app_enrolment_choose(enrolment, gate, rule->maybe, force, error);
    if (status == FID_OK) {
        status = app_enrolment_check(enrolment, gallery, rule, name, replace, error);
        if (status == FID_QUALITY && force) {
            snprintf(enrolment->doubt, sizeof enrolment->doubt, "%s", error->text);
            status = FID_OK;
        }
    }
    if (status == FID_OK)
        return write_faces(enrolment, gallery, name, replace, person, error);
    if (status == FID_QUALITY) {
        size_t end = strlen(error->text);
        snprintf(error->text + end, sizeof error->text - end, ": nothing saved");
    }
    return status;
}
