/* window_draw.c - draws the window once: picture, faces, figures, hints, help. */
#include "app/clock.h"
#include "app/identify/faces.h"
#include "app/output/text.h"
#include "app/output/text_runs.h"
#include "app/window/window_state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOTICE_NS  (4 * APP_NS_PER_S)
#define FIGURES_NS (APP_NS_PER_S / 4)

/* ---- figures ---- */

static void update_figures(struct app_window *window)
{
    const struct app_feed_status *feed = &window->feed;
    uint64_t now = app_now_ns();
    if (now - window->figures_ns < FIGURES_NS && window->figures_ns != 0)
        return;
    window->figures_ns = now;
    snprintf(window->figures[0], sizeof window->figures[0], "%.0f fps  %dx%d %s", window->fps,
             window->width, window->height, feed->format);
    snprintf(window->figures[1], sizeof window->figures[1],
             "detect %.0f ms  embed %.0f ms  draw %.0f ms", window->result.detect_ms,
             window->result.embed_ms, window->drawing_ms);
    snprintf(window->figures[2], sizeof window->figures[2], "dropped %llu  damaged %llu",
             (unsigned long long)window->missed, (unsigned long long)feed->dropped);
}

static void draw_figures(struct app_window *window, struct app_overlay *overlay)
{
    update_figures(window);
    const char *lines[] = {window->figures[0], window->figures[1], window->figures[2]};
    app_overlay_lines(overlay, APP_OVERLAY_TOP, lines, 3);
}

/* ---- explanation ---- */

static void draw_explanation(const struct app_window *window, struct app_overlay *overlay)
{
    const struct fid_track *face = app_window_face(window);
    if (face == NULL)
        return;
    const struct fid_label *label = &face->label;
    const struct fid_rule *rule = &window->result.rule;
    const struct fid_quality *quality = &face->quality;
    struct fid_label second = {.person = 0};
    char text[6][192], name[2 * FID_NAME_BYTES] = "nobody";
    const char *lines[6];
    for (size_t i = 0; i < 6; i++)
        lines[i] = text[i];
    struct fid_label nearest = {.person = label->person};
    memcpy(nearest.name, label->nearest, sizeof nearest.name);
    memcpy(second.name, label->second, sizeof second.name);

    snprintf(text[0], sizeof text[0], "face %u\t%s", (unsigned)face->id,
             app_reason_sentence(face->label.reason));
    if (label->nearest[0] != '\0')
        app_overlay_name(overlay, &nearest, name, sizeof name);
    snprintf(text[1], sizeof text[1], "nearest\t" APP_FROM_LEFT "%.2f %.160s", (double)label->score,
             name);
    snprintf(name, sizeof name, "nobody");
    if (label->second[0] != '\0')
        app_overlay_name(overlay, &second, name, sizeof name);
    snprintf(text[2], sizeof text[2], "second\t" APP_FROM_LEFT "%.2f %.160s",
             (double)label->second_score, name);
    snprintf(text[3], sizeof text[3], "limit\t%.2f, lead %.2f", (double)rule->accept,
             (double)rule->margin);
    snprintf(text[4], sizeof text[4], "quality\t%.2f: %.0f pixels, sharp %.2f, bright %.2f",
             (double)quality->score, (double)quality->size, (double)quality->sharpness,
             (double)quality->brightness);
    snprintf(text[5], sizeof text[5], "turned\t%.0f°, down %.0f°; looked at %zu times",
             app_whole(quality->yaw), app_whole(quality->pitch), face->embedded);
    app_overlay_lines(overlay, APP_OVERLAY_TOP, lines, 6);
}

/* ---- help and hints ---- */

static void draw_help(struct app_overlay *overlay)
{
    static const char *const lines[] = {
#define APP_KEY(action, character, name, does) name "\t" does,
#include "app/key_table.h"
#undef APP_KEY
    };
    app_overlay_lines(overlay, APP_OVERLAY_MIDDLE, lines, sizeof lines / sizeof lines[0]);
}

/* The most important message for the user; NULL: none. */
static const char *hint(struct app_window *window)
{
    if (window->notice[0] != '\0' && app_now_ns() - window->notice_ns < NOTICE_NS)
        return window->notice;
    if (window->feed.state == APP_FEED_OPENING)
        return "opening the camera";
    if (window->feed.state == APP_FEED_LOST) {
        snprintf(window->lost, sizeof window->lost, "camera lost: %s", window->feed.error.text);
        return window->lost;
    }
    if (window->feed.state == APP_FEED_SILENT)
        return window->feed.error.text;
    if (!app_worker_ready(window->worker))
        return "loading the models";
    if (window->result.unread_since != 0) {
        struct tm local;
        localtime_r(&window->result.unread_since, &local);
        snprintf(window->lost, sizeof window->lost,
                 "the gallery cannot be read since %02d:%02d:%02d: who is known stays known",
                 local.tm_hour, local.tm_min, local.tm_sec);
        return window->lost;
    }
    if (window->paused)
        return "paused (space)";
    if (window->feed.state == APP_FEED_ENDED)
        return "the source has ended (q quits)";
    if (window->feed.hint != NULL)
        return window->feed.hint;
    if (window->result.sequence > 0 && window->result.people == 0)
        return "no one is enrolled yet: press e to enroll   (h: keys)";
    return NULL;
}

static void draw_hint(struct app_window *window, struct app_overlay *overlay)
{
    char text[3][600];
    const char *lines[3] = {text[0], text[1], text[2]};
    size_t count = 0;
    if (window->enroll.stage != APP_ENROLL_IDLE)
        count = app_enroll_lines(&window->enroll, text);
    else if ((lines[0] = hint(window)) != NULL)
        count = 1;
    app_overlay_lines(overlay, APP_OVERLAY_BOTTOM, lines, count);
}

/* ---- all of it ---- */

/* Before figures and hints, because it is about the faces. */
static void take_snapshot(struct app_window *window)
{
    struct fid_picture *picture = app_snapshot_picture(&window->snapshot);
    struct fid_error error;
    window->take_snapshot = false;
    if (picture == NULL)
        app_window_notice(window, "a snapshot is still being written");
    else if (app_screen_read(window->screen, picture, &error) == FID_OK)
        app_snapshot_start(&window->snapshot);
    else
        app_window_notice(window, "%s", error.text);
}

static void draw_fields(struct app_window *window, struct app_overlay *overlay)
{
    if (window->help) {
        draw_help(overlay);
        return;
    }
    if (window->with_figures)
        draw_figures(window, overlay);
    if (window->explain && app_window_is_fresh(window))
        draw_explanation(window, overlay);
    draw_hint(window, overlay);
}

void app_window_draw(struct app_window *window)
{
    struct app_overlay overlay;
    uint64_t start_ns = app_now_ns();
    app_screen_begin(window->screen, window->mirror, &overlay);
    app_window_draw_faces(window, &overlay);
    if (window->take_snapshot)
        take_snapshot(window);
    draw_fields(window, &overlay);
    app_screen_end(window->screen);
    window->drawn_ns = app_now_ns();
    window->drawing_ms +=
        0.1 * ((double)(window->drawn_ns - start_ns) / (double)APP_NS_PER_MS - window->drawing_ms);
    if (window->fresh_picture)
        app_stats_drawn(&window->stats, window->captured_ns, window->drawn_ns);
    window->fresh_picture = window->new_faces = window->changed = false;
}
