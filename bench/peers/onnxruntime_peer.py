"""ONNX Runtime: one node of the standard's LSTM, GRU or RNN, input and output
bound to memory of their own, so that a run copies neither."""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 14, 8  # of the operators as they are used here

# Operator, its attributes, and its gates' places among ours: i f g o are
# ONNX's i o f c, r z n are its z r h. Its z keeps the old state, as ours.
CELLS = {
    "lstm": ("LSTM", {}, [0, 3, 1, 2]),
    "gru": ("GRU", {"linear_before_reset": 1}, [1, 0, 2]),
    "gru_before": ("GRU", {"linear_before_reset": 0}, [1, 0, 2]),
    "rnn": ("RNN", {}, [0]),
}


def version():
    return ort.__version__


def model(cell, shape, arrays):
    """y [T][1][B][H] of x [T][B][I]; the weights are constants."""
    operator, attributes, order = CELLS[cell]
    steps, batch, _ = shape
    hidden = arrays["w_hh"].shape[1]

    def gates(name):
        array = arrays[name]
        return np.split(array, len(order))

    def ordered(*names):
        """[1][gates of all names in ONNX's order, one name after another]."""
        parts = [gates(name)[g] for name in names for g in order]
        return np.concatenate(parts)[None]

    constants = [numpy_helper.from_array(ordered(*names), name)
                 for name, names in {"W": ["w_ih"], "R": ["w_hh"],
                                     "B": ["b_ih", "b_hh"]}.items()]
    node = helper.make_node(operator, ["x", "W", "R", "B"], ["y"],
                            hidden_size=hidden, **attributes)
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        [node], cell,
        [helper.make_tensor_value_info("x", floats, shape)],
        [helper.make_tensor_value_info("y", floats, [steps, 1, batch,
                                                     hidden])],
        constants)
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(made)
    return made.SerializeToString()


class Forward:
    def __init__(self, cell, threads, arrays):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        self.x = arrays["x"].copy()
        hidden = arrays["w_hh"].shape[1]
        self.y = np.empty((*self.x.shape[:2], hidden), np.float32)
        self.session = ort.InferenceSession(
            model(cell, self.x.shape, arrays), options,
            providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        steps, batch, _ = self.y.shape
        self.binding.bind_input("x", "cpu", 0, np.float32, self.x.shape,
                                self.x.ctypes.data)
        self.binding.bind_output("y", "cpu", 0, np.float32,
                                 (steps, 1, batch, hidden),
                                 self.y.ctypes.data)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def results(self):
        return {"y": self.y}


def open(what, threads, arrays):
    cell, forward = what.split("/")
    if forward != "forward":
        raise ValueError(f"no {what}")
    return Forward(cell, threads, arrays)
