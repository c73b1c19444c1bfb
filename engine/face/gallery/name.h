/* name.h - names of people. fid_name_check (fid.h) says which are allowed. */
#ifndef FID_FACE_NAME_H
#define FID_FACE_NAME_H

#include "engine/base/status.h"
#include "engine/fid/gallery.h"

/* Case folding makes at most three characters of one and no character longer than 4 bytes. */
enum { FID_NAME_KEY_BYTES = 4 * 3 * FID_NAME_BYTES };

/* FILLS out with what two spellings of one name have in common: case-folded, NFC, without invisible
 * joiners. People of one gallery differ in it. name has passed fid_name_check; FID_INVALID else. */
enum fid_status fid_name_key(const char *name, char out[FID_NAME_KEY_BYTES],
                             struct fid_error *error);

/* Is it UTF-8 without zeros? */
bool fid_is_text(const char *text, size_t size);

#endif
