"""keras_hdf5.py - what the readers of Keras' HDF5 files share: lists of names in attributes, and
arrays, of an open file that is not trusted. What it links to elsewhere is refused, its filters may
load no libraries."""
import io
import os

import numpy as np

os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # a file's filters may not load libraries
try:
    import h5py
except ImportError:
    h5py = None

from graph import ConvertError

LINKS = {} if h5py is None else {h5py.h5l.TYPE_SOFT: "a soft",
                                 h5py.h5l.TYPE_EXTERNAL: "an external"}


def names_in(holder, attribute):
    """A list of names from an attribute, whole or in pieces attribute0, attribute1, ..."""
    if attribute in holder.attrs:
        pieces = [holder.attrs[attribute]]
    else:
        pieces = []
        while "%s%d" % (attribute, len(pieces)) in holder.attrs:
            pieces.append(holder.attrs["%s%d" % (attribute, len(pieces))])
        if not pieces:
            raise ConvertError("'%s' has no attribute '%s': not a file of Keras weights" %
                               (holder.name, attribute))
    words = [word for piece in pieces for word in np.asarray(piece).reshape(-1).tolist()]
    return [word.decode("utf-8") if isinstance(word, bytes) else str(word) for word in words]


def member(group, path):
    """What path names below a group, or None. Each step is looked at before it is taken: a link
    that is no entry of this very file is refused, and not followed."""
    for part in path.split("/"):
        name = part.encode("utf-8")
        if part in ("", "."):
            continue
        if not isinstance(group, h5py.Group) or not group.id.links.exists(name):
            return None
        kind = group.id.links.get_info(name).type
        if kind != h5py.h5l.TYPE_HARD:
            raise ConvertError("'%s' in '%s' is %s link: refused, a file of weights has all "
                               "inside" % (part, group.name, LINKS.get(kind, "a foreign")))
        group = group[part]
    return group


def array_in(group, name):
    dataset = member(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise ConvertError("the array '%s' of layer '%s' is missing" % (name, group.name))
    if dataset.id.get_create_plist().get_external_count() or dataset.is_virtual:
        raise ConvertError("the array '%s' lies in another file" % name)
    if dataset.dtype.kind != "f":
        raise ConvertError("the array '%s' is of type %s, wanted are floats" %
                           (name, dataset.dtype))
    return dataset[()]


def open_file(data):
    """The open file of these bytes, to be closed by the caller. ConvertError without h5py."""
    if h5py is None:
        raise ConvertError("reading HDF5 needs the package python3-h5py")
    return h5py.File(io.BytesIO(data), "r")


def is_group(found):
    return isinstance(found, h5py.Group)


def _warm_up():
    """Reads a tiny file of our own, so that what h5py loads at its first use is there: where
    sources are read nothing can be loaded."""
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        file.attrs["text"] = "text"
        file.attrs["layer_names"] = ["l"]
        file.create_group("l").attrs["weight_names"] = np.array([b"k/kernel:0"])
        file["l"].create_dataset("k/kernel:0", data=np.zeros(4, np.float32), compression="gzip")
    with open_file(made.getvalue()) as file:
        str(file.attrs["text"])
        for layer in names_in(file, "layer_names"):
            array_in(file[layer], names_in(file[layer], "weight_names")[0])


if h5py is not None:
    _warm_up()
