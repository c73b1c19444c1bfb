"""caffe_pickle_reader.py - a pickle with a dictionary of NumPy arrays: VGGFace2's ResNet50 as it
was published for Caffe and carried over to PyTorch, or another network that state_dict.py knows."""
import array_pickle
import state_dict
from graph import ConvertError


def read_caffe(data, name, outputs=()):
    """The graph of a pickle's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    try:
        state = array_pickle.load(data)
        if not isinstance(state, dict):
            raise ConvertError("the pickle holds no dictionary but %s" % type(state).__name__)
        return state_dict.graph_of(state, "a pickle of arrays", outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
