"""refusal.py - what the tests of the converter's refusals share."""
from check import require, skip
from graph import ConvertError

try:
    import onnx
except ImportError:
    onnx = None


def need_onnx():
    """The tiny models; skips the case where python3-onnx is not installed."""
    if onnx is None:
        skip("python3-onnx is not installed")
    import onnx_cases
    return onnx_cases


def refused(function, *words):
    """function() must raise a ConvertError whose text has all of words; returns the text."""
    try:
        function()
    except ConvertError as error:
        missing = [word for word in words if word not in str(error)]
        require(not missing, "the message '%s' does not say %s" % (error, missing))
        return str(error)
    raise AssertionError("not refused (wanted: %s)" % ", ".join(words))
