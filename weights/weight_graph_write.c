/* weight_graph_write.c - a weight file with other graphs: all sections but the metadata are made
 * anew, and the id with them. */
#include "weights/weight_graph_write.h"

#include "engine/base/size.h"
#include "weights/weight_draft.h"

uint32_t fid_weight_new_name(const struct fid_weight_file *file)
{
    return fid_weight_draft_end(file);
}

void fid_weight_place_tensor(struct fid_file_tensor *tensor, uint64_t *end)
{
    tensor->offset = fid_align_up(*end, FID_FILE_ALIGN);
    tensor->bytes = fid_file_tensor_count(tensor) * fid_file_number_bytes(tensor->type);
    if (tensor->type == FID_TENSOR_S8)
        tensor->bytes += (uint64_t)tensor->dims[0] * sizeof(float);
    *end = tensor->offset + tensor->bytes;
}

static void give_graphs(struct fid_weight_copy *copy, const struct fid_weight_graphs *graphs)
{
    fid_weight_copy_give(copy, FID_SECTION_GRPH, graphs->graphs,
                         graphs->graph_count * sizeof *graphs->graphs);
    fid_weight_copy_give(copy, FID_SECTION_VALU, graphs->values,
                         graphs->value_count * sizeof *graphs->values);
    fid_weight_copy_give(copy, FID_SECTION_NODE, graphs->nodes,
                         graphs->node_count * sizeof *graphs->nodes);
    fid_weight_copy_give(copy, FID_SECTION_INDX, graphs->index,
                         graphs->index_count * sizeof *graphs->index);
    fid_weight_copy_give(copy, FID_SECTION_TENS, graphs->tensors,
                         graphs->tensor_count * sizeof *graphs->tensors);
    fid_weight_copy_give(copy, FID_SECTION_DATA, graphs->data, graphs->data_bytes);
    copy->section_count = FID_SECTION_COUNT_1_0;
    copy->header.minor = FID_FILE_MINOR;
    copy->keep = graphs->keep;
}

enum fid_status fid_weight_file_write_graphs(const struct fid_weight_file *file,
                                             const struct fid_weight_graphs *graphs,
                                             const struct fid_model_entry *entries, size_t count,
                                             fid_sha256_fn take_blocks, const char *path,
                                             struct fid_error *error)
{
    struct fid_weight_draft draft;
    struct fid_weight_copy copy;
    struct fid_weight_span spans[FID_SECTION_COUNT] = {{NULL, 0}};
    enum fid_status status = fid_weight_draft_make(&draft, file, graphs->names, graphs->names_bytes,
                                                   entries, count, path, error);
    fid_weight_copy_begin(&copy, file);
    if (status == FID_OK) {
        fid_weight_draft_give(&draft, &copy);
        give_graphs(&copy, graphs);
        for (size_t i = 0; i < copy.section_count; i++)
            spans[i] = (struct fid_weight_span){copy.parts[i].bytes, (size_t)copy.parts[i].size};
        status = fid_weight_make_id_of(file, spans, take_blocks, copy.header.model_id, error);
    }
    if (status == FID_OK)
        status = fid_weight_copy_write(&copy, path, error);
    fid_weight_draft_free(&draft);
    return status;
}
