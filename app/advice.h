/* advice.h - what to do about a failure. The engine's sentences say what is; which verb or option
 * helps only the program knows. */
#ifndef APP_ADVICE_H
#define APP_ADVICE_H

#include "engine/fid.h"

/* Advice is for this verb from now on ("check --salvage" counts as one). name is borrowed. */
void app_advise_for(const char *name);
/* What helps when the gallery failed with this status; NULL: nothing that is known. */
const char *app_advice(enum fid_status status);

#endif
