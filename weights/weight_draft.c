/* weight_draft.c - the strings and metadata of a weight file as another file is to have them. */
#include "weights/weight_draft.h"

#include "engine/base/memory.h"

#include <math.h>
#include <string.h>

/* ---- strings ---- */

static void raise_to(uint32_t *most, uint32_t name)
{
    *most = name > *most ? name : *most;
}

/* The last string that is no metadata's. */
static uint32_t last_name(const struct fid_weight_file *file)
{
    size_t count;
    uint32_t most = 0;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &count);
    for (size_t i = 0; i < count; i++)
        raise_to(&most, graphs[i].name);
    const struct fid_file_value *values = fid_weight_file_values(file, &count);
    for (size_t i = 0; i < count; i++)
        raise_to(&most, values[i].name);
    const struct fid_file_node *nodes = fid_weight_file_nodes(file, &count);
    for (size_t i = 0; i < count; i++)
        raise_to(&most, nodes[i].name);
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    for (size_t i = 0; i < count; i++)
        raise_to(&most, tensors[i].name);
    return most;
}

uint32_t fid_weight_draft_end(const struct fid_weight_file *file)
{
    const uint32_t last = last_name(file);
    return last + (uint32_t)strlen(fid_weight_file_string(file, last)) + 1;
}

/* Metadata's strings behind `end` move by so many bytes. */
static void move_strings(struct fid_weight_draft *draft, uint64_t end, size_t bytes)
{
    for (size_t i = 0; i < draft->meta_count; i++) {
        struct fid_file_meta *meta = &draft->meta[i];
        if (meta->key >= end)
            meta->key += (uint32_t)bytes;
        for (size_t j = 0; meta->type == FID_META_STRING && j < meta->count; j++)
            if (draft->values[meta->first + j] >= end)
                draft->values[meta->first + j] += bytes;
    }
}

/* The file's three sections with the names, and with room for the entries. */
static bool draft_begin(struct fid_weight_draft *draft, const struct fid_weight_file *file,
                        const char *names, size_t names_bytes,
                        const struct fid_model_entry *entries, size_t count)
{
    const char *text = fid_weight_records(file, FID_SECTION_STRS, &draft->text_bytes);
    const void *meta = fid_weight_records(file, FID_SECTION_META, &draft->meta_count);
    const void *values = fid_weight_records(file, FID_SECTION_MVAL, &draft->value_count);
    const size_t end = fid_weight_draft_end(file);
    size_t more = names_bytes;
    for (size_t i = 0; i < count; i++)
        more += strlen(entries[i].key) + 1 +
                (entries[i].text != NULL ? strlen(entries[i].text) + 1 : 0);
    draft->text = fid_calloc(draft->text_bytes + more, 1);
    draft->meta = fid_calloc(draft->meta_count + count, sizeof *draft->meta);
    draft->values = fid_calloc(draft->value_count + count, sizeof *draft->values);
    if (draft->text == NULL || draft->meta == NULL || draft->values == NULL)
        return false;
    memcpy(draft->text, text, end);
    if (names_bytes > 0)
        memcpy(draft->text + end, names, names_bytes);
    memcpy(draft->text + end + names_bytes, text + end, draft->text_bytes - end);
    draft->text_bytes += names_bytes;
    memcpy(draft->meta, meta, draft->meta_count * sizeof *draft->meta);
    memcpy(draft->values, values, draft->value_count * sizeof *draft->values);
    move_strings(draft, end, names_bytes);
    draft->last = end + names_bytes - 1;
    return true;
}

static bool is_used(const struct fid_weight_draft *draft, uint64_t string)
{
    for (size_t i = 0; i < draft->meta_count; i++) {
        const struct fid_file_meta *meta = &draft->meta[i];
        if (meta->key == string)
            return true;
        for (size_t j = 0; meta->type == FID_META_STRING && j < meta->count; j++)
            if (draft->values[meta->first + j] == string)
                return true;
    }
    return false;
}

/* Removes a string that is no longer used, so that a file does not grow with each change. */
static void drop_string(struct fid_weight_draft *draft, uint64_t string)
{
    if (string <= draft->last || is_used(draft, string))
        return;
    const size_t bytes = strlen(draft->text + string) + 1;
    draft->text_bytes -= bytes;
    memmove(draft->text + string, draft->text + string + bytes, draft->text_bytes - (size_t)string);
    for (size_t i = 0; i < draft->meta_count; i++) {
        struct fid_file_meta *meta = &draft->meta[i];
        if (meta->key > string)
            meta->key -= (uint32_t)bytes;
        for (size_t j = 0; meta->type == FID_META_STRING && j < meta->count; j++)
            if (draft->values[meta->first + j] > string)
                draft->values[meta->first + j] -= bytes;
    }
}

static uint32_t add_string(struct fid_weight_draft *draft, const char *text)
{
    const size_t at = draft->text_bytes, bytes = strlen(text) + 1;
    memcpy(draft->text + at, text, bytes);
    draft->text_bytes += bytes;
    return (uint32_t)at;
}

/* ---- entries ---- */

/* The record of the key, or where it is to be: they are sorted. */
static size_t find_entry(const struct fid_weight_draft *draft, const char *key, bool *found)
{
    size_t i = 0;
    int order = 1;
    while (i < draft->meta_count && (order = strcmp(draft->text + draft->meta[i].key, key)) < 0)
        i++;
    *found = i < draft->meta_count && order == 0;
    return i;
}

/* Record i has `count` values from now on: the first ones stay. */
static void resize_entry(struct fid_weight_draft *draft, size_t i, uint32_t count)
{
    struct fid_file_meta *meta = &draft->meta[i];
    const size_t from = meta->first + meta->count, to = meta->first + count;
    memmove(&draft->values[to], &draft->values[from],
            (draft->value_count - from) * sizeof *draft->values);
    draft->value_count = draft->value_count - from + to;
    meta->count = count;
    for (size_t j = i + 1; j < draft->meta_count; j++)
        draft->meta[j].first = draft->meta[j - 1].first + draft->meta[j - 1].count;
}

static void insert_entry(struct fid_weight_draft *draft, size_t i, const char *key)
{
    const size_t first =
        i < draft->meta_count ? draft->meta[i].first : draft->value_count; /* no values yet */
    memmove(&draft->meta[i + 1], &draft->meta[i], (draft->meta_count - i) * sizeof *draft->meta);
    draft->meta[i] = (struct fid_file_meta){
        .key = add_string(draft, key), .type = FID_META_FLOAT, .first = (uint32_t)first};
    draft->meta_count++;
}

static void set_entry(struct fid_weight_draft *draft, const struct fid_model_entry *entry)
{
    bool found;
    const size_t i = find_entry(draft, entry->key, &found);
    if (!found)
        insert_entry(draft, i, entry->key);
    struct fid_file_meta *meta = &draft->meta[i];
    const uint64_t before = meta->type == FID_META_STRING ? draft->values[meta->first] : 0;
    if (before > 0 && entry->text != NULL && meta->count == 1 &&
        strcmp(draft->text + before, entry->text) == 0)
        return; /* it stays where it is */
    resize_entry(draft, i, 1);
    uint64_t *value = &draft->values[meta->first];
    meta->type = FID_META_FLOAT;
    drop_string(draft, before);
    if (entry->text != NULL) {
        meta->type = FID_META_STRING;
        *value = add_string(draft, entry->text);
    } else {
        memcpy(value, &entry->number, sizeof *value);
    }
}

/* ---- the whole ---- */

static enum fid_status check_entry(const struct fid_model_entry *entry, struct fid_error *error)
{
    if (!fid_weight_is_outside_id(entry->key) || !fid_weight_is_text(entry->key))
        return fid_fail(error, FID_INVALID, "'%.80s' is not outside of the model's id", entry->key);
    if (entry->text == NULL && !isfinite(entry->number))
        return fid_fail(error, FID_INVALID, "'%.80s' would be no finite number", entry->key);
    if (entry->text != NULL && !fid_weight_is_text(entry->text))
        return fid_fail(error, FID_INVALID, "'%.80s' would be no UTF-8", entry->key);
    return FID_OK;
}

enum fid_status fid_weight_draft_make(struct fid_weight_draft *draft,
                                      const struct fid_weight_file *file, const char *names,
                                      size_t names_bytes, const struct fid_model_entry *entries,
                                      size_t count, const char *path, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    *draft = (struct fid_weight_draft){.text = NULL};
    for (size_t i = 0; i < count && status == FID_OK; i++)
        status = check_entry(&entries[i], error);
    if (status == FID_OK && !draft_begin(draft, file, names, names_bytes, entries, count))
        status = fid_fail(error, FID_NO_MEMORY, "%.400s: no memory to write it", path);
    for (size_t i = 0; i < count && status == FID_OK; i++)
        set_entry(draft, &entries[i]);
    if (status == FID_OK &&
        (draft->text_bytes > FID_LIMIT_STRING_BYTES || draft->meta_count > FID_LIMIT_META))
        status = fid_fail(error, FID_UNSUPPORTED,
                          "%.400s: more names and metadata than the format takes", path);
    return status;
}

void fid_weight_draft_give(const struct fid_weight_draft *draft, struct fid_weight_copy *copy)
{
    fid_weight_copy_give(copy, FID_SECTION_STRS, draft->text, draft->text_bytes);
    fid_weight_copy_give(copy, FID_SECTION_META, draft->meta,
                         draft->meta_count * sizeof *draft->meta);
    fid_weight_copy_give(copy, FID_SECTION_MVAL, draft->values,
                         draft->value_count * sizeof *draft->values);
}

void fid_weight_draft_free(struct fid_weight_draft *draft)
{
    fid_free(draft->text);
    fid_free(draft->meta);
    fid_free(draft->values);
}
