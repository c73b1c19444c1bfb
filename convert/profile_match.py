"""profile_match.py - brings graphs into the form their profile promises: order and names of the
graphs, names of the outputs, sizes left free, pictures the right way round."""
from graph import ConvertError
from graph_passes import transpose_pictures
from profiles import PROFILES


def _outputs_by_channels(graph, wanted):
    """{name in the profile: output of the graph}, or None if they do not correspond. By name where
    the names are those of the profile, else by the number of channels."""
    shapes = graph.shapes()
    channels = {output: shapes[output][2] for output in graph.outputs}
    if channels == wanted:
        return {name: name for name in wanted}
    by_count = {count: output for output, count in channels.items()}
    if len(by_count) != len(channels) or sorted(by_count) != sorted(wanted.values()):
        return None
    return {name: by_count[count] for name, count in wanted.items()}


def _fits(graph, size, outputs):
    if _outputs_by_channels(graph, outputs) is None:
        return False
    return graph.size[2] == 3 if size is None else graph.size == size and not graph.free_size


def _assign(profile, graphs):
    """The graphs in the profile's order, or None. Fixed sizes choose before free ones."""
    left, chosen = list(graphs), {}
    if len(graphs) != len(profile.graphs):
        return None
    for name, size, outputs in sorted(profile.graphs, key=lambda wanted: wanted[1] is None):
        found = next((graph for graph in left if _fits(graph, size, outputs)), None)
        if found is None:
            return None
        left.remove(found)
        chosen[name] = found
    return [chosen[name] for name, _, _ in profile.graphs]


def _describe(graphs):
    texts = []
    for graph in graphs:
        shapes = graph.shapes()
        outputs = ", ".join("%s (%d)" % (name, shapes[name][2]) for name in graph.outputs)
        texts.append("input %dx%dx%d, outputs %s" % (*graph.size, outputs))
    return "; ".join(texts)


def find_profile(kind, graphs):
    """Name of the only profile that graphs of this kind of source fit. ConvertError."""
    names = [name for name, profile in PROFILES.items()
             if profile.source == kind and _assign(profile, graphs)]
    if len(names) != 1:
        raise ConvertError("%s profile fits this model (%s): name one with --as (%s)" % (
            "more than one" if names else "no", _describe(graphs), ", ".join(PROFILES)))
    return names[0]


def apply_profile(name, kind, graphs):
    """The graphs in the profile's order, named and sized as it says. ConvertError."""
    profile = PROFILES[name]
    if profile.source != kind:
        raise ConvertError("%s is made from %s files, this is %s" % (name, profile.source, kind))
    chosen = _assign(profile, graphs)
    if chosen is None:
        raise ConvertError("this is not the model %s: %s" % (name, _describe(graphs)))
    for graph, (graph_name, size, outputs) in zip(chosen, profile.graphs):
        graph.name = graph_name
        names = _outputs_by_channels(graph, outputs)
        _rename_outputs(graph, names)
        if profile.transposed:
            transpose_pictures(graph)
        if size is None:
            graph.free_size, graph.multiple = True, profile.multiple
            graph.size = profile.customary + (3,)
        graph.shapes()
    return chosen


def _rename_outputs(graph, names):
    for name, output in names.items():
        if name == output:
            continue
        if name == graph.input or graph.producer(name) is not None:
            raise ConvertError("graph %s has a value called '%s' already" % (graph.name, name))
        graph.producer(output).output = name
        graph.rename(output, name)
    graph.outputs = list(names)
