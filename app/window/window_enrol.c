#include "app/window/window_enrol.h"

#include <stdio.h>
#include <string.h>

static void finish(struct app_enrol *enrol, const char *notice)
{
    if (enrol->stage == APP_ENROL_NAMING || enrol->stage == APP_ENROL_SAVING)
        app_field_end();
    enrol->stage = APP_ENROL_IDLE;
    snprintf(enrol->notice, sizeof enrol->notice, "%s", notice);
}

void app_enrol_start(struct app_enrol *enrol, const struct fid_track *face)
{
    app_enrol_cancel(enrol);
    app_worker_learn(enrol->worker, face->id);
    enrol->learn = (struct app_learn){.state = APP_LEARN_COLLECTING, .track = face->id};
    memcpy(enrol->known, face->label.name, sizeof enrol->known);
    enrol->begun = false;
    enrol->stage = APP_ENROL_COLLECTING;
    enrol->error[0] = enrol->notice[0] = '\0';
}

void app_enrol_cancel(struct app_enrol *enrol)
{
    if (enrol->stage == APP_ENROL_IDLE)
        return;
    app_worker_learn_cancel(enrol->worker);
    finish(enrol, "");
}

/* The answer to the name, if it is there. */
static void take_answer(struct app_enrol *enrol)
{
    const struct app_learn *learn = &enrol->learn;
    if (learn->request != enrol->request)
        return;
    if (learn->state == APP_LEARN_SAVED || learn->state == APP_LEARN_FAILED)
        finish(enrol, learn->text);
    if (learn->state != APP_LEARN_REFUSED)
        return;
    snprintf(enrol->error, sizeof enrol->error, "%s", learn->text);
    enrol->stage = APP_ENROL_NAMING;
}

bool app_enrol_update(struct app_enrol *enrol)
{
    if (enrol->stage == APP_ENROL_IDLE)
        return false;
    struct app_learn before = enrol->learn;
    enum app_enrol_stage stage = enrol->stage;
    app_worker_learning(enrol->worker, &enrol->learn);
    enrol->begun = enrol->begun || (enrol->learn.state == APP_LEARN_COLLECTING &&
                                    enrol->learn.track == before.track);
    if (!enrol->begun) {
        enrol->learn = before;
        return false;
    }
    switch (enrol->stage) {
    case APP_ENROL_COLLECTING:
        if (enrol->learn.state == APP_LEARN_COLLECTED) {
            app_field_begin(&enrol->field, enrol->known);
            enrol->stage = APP_ENROL_NAMING;
        } else if (enrol->learn.state == APP_LEARN_FAILED) {
            finish(enrol, enrol->learn.text);
        }
        break;
    case APP_ENROL_NAMING:
        if (enrol->learn.state == APP_LEARN_FAILED)
            finish(enrol, enrol->learn.text);
        break;
    case APP_ENROL_SAVING:
        take_answer(enrol);
        break;
    case APP_ENROL_IDLE:
        break;
    }
    return stage != enrol->stage || before.collected != enrol->learn.collected ||
           before.hint != enrol->learn.hint;
}

/* A name that cannot be one is told at once; the rest is the worker's. */
static void save(struct app_enrol *enrol, bool force)
{
    char name[FID_NAME_BYTES];
    struct fid_error error;
    if (fid_name_check(enrol->field.text, name, &error) != FID_OK) {
        snprintf(enrol->error, sizeof enrol->error, "%s", error.text);
        return;
    }
    enrol->error[0] = '\0';
    enrol->request = app_worker_learn_finish(enrol->worker, name, force);
    enrol->stage = APP_ENROL_SAVING;
}

bool app_enrol_event(struct app_enrol *enrol, const SDL_Event *event)
{
    bool key = event->type == SDL_KEYDOWN;
    if (enrol->stage == APP_ENROL_COLLECTING && key && event->key.keysym.sym == SDLK_ESCAPE) {
        app_enrol_cancel(enrol);
        return true;
    }
    if (enrol->stage == APP_ENROL_SAVING) /* for a moment */
        return key || event->type == SDL_TEXTINPUT || event->type == SDL_TEXTEDITING;
    if (enrol->stage != APP_ENROL_NAMING)
        return false;
    switch (app_field_event(&enrol->field, event)) {
    case APP_FIELD_UNUSED:
        return false;
    case APP_FIELD_CHANGED:
        break;
    case APP_FIELD_ENTER:
        save(enrol, event->key.keysym.mod & KMOD_CTRL);
        break;
    case APP_FIELD_ESCAPE:
        app_enrol_cancel(enrol);
        break;
    }
    return true;
}

size_t app_enrol_lines(const struct app_enrol *enrol, char lines[3][600])
{
    const struct app_learn *learn = &enrol->learn;
    char name[sizeof enrol->field.text + sizeof enrol->field.composing + 4];
    size_t count = 0;
    if (enrol->stage == APP_ENROL_COLLECTING) {
        snprintf(lines[0], 600, "enrolling: %zu of %zu, %s   (Esc cancels)", learn->collected,
                 learn->wanted, app_hint_text(learn->hint));
        return 1;
    }
    if (enrol->error[0] != '\0')
        snprintf(lines[count++], 600, "%s", enrol->error);
    app_field_show(&enrol->field, name, sizeof name);
    snprintf(lines[count++], 600, "Name: %s", name);
    if (enrol->stage == APP_ENROL_SAVING)
        snprintf(lines[count++], 600, "saving");
    else
        snprintf(lines[count++], 600, "Enter saves, Esc cancels%s",
                 learn->state == APP_LEARN_REFUSED ? ", Ctrl+Enter saves it all the same" : "");
    return count;
}
