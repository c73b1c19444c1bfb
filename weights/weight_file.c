/* weight_file.c - asking an open weight file. */
#include "weights/weight_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH_SHOWN 200 /* bytes of a path in a message of sizeof fid_error.text */

const char *fid_weight_shown_path(const char *path, const char **dots)
{
    size_t length = strlen(path);
    *dots = "";
    if (length <= PATH_SHOWN)
        return path;
    *dots = "...";
    path += length - PATH_SHOWN;
    while (((unsigned char)*path & 0xC0u) == 0x80u) /* not inside a character */
        path++;
    return path;
}

enum fid_status fid_weight_refuse(const struct fid_weight_file *file, struct fid_error *error,
                                  enum fid_status status, const void *where, const char *format,
                                  ...)
{
    char reason[sizeof error->text];
    va_list args;
    va_start(args, format);
    if (vsnprintf(reason, sizeof reason, format, args) < 0)
        reason[0] = '\0';
    va_end(args);
    const char *dots;
    const char *path = fid_weight_shown_path(file->path, &dots);
    return fid_fail(error, status, "%s%s: offset %zu: %s", dots, path,
                    (size_t)((const uint8_t *)where - file->bytes), reason);
}

/* ---- asking ---- */

const char *fid_weight_file_path(const struct fid_weight_file *file)
{
    return file->path;
}

const struct fid_file_header *fid_weight_file_header(const struct fid_weight_file *file)
{
    return file->header;
}

const void *fid_weight_records(const struct fid_weight_file *file, enum fid_section section,
                               size_t *count)
{
    const struct fid_file_section *entry = &file->sections[section];
    if (count != NULL)
        *count = (size_t)(entry->bytes / entry->record_bytes);
    return file->bytes + entry->offset;
}

const char *fid_weight_file_string(const struct fid_weight_file *file, uint32_t offset)
{
    return (const char *)file->bytes + file->sections[FID_SECTION_STRS].offset + offset;
}

const struct fid_file_graph *fid_weight_file_graphs(const struct fid_weight_file *file,
                                                    size_t *count)
{
    return fid_weight_records(file, FID_SECTION_GRPH, count);
}

const struct fid_file_value *fid_weight_file_values(const struct fid_weight_file *file,
                                                    size_t *count)
{
    return fid_weight_records(file, FID_SECTION_VALU, count);
}

const struct fid_file_node *fid_weight_file_nodes(const struct fid_weight_file *file, size_t *count)
{
    return fid_weight_records(file, FID_SECTION_NODE, count);
}

const uint32_t *fid_weight_file_index(const struct fid_weight_file *file, size_t *count)
{
    return fid_weight_records(file, FID_SECTION_INDX, count);
}

const struct fid_file_tensor *fid_weight_file_tensors(const struct fid_weight_file *file,
                                                      size_t *count)
{
    return fid_weight_records(file, FID_SECTION_TENS, count);
}

/* ---- of a graph and of a node ---- */

const struct fid_file_value *fid_file_graph_values(const struct fid_weight_file *file,
                                                   const struct fid_file_graph *graph)
{
    return fid_weight_file_values(file, NULL) + graph->first_value;
}

const struct fid_file_node *fid_file_graph_nodes(const struct fid_weight_file *file,
                                                 const struct fid_file_graph *graph)
{
    return fid_weight_file_nodes(file, NULL) + graph->first_node;
}

const uint32_t *fid_file_graph_outputs(const struct fid_weight_file *file,
                                       const struct fid_file_graph *graph)
{
    return fid_weight_file_index(file, NULL) + graph->first_output;
}

const uint32_t *fid_file_node_inputs(const struct fid_weight_file *file,
                                     const struct fid_file_node *node)
{
    return fid_weight_file_index(file, NULL) + node->first_input;
}

const uint32_t *fid_file_node_tensors(const struct fid_weight_file *file,
                                      const struct fid_file_node *node)
{
    return fid_weight_file_index(file, NULL) + node->first_tensor;
}

/* ---- tensors ---- */

const struct fid_file_section *fid_weight_file_section(const struct fid_weight_file *file,
                                                       enum fid_section section)
{
    return &file->sections[section];
}

const float *fid_weight_file_tensor_data(const struct fid_weight_file *file, size_t tensor)
{
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, NULL);
    uint64_t data = file->sections[FID_SECTION_DATA].offset;
    return (const float *)(const void *)(file->bytes + data + tensors[tensor].offset);
}

void fid_weight_drop_pages(const struct fid_weight_file *file, size_t offset, size_t bytes)
{
    if (!file->mapped || bytes == 0)
        return;
    /* Outward to whole pages: a neighbor's numbers on them come back from the file when touched.
     */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t first = offset / page * page;
    madvise((void *)(uintptr_t)(file->bytes + first), offset + bytes - first, MADV_DONTNEED);
}

void fid_weight_file_release_tensor(const struct fid_weight_file *file, size_t tensor)
{
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, NULL);
    uint64_t data = file->sections[FID_SECTION_DATA].offset;
    fid_weight_drop_pages(file, (size_t)(data + tensors[tensor].offset),
                          (size_t)tensors[tensor].bytes);
}

void fid_weight_file_release_data(const struct fid_weight_file *file)
{
    const struct fid_file_section *data = &file->sections[FID_SECTION_DATA];
    fid_weight_drop_pages(file, (size_t)data->offset, (size_t)data->bytes);
}

/* ---- metadata ---- */

const struct fid_file_meta *fid_weight_file_meta(const struct fid_weight_file *file,
                                                 const char *key)
{
    size_t high;
    size_t low = 0;
    const struct fid_file_meta *meta = fid_weight_records(file, FID_SECTION_META, &high);
    while (low < high) { /* the keys are sorted by bytes */
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, fid_weight_file_string(file, meta[middle].key));
        if (order == 0)
            return &meta[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The i-th value of the key as it stands in MVAL, if the key is there with that type. */
static const uint64_t *meta_value(const struct fid_weight_file *file, const char *key,
                                  enum fid_meta_type type, size_t i)
{
    const struct fid_file_meta *meta = fid_weight_file_meta(file, key);
    if (meta == NULL || meta->type != type || i >= meta->count)
        return NULL;
    size_t count;
    const uint64_t *values = fid_weight_records(file, FID_SECTION_MVAL, &count);
    return &values[meta->first + i];
}

const char *fid_weight_file_text(const struct fid_weight_file *file, const char *key, size_t i)
{
    const uint64_t *value = meta_value(file, key, FID_META_STRING, i);
    return value != NULL ? fid_weight_file_string(file, (uint32_t)*value) : NULL;
}

bool fid_weight_file_int(const struct fid_weight_file *file, const char *key, size_t i,
                         int64_t *value)
{
    const uint64_t *stored = meta_value(file, key, FID_META_INT, i);
    if (stored != NULL)
        memcpy(value, stored, sizeof *value);
    return stored != NULL;
}

bool fid_weight_file_float(const struct fid_weight_file *file, const char *key, size_t i,
                           double *value)
{
    int64_t whole;
    const uint64_t *stored = meta_value(file, key, FID_META_FLOAT, i);
    if (stored != NULL) {
        memcpy(value, stored, sizeof *value);
        return true;
    }
    if (!fid_weight_file_int(file, key, i, &whole))
        return false;
    *value = (double)whole;
    return true;
}
