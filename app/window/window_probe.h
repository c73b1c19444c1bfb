/* window_probe.h - checks what the window would find on this machine, for faceid doctor. With make
 * SDL=0 it is not in the program. */
#ifndef APP_WINDOW_PROBE_H
#define APP_WINDOW_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a display? FILLS text with the driver's name, or with the reason. */
bool app_window_probe_display(char *text, size_t bytes);

/* FILLS missing with the scripts that no font draws, and packages with the Debian packages that
 * have fonts for them, separated by ", ", bytes each; returns how many scripts were checked. */
size_t app_window_probe_fonts(char *missing, char *packages, size_t bytes);

#endif
