/* enrollment_save.c - chooses and checks the faces of an enrollment, and writes them to the
 * gallery.
 */
#include "app/enrollment/enrollment.h"
#include "app/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the looks that are used, at least one. */
static enum fid_status write_faces(const struct app_enrollment *enrollment,
                                   struct fid_gallery *gallery, const char *name, bool replace,
                                   struct fid_person *person, struct fid_error *error)
{
    struct fid_sample *samples = calloc(enrollment->shot_count, sizeof *samples);
    size_t count = 0;
    if (samples == NULL)
        return app_error(error, FID_NO_MEMORY, "no memory for %zu faces", enrollment->shot_count);
    for (size_t i = 0; i < enrollment->shot_count; i++) {
        const struct app_shot *shot = &enrollment->shots[i];
        if (shot->look != APP_NO_LOOK)
            samples[count++] = (struct fid_sample){
                .embedding = enrollment->embeddings + shot->look * enrollment->size,
                .source = shot->name,
                .crop = enrollment->looks[shot->look].crop,
                .crop_size = enrollment->looks[shot->look].crop_size};
    }
    enum fid_status status = fid_gallery_enroll(gallery, name, samples, count, replace,
                                                &enrollment->terms, person, error);
    free(samples);
    return status;
}

enum fid_status app_enrollment_save(struct app_enrollment *enrollment, struct fid_gallery *gallery,
                                    const struct app_gate *gate, const struct fid_rule *rule,
                                    const char *name, bool replace, bool force,
                                    struct fid_person *person, struct fid_error *error)
{
    enum fid_status status = app_enrollment_choose(enrollment, gate, rule->maybe, force, error);
    if (status == FID_OK) {
        status = app_enrollment_check(enrollment, gallery, rule, name, replace, error);
        if (status == FID_QUALITY && force) {
            snprintf(enrollment->doubt, sizeof enrollment->doubt, "%s", error->text);
            status = FID_OK;
        }
    }
    if (status == FID_OK)
        return write_faces(enrollment, gallery, name, replace, person, error);
    if (status == FID_QUALITY) {
        size_t end = strlen(error->text);
        snprintf(error->text + end, sizeof error->text - end, ": nothing saved");
    }
    return status;
}
