/* calibration_print.h - a calibration on stdout. */
#ifndef APP_CALIBRATION_PRINT_H
#define APP_CALIBRATION_PRINT_H

#include "app/eval/calibration.h"

/* Tables and lists as text; long lists are cut. */
void app_calibration_print_text(const struct app *app, const struct app_calibration *calibration);
/* One object. applied: the wanted limit is now the gallery's. */
void app_calibration_print_json(const struct app *app, const struct app_cohort *cohort,
                                const struct app_calibration *calibration, bool applied);

#endif
