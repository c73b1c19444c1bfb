/* window_enroll.c - the steps of an enrollment in the window: collect, ask for the name, save. */
#include "app/window/window_enroll.h"

#include <stdio.h>
#include <string.h>

static void finish(struct app_enroll *enroll, const char *notice)
{
    if (enroll->stage == APP_ENROLL_NAMING || enroll->stage == APP_ENROLL_SAVING)
        app_field_end();
    enroll->stage = APP_ENROLL_IDLE;
    snprintf(enroll->notice, sizeof enroll->notice, "%s", notice);
}

void app_enroll_start(struct app_enroll *enroll, const struct fid_track *face)
{
    app_enroll_cancel(enroll);
    app_worker_learn(enroll->worker, face->id);
    enroll->learn = (struct app_learn){.state = APP_LEARN_COLLECTING, .track = face->id};
    memcpy(enroll->known, face->label.name, sizeof enroll->known);
    enroll->begun = false;
    enroll->stage = APP_ENROLL_COLLECTING;
    enroll->error[0] = enroll->notice[0] = '\0';
}

void app_enroll_cancel(struct app_enroll *enroll)
{
    if (enroll->stage == APP_ENROLL_IDLE)
        return;
    app_worker_learn_cancel(enroll->worker);
    finish(enroll, "");
}

/* The answer to the name, if it has come. */
static void take_answer(struct app_enroll *enroll)
{
    const struct app_learn *learn = &enroll->learn;
    if (learn->request != enroll->request)
        return;
    if (learn->state == APP_LEARN_SAVED || learn->state == APP_LEARN_FAILED)
        finish(enroll, learn->text);
    if (learn->state != APP_LEARN_REFUSED)
        return;
    snprintf(enroll->error, sizeof enroll->error, "%s", learn->text);
    enroll->stage = APP_ENROLL_NAMING;
}

bool app_enroll_update(struct app_enroll *enroll)
{
    if (enroll->stage == APP_ENROLL_IDLE)
        return false;
    struct app_learn before = enroll->learn;
    enum app_enroll_stage stage = enroll->stage;
    app_worker_learning(enroll->worker, &enroll->learn);
    enroll->begun = enroll->begun || (enroll->learn.state == APP_LEARN_COLLECTING &&
                                      enroll->learn.track == before.track);
    if (!enroll->begun) {
        enroll->learn = before;
        return false;
    }
    switch (enroll->stage) {
    case APP_ENROLL_COLLECTING:
        if (enroll->learn.state == APP_LEARN_COLLECTED) {
            app_field_begin(&enroll->field, enroll->known);
            enroll->stage = APP_ENROLL_NAMING;
        } else if (enroll->learn.state == APP_LEARN_FAILED) {
            finish(enroll, enroll->learn.text);
        }
        break;
    case APP_ENROLL_NAMING:
        if (enroll->learn.state == APP_LEARN_FAILED)
            finish(enroll, enroll->learn.text);
        break;
    case APP_ENROLL_SAVING:
        take_answer(enroll);
        break;
    case APP_ENROLL_IDLE:
        break;
    }
    return stage != enroll->stage || before.collected != enroll->learn.collected ||
           before.hint != enroll->learn.hint;
}

/* An invalid name is reported at once; the worker checks the rest. */
static void save(struct app_enroll *enroll, bool force)
{
    char name[FID_NAME_BYTES];
    struct fid_error error;
    if (fid_name_check(enroll->field.text, name, &error) != FID_OK) {
        snprintf(enroll->error, sizeof enroll->error, "%s", error.text);
        return;
    }
    enroll->error[0] = '\0';
    enroll->request = app_worker_learn_finish(enroll->worker, name, force);
    enroll->stage = APP_ENROLL_SAVING;
}

bool app_enroll_event(struct app_enroll *enroll, const SDL_Event *event)
{
    bool key = event->type == SDL_KEYDOWN;
    if (enroll->stage == APP_ENROLL_COLLECTING && key && event->key.keysym.sym == SDLK_ESCAPE) {
        app_enroll_cancel(enroll);
        return true;
    }
    if (enroll->stage == APP_ENROLL_SAVING) /* for a moment */
        return key || event->type == SDL_TEXTINPUT || event->type == SDL_TEXTEDITING;
    if (enroll->stage != APP_ENROLL_NAMING)
        return false;
    switch (app_field_event(&enroll->field, event)) {
    case APP_FIELD_UNUSED:
        return false;
    case APP_FIELD_CHANGED:
        break;
    case APP_FIELD_ENTER:
        save(enroll, event->key.keysym.mod & KMOD_CTRL);
        break;
    case APP_FIELD_ESCAPE:
        app_enroll_cancel(enroll);
        break;
    }
    return true;
}

size_t app_enroll_lines(const struct app_enroll *enroll, char lines[3][600])
{
    const struct app_learn *learn = &enroll->learn;
    char name[sizeof enroll->field.text + sizeof enroll->field.composing + 4];
    size_t count = 0;
    if (enroll->stage == APP_ENROLL_COLLECTING) {
        snprintf(lines[0], 600, "enrolling: %zu of %zu, %s   (Esc cancels)", learn->collected,
                 learn->wanted, app_hint_text(learn->hint));
        return 1;
    }
    if (enroll->error[0] != '\0')
        snprintf(lines[count++], 600, "%s", enroll->error);
    app_field_show(&enroll->field, name, sizeof name);
    snprintf(lines[count++], 600, "Name: %s", name);
    if (enroll->stage == APP_ENROLL_SAVING)
        snprintf(lines[count++], 600, "saving");
    else
        snprintf(lines[count++], 600, "Enter saves, Esc cancels%s",
                 learn->state == APP_LEARN_REFUSED ? ", Ctrl+Enter saves it anyway" : "");
    return count;
}
