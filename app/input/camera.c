/* camera.c - what all backends share: the count of frames that were dropped. */
#include "app/input/camera.h"

#include <stdio.h>

uint64_t app_camera_drops_total(const struct app_camera_drops *drops)
{
    return drops->flagged + drops->short_bytes + drops->undecodable + drops->wrong_size;
}

void app_camera_drops_text(const struct app_camera_drops *drops, char *text, size_t bytes)
{
    const struct {
        uint64_t count;
        const char *reason;
    } reasons[] = {{drops->flagged, "marked by the driver"},
                   {drops->short_bytes, "too short"},
                   {drops->undecodable, "undecodable"},
                   {drops->wrong_size, "of a wrong size"}};
    size_t end = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] && end < bytes; i++)
        if (reasons[i].count > 0)
            end += (size_t)snprintf(text + end, bytes - end, "%s%llu %s", end > 0 ? ", " : "",
                                    (unsigned long long)reasons[i].count, reasons[i].reason);
}
