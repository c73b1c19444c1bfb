/* track_vote.c - who a track is, and when to look at it again. Each embedding is a look; a look
 * says alone who it could be (label_face.c), and the looks of a track vote, weighted by how well
 * the face was seen:
 *
 *   - a name needs FID_TRACK_DECIDE looks and more than FID_TRACK_GAIN of their weights, or looks
 *     that all agree and one far above the limit;
 *   - a name is held until its share falls below FID_TRACK_HOLD;
 *   - who has no name after FID_TRACK_DECIDE looks is unknown, for the reason that weighs most;
 *   - two looks running that are unlike the others and like each other, or one after a jump, are
 *     of another person: the track ends;
 *   - of two tracks with one name the better one keeps it, the holder if they are equally good. */
#include "engine/face/track/track.h"

#include <math.h>
#include <string.h>

/* ---- when to look ---- */

/* Can the face be told from another one by a look now? */
static bool is_trusted(const struct fid_quality *quality)
{
    return quality->score >= (float)FID_TRACK_TRUST &&
           fabsf(quality->yaw) <= (float)FID_TRACK_TRUST_ANGLE;
}

static bool is_undecided(const struct fid_tracked *track)
{
    return track->shown.state == FID_TRACK_NEW || track->stray.weight > 0 ||
           (track->jumped && is_trusted(&track->shown.quality));
}

static bool is_rejected(const struct fid_tracked *track, int64_t person)
{
    for (size_t i = 0; i < track->rejected_count; i++)
        if (track->rejected[i] == person)
            return true;
    return false;
}

/* Does the last look say something else than the decision? */
static bool is_contradicted(const struct fid_tracked *track)
{
    const struct fid_label *last = &track->shown.last, *label = &track->shown.label;
    if (label->reason == FID_REASON_TAKEN || (last->known && is_rejected(track, last->person)))
        return false;
    return last->known != label->known || (last->known && last->person != label->person);
}

static uint64_t time_to_look(const struct fid_tracked *track)
{
    const struct fid_track *shown = &track->shown;
    bool better = shown->quality.score > (float)FID_TRACK_BETTER * track->best;
    bool doubted = track->doubted && is_trusted(&shown->quality);
    uint64_t after =
        shown->state == FID_TRACK_KNOWN ? FID_TRACK_AGAIN_KNOWN : FID_TRACK_AGAIN_UNKNOWN;
    if (better || doubted || is_contradicted(track))
        after = FID_TRACK_AGAIN_SOON;
    return track->looked_ns + after;
}

/* The more urgent, the smaller: first the undecided ones, those with few looks before the others
 * and among them the best seen; then the decided ones, who waits longest first. */
static double urgency(const struct fid_tracked *track, uint64_t now_ns)
{
    if (is_undecided(track))
        return -1e9 + (double)track->shown.embedded - (double)track->shown.quality.score;
    return -(double)(now_ns - track->looked_ns) / 1e9;
}

size_t fid_tracker_due(const struct fid_tracker *tracker, uint32_t ids[FID_TRACKS_MAX],
                       size_t *urgent)
{
    double keys[FID_TRACKS_MAX];
    size_t count = 0;
    *urgent = 0;
    for (size_t i = 0; i < tracker->count; i++) {
        const struct fid_tracked *track = &tracker->tracks[i];
        bool looked = track->shown.embedded > 0 && track->looked_ns == tracker->now_ns;
        bool undecided = is_undecided(track);
        if (!track->shown.seen || looked || (!undecided && time_to_look(track) > tracker->now_ns))
            continue;
        double key = urgency(track, tracker->now_ns);
        size_t at = count++;
        for (; at > 0 && keys[at - 1] > key; at--) {
            keys[at] = keys[at - 1];
            ids[at] = ids[at - 1];
        }
        keys[at] = key;
        ids[at] = track->shown.id;
        *urgent += undecided;
    }
    return count;
}

/* ---- a look ---- */

static bool is_like(const struct fid_tracker *tracker, const float *a, const float *b)
{
    return fid_cosine(a, b, tracker->options.embedding_size) >= tracker->options.alike;
}

static bool is_like_others(const struct fid_tracker *tracker, const struct fid_tracked *track,
                           const float *vector)
{
    for (size_t i = 0; i < track->look_count; i++)
        if (is_like(tracker, track->looks[i].vector, vector))
            return true;
    return track->look_count == 0;
}

/* Puts the vector of a look and what it says in its place. */
static void fill_look(const struct fid_tracker *tracker, struct fid_look *look, const float *vector,
                      float weight, const struct fid_label *label)
{
    memcpy(look->vector, vector, tracker->options.embedding_size * sizeof *vector);
    look->weight = fmaxf(weight, (float)FID_TRACK_WEIGHT_LEAST);
    look->label = *label;
}

static void add_look(const struct fid_tracker *tracker, struct fid_tracked *track,
                     const float *vector, float weight, const struct fid_label *label)
{
    fill_look(tracker, &track->looks[track->look_next], vector, weight, label);
    track->look_next = (track->look_next + 1) % FID_TRACK_LOOKS;
    if (track->look_count < FID_TRACK_LOOKS)
        track->look_count++;
    track->best = 0;
    for (size_t i = 0; i < track->look_count; i++)
        track->best = fmaxf(track->best, track->looks[i].weight);
    track->stray.weight = 0;
    track->doubted = track->jumped = false;
}

/* It is another face: begins anew with the stray look, if there is one, and this one. Where nothing
 * has been decided the looks before were the bad ones, and it stays the same track. */
static void start_over(struct fid_tracker *tracker, struct fid_tracked *track, const float *vector,
                       const struct fid_label *label)
{
    struct fid_look first = track->stray;
    if (track->shown.state != FID_TRACK_NEW) {
        fid_track_renew(tracker, track);
        track->shown.embedded = first.weight > 0 ? 2 : 1;
    }
    track->look_count = track->look_next = 0;
    if (first.weight > 0)
        add_look(tracker, track, first.vector, first.weight, &first.label);
    add_look(tracker, track, vector, track->shown.quality.score, label);
}

/* A look that is unlike the others: the first trusted one is kept until the next look, unless the
 * face has jumped before. */
static void add_stray(struct fid_tracker *tracker, struct fid_tracked *track, const float *vector,
                      const struct fid_label *label)
{
    bool first = track->stray.weight <= 0, trusted = is_trusted(&track->shown.quality);
    bool agreed = !first && is_like(tracker, track->stray.vector, vector);
    if (trusted && (agreed || (first && track->jumped)))
        start_over(tracker, track, vector, label);
    else if (trusted && first)
        fill_look(tracker, &track->stray, vector, track->shown.quality.score, label);
    else
        track->stray.weight = 0; /* like nothing: no more hurry */
}

void fid_tracker_embedded(struct fid_tracker *tracker, uint32_t id, const float *embedding,
                          const struct fid_gallery *gallery, const struct fid_rule *rule)
{
    struct fid_tracked *track = fid_tracker_find(tracker, id);
    if (track == NULL)
        return;
    struct fid_track *shown = &track->shown;
    struct fid_label label;
    fid_label_faces(gallery, rule, embedding, 1, &label);
    track->looked_ns = tracker->now_ns;
    shown->embedded++;
    if (label.reason == FID_REASON_NO_VECTOR)
        return;
    bool vain = shown->state == FID_TRACK_NEW && shown->embedded >= FID_TRACK_VAIN;
    if (vain || is_like_others(tracker, track, embedding))
        add_look(tracker, track, embedding, shown->quality.score, &label);
    else
        add_stray(tracker, track, embedding, &label);
    shown->last = label;
}

void fid_tracker_reject(struct fid_tracker *tracker, uint32_t id)
{
    enum { MOST = sizeof tracker->tracks->rejected / sizeof *tracker->tracks->rejected };
    struct fid_tracked *track = fid_tracker_find(tracker, id);
    if (track == NULL || track->shown.label.person == 0)
        return;
    if (track->rejected_count == MOST) /* the oldest one goes */
        memmove(track->rejected, track->rejected + 1,
                --track->rejected_count * sizeof *track->rejected);
    track->rejected[track->rejected_count++] = track->shown.label.person;
}

/* ---- the vote ---- */

static enum fid_reason reason_of(const struct fid_tracked *track, const struct fid_look *look)
{
    bool rejected = look->label.known && is_rejected(track, look->label.person);
    return rejected ? FID_REASON_REJECTED : look->label.reason;
}

/* Does the look say this: the reason and, for FID_REASON_KNOWN, this person? */
static bool says(const struct fid_tracked *track, const struct fid_look *look,
                 enum fid_reason reason, int64_t person)
{
    return reason_of(track, look) == reason &&
           (reason != FID_REASON_KNOWN || look->label.person == person);
}

/* The share of the weights of those who say it. */
static double share(const struct fid_tracked *track, enum fid_reason reason, int64_t person)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < track->look_count; i++) {
        const struct fid_look *look = &track->looks[i];
        all += (double)look->weight;
        sum += says(track, look, reason, person) ? (double)look->weight : 0;
    }
    return all > 0 ? sum / all : 0;
}

/* What those who say it say together: the label of the best seen one, with the mean score. */
static struct fid_label join(const struct fid_tracked *track, enum fid_reason reason,
                             int64_t person)
{
    struct fid_label label = {.reason = reason};
    double score = 0, second = 0, weights = 0, best = 0;
    for (size_t i = 0; i < track->look_count; i++) {
        const struct fid_look *look = &track->looks[i];
        if (!says(track, look, reason, person))
            continue;
        double weight = (double)look->weight;
        if (weight > best) {
            best = weight;
            label = look->label;
        }
        score += weight * (double)look->label.score;
        second += weight * (double)look->label.second_score;
        weights += weight;
    }
    label.reason = reason;
    label.known = reason == FID_REASON_KNOWN;
    if (!label.known)
        label.name[0] = '\0';
    if (weights > 0) {
        label.score = (float)(score / weights);
        label.second_score = (float)(second / weights);
    }
    return label;
}

/* The person with the largest share; 0: no look names a person. */
static int64_t favorite(const struct fid_tracked *track, double *most)
{
    int64_t person = 0;
    *most = 0;
    for (size_t i = 0; i < track->look_count; i++) {
        int64_t candidate = track->looks[i].label.person;
        double of_it = share(track, FID_REASON_KNOWN, candidate);
        if (of_it > *most) {
            *most = of_it;
            person = candidate;
        }
    }
    return person;
}

/* Is there, before all looks are in, one so far above the limit that more will say the same, and
 * no look that contradicts? A third of the way from the limit to 1, and twice the margin. */
static bool is_sure(const struct fid_tracked *track, const struct fid_rule *rule, double most)
{
    if (rule->kind != FID_RULE_COSINE || most < 1)
        return false;
    for (size_t i = 0; i < track->look_count; i++) {
        const struct fid_label *label = &track->looks[i].label;
        float lead = label->second[0] != '\0' ? label->score - label->second_score : 1;
        if (label->score >= rule->accept + (1 - rule->accept) / 3 && lead >= 2 * rule->margin)
            return true;
    }
    return false;
}

/* Why nobody is named: the reason that weighs most. Looks that name different
 * people are like two. */
static enum fid_reason main_reason(const struct fid_tracked *track)
{
    enum fid_reason reason = FID_REASON_TWO_ALIKE;
    double most = 0;
    for (size_t i = 0; i < track->look_count; i++) {
        enum fid_reason candidate = reason_of(track, &track->looks[i]);
        double of_it = share(track, candidate, 0);
        if (candidate != FID_REASON_KNOWN && of_it > most) {
            most = of_it;
            reason = candidate;
        }
    }
    return reason;
}

/* The track's own decision, without regard to the other tracks. FILLS *label; false: too early. */
static bool decide_alone(const struct fid_tracked *track, const struct fid_rule *rule,
                         struct fid_label *label)
{
    const struct fid_track *shown = &track->shown;
    bool enough = track->look_count >= FID_TRACK_DECIDE;
    if (shown->state == FID_TRACK_KNOWN &&
        share(track, FID_REASON_KNOWN, shown->label.person) >= FID_TRACK_HOLD) {
        *label = join(track, FID_REASON_KNOWN, shown->label.person);
        return true;
    }
    double most;
    int64_t person = favorite(track, &most);
    if ((enough && most > FID_TRACK_GAIN) || (person != 0 && is_sure(track, rule, most))) {
        *label = join(track, FID_REASON_KNOWN, person);
        return true;
    }
    if (!enough && shown->state == FID_TRACK_NEW)
        return false;
    *label = join(track, main_reason(track), 0);
    return true;
}

/* ---- one name a frame ---- */

/* Whose claim to the name is better? Who is in the picture; then who leads by the margin; then who
 * has the name already. */
static bool is_better(const struct fid_tracker *tracker, const struct fid_rule *rule,
                      const struct fid_tracked *a, const struct fid_label *a_label,
                      const struct fid_tracked *b, const struct fid_label *b_label)
{
    const uint64_t patience = FID_TRACK_LOST / 2;
    bool a_here = tracker->now_ns - a->shown.seen_ns < patience;
    bool b_here = tracker->now_ns - b->shown.seen_ns < patience;
    if (a_here != b_here)
        return a_here;
    float a_score = a_label->score, b_score = b_label->score;
    if (a->shown.state == FID_TRACK_KNOWN && a->shown.label.person == a_label->person)
        a_score += rule->margin;
    if (b->shown.state == FID_TRACK_KNOWN && b->shown.label.person == b_label->person)
        b_score += rule->margin;
    return a_score >= b_score;
}

static void settle_names(const struct fid_tracker *tracker, const struct fid_rule *rule,
                         struct fid_label labels[FID_TRACKS_MAX], const bool *decided)
{
    for (size_t i = 0; i < tracker->count; i++)
        for (size_t j = i + 1; j < tracker->count; j++) {
            struct fid_label *a = &labels[i], *b = &labels[j];
            if (!decided[i] || !decided[j] || !a->known || !b->known || a->person != b->person)
                continue;
            bool a_better =
                is_better(tracker, rule, &tracker->tracks[i], a, &tracker->tracks[j], b);
            struct fid_label *loser = a_better ? b : a;
            loser->known = false;
            loser->name[0] = '\0';
            loser->reason = FID_REASON_TAKEN;
        }
}

/* What the looks say of another gallery, or by another rule. */
static void look_up_again(struct fid_tracked *track, const struct fid_gallery *gallery,
                          const struct fid_rule *rule)
{
    for (size_t i = 0; i < track->look_count; i++)
        fid_label_faces(gallery, rule, track->looks[i].vector, 1, &track->looks[i].label);
    size_t last = (track->look_next + FID_TRACK_LOOKS - 1) % FID_TRACK_LOOKS;
    if (track->look_count > 0)
        track->shown.last = track->looks[last].label;
    track->stray.weight = 0;
}

void fid_tracker_decide(struct fid_tracker *tracker, const struct fid_gallery *gallery,
                        const struct fid_rule *rule, bool again)
{
    struct fid_label labels[FID_TRACKS_MAX];
    bool decided[FID_TRACKS_MAX];
    for (size_t i = 0; i < tracker->count; i++) {
        struct fid_tracked *track = &tracker->tracks[i];
        if (again)
            look_up_again(track, gallery, rule);
        decided[i] = decide_alone(track, rule, &labels[i]);
    }
    settle_names(tracker, rule, labels, decided);
    for (size_t i = 0; i < tracker->count; i++) {
        struct fid_track *shown = &tracker->tracks[i].shown;
        if (!decided[i])
            continue;
        shown->label = labels[i];
        shown->state = labels[i].known ? FID_TRACK_KNOWN : FID_TRACK_UNKNOWN;
        if (shown->decided_ns == 0)
            shown->decided_ns = tracker->now_ns;
    }
}
