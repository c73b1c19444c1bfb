/* exif.h - the one fact that a picture's EXIF block tells us: how the camera was held. */
#ifndef FID_FACE_EXIF_H
#define FID_FACE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* Orientation 1..8 of a TIFF-structured EXIF block (it begins with "II" or "MM"; the
 * "Exif\0\0" of a JPEG marker is not part of it): tag 0x0112 of the first directory (EXIF
 * 2.32, section 4.6.4). 1, upright, whenever the block is too short, malformed, or does not
 * say. Never reads past size. */
int fid_exif_orientation(const uint8_t *bytes, size_t size);

#endif
