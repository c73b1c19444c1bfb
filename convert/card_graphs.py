"""card_graphs.py - brings graphs into the form their card promises: order and names of the graphs,
names of the outputs, sizes left free, pictures the right way round."""
from math import prod

from graph import ConvertError
from graph_passes import remove_dead, transpose_pictures

LARGEST_VALUE = 1 << 28  # numbers
MOST_NAMED = 12          # outputs in a message


def _outputs(graph, wanted, in_order):
    """{name in the card: output of the graph}, or None if they do not correspond. By name where the
    names are the card's; in_order: else one by one; else by numbers of channels, and of several that
    have as many, the larger ones first."""
    shapes = graph.shapes()
    channels = {output: shapes[output][2] for output in graph.outputs}
    if all(channels.get(name) == count for name, count in wanted.items()):
        return {name: name for name in wanted}
    if in_order and list(channels.values()) == list(wanted.values()):
        return dict(zip(wanted, channels))
    found = {}
    for count in set(wanted.values()):
        names = [name for name in wanted if wanted[name] == count]
        sizes = {prod(shapes[output]): output for output in channels if channels[output] == count}
        if len(names) != list(channels.values()).count(count) or len(names) != len(sizes):
            return None
        found.update(zip(names, [sizes[size] for size in sorted(sizes, reverse=True)]))
    return {name: found[name] for name in wanted}


def _fits(graph, wanted, in_order):
    channels = wanted.get("channels", 3)
    size = tuple(wanted["size"][::-1] if wanted.get("transposed") else wanted["size"])
    size += (channels,)
    free = "multiple" in wanted or graph.free_size
    return (graph.size[2] == channels if free else graph.size == size) and _outputs(
        graph, wanted["outputs"], in_order) is not None


def _assign(card, graphs, in_order):
    """The graphs in the card's order, or None. Fixed sizes choose before free ones, and of graphs
    that fit take one of their own kind."""
    left, chosen = list(graphs), {}
    if len(graphs) != len(card.graphs):
        return None
    for name, wanted in sorted(card.graphs.items(), key=lambda item: "multiple" in item[1]):
        fitting = [graph for graph in left if _fits(graph, wanted, in_order)]
        if not fitting:
            return None
        chosen[name] = min(fitting, key=lambda graph: graph.free_size != ("multiple" in wanted))
        left.remove(chosen[name])
    return [chosen[name] for name in card.graphs]


def _list(outputs):
    words = ["%s (%d)" % output for output in list(outputs.items())[:MOST_NAMED]]
    return ", ".join(words + ["..."] * (len(outputs) > MOST_NAMED))


def describe(graph):
    """A graph's input and outputs, for people."""
    shapes = graph.shapes()
    return "input %s, outputs %s" % (
        "HxWx%d" % graph.size[2] if graph.free_size else "%dx%dx%d" % graph.size,
        _list({name: shapes[name][2] for name in graph.outputs}))


def fitting(cards, graphs):
    """Names of those of the cards whose graphs have the inputs and outputs of these; the card for any
    plain network is none of them. That they fit says nothing of what the network was trained for."""
    kinds = ("recognizer", "classifier", "detector", "plain network")
    found = [card for card in cards if card.graphs and _assign(card, graphs, False) is not None]
    return [card.name for card in sorted(found, key=lambda card: kinds.index(card.keys["face.kind"]))]


def apply_card(card, graphs, in_order=False):
    """The graphs in the card's order, named and sized as it says. in_order: outputs whose names and
    numbers of channels do not tell which they are stand in the card's order. ConvertError."""
    if not card.graphs:  # any plain network, as it is
        if len(graphs) != 1:
            raise ConvertError("the card %s takes one network, these are %d" % (card.name,
                                                                                 len(graphs)))
        return graphs
    chosen = _assign(card, graphs, in_order)
    if chosen is None:
        raise ConvertError("%s, but the card %s is for %s: choose another card, or with --output "
                           "NAME other values for the outputs" % (
                               "; ".join(map(describe, graphs)), card.name, "; ".join(
                                   "input %dx%dx%d, outputs %s" % (
                                       *graph["size"], graph.get("channels", 3),
                                       _list(graph["outputs"]))
                                   for graph in card.graphs.values())))
    for graph, (name, wanted) in zip(chosen, card.graphs.items()):
        graph.name = name
        _rename_outputs(graph, _outputs(graph, wanted["outputs"], in_order))
        if wanted.get("transposed"):
            transpose_pictures(graph)
        graph.free_size, graph.multiple = "multiple" in wanted, wanted.get("multiple", 1)
        graph.size = tuple(wanted["size"]) + (wanted.get("channels", 3),)
        _check_shapes(card, graph)
    return chosen


def _check_shapes(card, graph):
    """What FORMAT.md wants of values, which a card's size and outputs can break."""
    output, wanted = card.keys.get("embed.output"), card.graphs[graph.name]["outputs"]
    for name, (h, w, c) in graph.shapes().items():
        if h * w * c > LARGEST_VALUE:
            raise ConvertError("with 'graph.%s.size' %d x %d of the card %s the value '%s' has %d "
                               "numbers, possible are %d" % (graph.name, *graph.size[:2], card.name,
                                                             name, h * w * c, LARGEST_VALUE))
        entries = card.entry_count(name, *graph.size[:2]) if name in graph.outputs else None
        if entries is not None and h * w * c != entries * wanted[name]:
            raise ConvertError("the output '%s' has %d numbers, with the strides and entries of the "
                               "card %s it would have %d" % (name, h * w * c, card.name,
                                                             entries * wanted[name]))
        if name == output and (h, w) != (1, 1):
            raise ConvertError("the output '%s' is a map of %d x %d, an embedding is a vector" %
                               (name, h, w))


def _rename_outputs(graph, names):
    """Gives the outputs the card's names; others are dropped, with what they alone need."""
    graph.outputs = list(names.values())
    remove_dead(graph)
    for name, output in names.items():
        if name == output:
            continue
        if name == graph.input or graph.producer(name) is not None:
            raise ConvertError("graph %s has a value called '%s' already" % (graph.name, name))
        graph.producer(output).output = name
        graph.rename(output, name)
