/* model_output.c - the shape of an output, from a plan that is never run. */
#include "engine/nn/model.h"
#include "engine/nn/plan.h"

#include <string.h>

enum fid_status fid_model_output(const struct fid_model *model, const char *graph_name,
                                 const char *name, struct fid_value *output,
                                 struct fid_error *error)
{
    const struct fid_file_graph *graph = fid_model_find_graph(model, graph_name);
    struct fid_plan *plan;
    *output = (struct fid_value){0};
    if (graph == NULL)
        return fid_fail(error, FID_NOT_FOUND, "%s has no graph '%s'", model->info.path, graph_name);
    enum fid_status status = fid_plan_open(model->file, graph, 1, graph->h, graph->w, &plan, error);
    if (status != FID_OK)
        return status;
    const struct fid_file_value *values = fid_file_graph_values(model->file, graph);
    const uint32_t *outputs = fid_file_graph_outputs(model->file, graph);
    for (size_t i = 0; i < graph->output_count && output->name == NULL; i++) {
        const char *found = fid_weight_file_string(model->file, values[outputs[i]].name);
        const struct fid_shape shape = plan->values[outputs[i]].shape;
        if (name == NULL || strcmp(found, name) == 0)
            *output = (struct fid_value){
                .name = found, .n = 1, .h = (int)shape.h, .w = (int)shape.w, .c = (int)shape.c};
    }
    fid_plan_close(&plan);
    if (output->name == NULL)
        return fid_fail(error, FID_NOT_FOUND, "%s has no output '%s'", model->info.path, name);
    return FID_OK;
}
