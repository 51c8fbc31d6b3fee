"""Whatever is wrong with an argument, every public function says so, and says which and why.

`TABLE` calls every public function of the modules with good arguments; each argument knows what
would be bad in its place, and every bad value must bring a ValueError or TypeError that names
the argument, what was expected and what came: never another exception, never silence. A public
name that is in no table makes `test_nothing_public_is_left_out` fail.

Flags take any truth value, and functions that work number by number (sigmoid and its like) hand
NaN on, as NumPy's do: neither counts as bad here. A file that is not there is FileNotFoundError.
"""

import ast
import inspect
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import lstm_core as core
import lstm_inside.replication as replication
from lstm_inside import simulation as text
from lstm_inside import tasks
from lstm_inside import training as learn
from lstm_inside.annealing import comparisons, landscape, many, tours
from lstm_inside.annealing import recall as hunt
from lstm_inside.annealing import search as anneal
from lstm_inside.beyond import bridge as interop
from lstm_inside.beyond import distributed
from lstm_inside.bptt import abreast, draws, far_flag
from lstm_inside.bptt import faults as patients
from lstm_inside.bptt import learning as recalled
from lstm_inside.bptt import shares as bptt
from lstm_inside.convolution import layers
from lstm_inside.convolution import learning as kernel_learning
from lstm_inside.convolution import lines as short_lines
from lstm_inside.foundations import learning, pictures
from lstm_inside.foundations import memory as memory_of_swaps
from lstm_inside.foundations import network as foundations
from lstm_inside.gates import layers as stacks
from lstm_inside.gates import recall as gates
from lstm_inside.practice import carry, diagnose, dropout, sizes
from lstm_inside.practice import masks as padding
from lstm_inside.replication import grammar, variants
from lstm_inside.rnn import memory
from lstm_inside.simulation import forecast, reading
from lstm_inside.simulation import writer as writing
from lstm_inside.start import learning as unit_learning
from lstm_inside.start import recall as unit_recall
from lstm_inside.start import setup, times
from lstm_inside.training import leaks
from lstm_inside.training.tables import table

torch = interop.torch_or_none()

# ---------------------------------------------------------------- what may be wrong


class Arg(NamedTuple):
    """A good value of an argument, the bad ones with what is wrong, and what errors call it."""

    good: Any
    bad: tuple[tuple[str, Any], ...] = ()
    names: tuple[str, ...] = ()

    def known_as(self, *names):
        """The same, for an argument whose parts are named in errors."""
        return self._replace(names=names)

    def or_bad(self, **values):
        """The same with more bad values."""
        return self._replace(bad=(*self.bad, *values.items()))

    def without(self, *whats):
        """The same where some of that is allowed."""
        return self._replace(bad=tuple(b for b in self.bad if b[0] not in whats))

    def or_none(self):
        """The same where None stands for a default."""
        return self.without("None")


def fixed(good):
    """An argument that takes whatever it is given, such as a flag."""
    return Arg(good)


def array(good, free=(), rank=True, empty=True, finite=True):
    """Numbers of one shape. free: axes of any length; rank, empty, finite: what is refused."""
    good = np.asarray(good)
    odd = np.full(good.shape, None)
    bad = {
        "None": None, "words": "abc", "text": np.full(good.shape, "1.5"), "complex": good + 1j,
        "objects": odd, "ragged": [[1.0], [1.0, 2.0]],
    }  # fmt: skip
    if rank:
        bad["an axis more"] = good[None]
        if good.ndim:
            bad["an axis less"] = good[0]
    for axis in range(good.ndim):
        if axis not in free:
            bad[f"axis {axis} longer"] = np.concatenate([good, good], axis)
        if empty:
            bad[f"axis {axis} of length 0"] = np.take(good, [], axis)
    if finite and good.dtype.kind == "f":
        for name, value in (("NaN", np.nan), ("infinity", np.inf)):
            spoiled = good.copy()
            spoiled.flat[-1] = value
            bad[name] = spoiled
    return Arg(good, tuple(bad.items()))


def whole(part, name):
    """Whole numbers in place of weights: what is computed with them would be cut off, too."""
    return (("whole numbers", part.astype(int)),) if name in ("params", "cell", "cells") else ()


def tree(finite=True):
    """Arrays in tuples in tuples, of any shape."""
    bad = array(Y.b_y, free=(0,), rank=False, empty=False, finite=finite).bad
    inside = ((f"{what} inside", Y._replace(b_y=value)) for what, value in bad)
    return Arg(Y, (("None", None), ("a word", "x"), *inside), ("params", "grads", "tree", "start"))


def numbers(good, most=None, free=(), rank=True, empty=True):
    """Whole numbers from 0 to `most`: an array of indices."""
    good = np.asarray(good)
    made = array(good, free, rank, empty).or_bad(fractions=good + 0.5, negative=good - 1000)
    return made.or_bad(large=good + most + 1) if most is not None else made


def count(good, least=1, most=None):
    bad = {
        "too small": least - 1, "negative": -7, "a bool": True, "a fraction": 2.5, "a word": "3",
        "None": None, "NaN": np.nan, "a list": [3],
    }  # fmt: skip
    return Arg(good, tuple((bad | ({"too large": most + 1} if most is not None else {})).items()))


def number(good, *bad):
    """A finite number; the values in `bad` are outside its range."""
    words = {"NaN": np.nan, "infinity": np.inf, "a word": "x", "None": None, "complex": 1j}
    words |= {"two": [1.0, 2.0]} | {f"{value}": value for value in bad}
    return Arg(good, tuple(words.items()))


def engine():
    """A module that runs the cells, such as lstm_core."""
    return Arg(core, (("None", None), ("a word", "fast"), ("another module", np)))


def gate():
    """What a gate holds at each of six steps."""
    return array(np.full(6, 0.5), rank=False).or_bad(below=np.full(6, -0.1), above=1.1)


def generator():
    return Arg(
        np.random.default_rng(0),
        (("None", None), ("a seed", 7), ("RandomState", np.random.RandomState(0)),
         ("NumPy's own", np.random)),
    )  # fmt: skip


def choice(good):
    return Arg(good, (("unknown", "nonsense"), ("None", None), ("number", 3), ("a list", [])))


def dtype(good=np.float64):
    bad = ("nonsense", np.int64, complex, np.float16, object, "U3", 3)
    return Arg(good, tuple((str(b), b) for b in bad))


def function(good):
    return Arg(good, (("None", None), ("number", 3), ("a word", "f")))


def word(good, *more):
    return Arg(good, (("None", None), ("number", 3), ("bytes", b"x"), ("a list", ["x"]), *more))


def path(good):
    return Arg(good, (("None", None), ("number", 3.5), ("a list", ["x"])))


def kind(good):
    """A trace, a model or whatever else is made by another function."""
    things = {"None": None, "number": 3, "word": "x", "nothing": (), "array": np.zeros((2, 3))}
    return Arg(good, tuple(things.items()))


def weights(good, name="params"):
    """A tuple of float arrays, as (named) tuples of parameters are."""
    fields = getattr(good, "_fields", tuple(map(str, range(len(good)))))
    bad = dict(kind(good).bad) | {"one too few": good[:-1]}
    for n, (field, part) in enumerate(zip(fields, good, strict=True)):
        for what, value in (*array(part).bad, *whole(part, name)):
            spoiled = (*good[:n], value, *good[n + 1 :])
            bad[f"{field}: {what}"] = type(good)(*spoiled) if hasattr(good, "_fields") else spoiled
    return Arg(good, tuple(bad.items()), (name, *fields))


# ---------------------------------------------------------------- what is public

ROOT = Path(core.__file__).parent
HOUSE = ROOT / "lstm_inside"
VIEWS = re.compile(r"explorers|figures|lab|check|__init__")  # tested by what they show and say
MATH = [
    ROOT / "lstm_core.py",
    HOUSE / "tasks.py",
    HOUSE / "compiled.py",
    *(
        m
        for m in sorted(HOUSE.glob("*/*.py"))
        if m.parent.name != "page" and not VIEWS.match(m.stem)
    ),
]


def public(module):
    """The public functions, classes and methods of a module, read from its source.

    A room speaks for all of its modules: `training.softmax`, wherever in the room it stands.
    """
    room = module.stem if module.parent in (ROOT, HOUSE) else module.parent.name
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_"):
            continue
        yield f"{room}.{node.name}"
        for part in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                read = any(getattr(d, "id", "") == "property" for d in part.decorator_list)
                yield from () if read else (f"{room}.{node.name}.{part.name}",)


# ---------------------------------------------------------------- good arguments

T, B, D, H, K = 5, 2, 3, 4, 2
R = np.random.default_rng(0)


def normal(*shape):
    return R.standard_normal(shape)


P, Q = core.init_lstm(D, H, rng=R), core.init_rnn(D, H, rng=R)
XS, DHS, H0, C0 = normal(T, B, D), normal(T, B, H), normal(B, H), normal(B, H)
TRACE, RTRACE = core.lstm_forward(XS, P), core.rnn_forward(XS, Q)
GRADS = core.lstm_backward(DHS, TRACE, P)
OTHER = core.lstm_forward(normal(T, B, D), core.init_lstm(D, H + 1, rng=R))  # of other units
Y = learn.init_readout(H, K, rng=R)
PAIR = core.init_lstm(2, H, rng=R)  # reads a number and its flag
MODEL, RMODEL = learn.Model(P, Y), learn.Model(Q, Y)
BATCH = tasks.Sequences(XS, normal(B, K), np.array([T - 1, 2]))
CROWD = many.Crowd(MODEL, [BATCH])
ROWS = CROWD.rows([MODEL, MODEL])
MLP = foundations.init_mlp((3, 2, 4, 1), rng=R)
MLP_X = normal(B, 3)
MLP_TRACE = foundations.mlp_forward(MLP_X, MLP)
COHORT = learning.train_cohort([MLP, MLP], MLP_X, MLP_TRACE.y, 0.1, 2)
IMAGE, KERNEL = normal(B, D, 6, 5), normal(K, D, 3, 2)
CONV_OUT, CONV = layers.conv2d_forward(IMAGE, KERNEL, np.zeros(K))
POOL_OUT, POOL = layers.pool_forward(IMAGE, 2)
DENSE_OUT, DENSE = layers.dense_forward(MLP_X, normal(3, 4), np.zeros(4))

IDS = text.encode("for x in range(3):\n    print(x)\n" * 3)
HELD = text.windows(IDS, 3, 12)
TABLES = [text.count_ngrams(IDS, n) for n in (1, 2)]
WRITER = learn.Model(core.init_lstm(text.V, H, rng=R), learn.init_readout(H, text.V, rng=R))
_MARKS = {m: R.random((text.WARM + 10, B)) < 0.5 for m in text.MARKS}
_ROWS = text.windows(IDS, B, text.WARM + 11)
_READ = core.lstm_forward(text.one_hot(_ROWS[:-1]).astype(float), WRITER.cell)
READING = text.Reading(_ROWS, _READ.h, _READ.c, _MARKS)
_ALL = np.arange(80).reshape(40, 2) % 3 == 0
_PLACES = _ALL[text.WARM :]
_HELD = text.Held({"a": R.random((20, 2)) + 0.1}, R.random((20, 2)))
ENDS = {"free": _HELD, (1, "on"): _HELD}
STREAMS = tasks.recall_problem(6, 2, rng=R)
SIGNAL = normal(30, 2)
WINDOWS = forecast.windows_of(SIGNAL, 6, 3)
FORECASTER = learn.Model(core.init_lstm(2, H, rng=R), learn.init_readout(H, 6, rng=R))
COEFFICIENTS = forecast.fit_linear(WINDOWS.xs, WINDOWS.ahead[-1])
PLAN = distributed.Plan(H=2, T=3, B=2, steps=1)
POINT = patients.draw_point(rng=R)
POINT_DHS = normal(5, 2, 3)


VARIANT = variants.forward(XS, P, "modern")
STRINGS = grammar.embedded_sets(2, rng=R).train
NET = replication.Blocks(7, 7, 2, 2, forget=True)
LAG = replication.lag_protocol(4)
RNGS = [np.random.default_rng(seed) for seed in (1, 2)]
BLOCKS = replication.init_blocks(NET, 0.2, rngs=RNGS)
LAG_BLOCKS = replication.init_blocks(LAG.net, 0.2, rngs=RNGS)
BLOCK_XS, BLOCK_DA = normal(T, 2, B, 7), normal(T, 2, B, 7)
BLOCK_TRACE = replication.blocks_forward(BLOCK_XS, BLOCKS, NET)[1]
BLOCK_MODEL, LAG_MODEL = replication.BlockModel(NET), replication.BlockModel(LAG.net)
VARIANT_MODEL = replication.VariantModel("GRU")
VARIANTS_OF_2 = VARIANT_MODEL.start(7, H, 7, rngs=RNGS)
VARIANT_TRACE = VARIANT_MODEL.forward(BLOCK_XS, VARIANTS_OF_2)[1]
SETS = grammar.embedded_sets(2, rng=R)
LAYERS = (P, core.init_lstm(H, H, rng=R))
STACK_TRACES = stacks.stack_forward(XS, LAYERS)
BOTH = stacks.both_forward(XS, P, P)
MASK = padding.mask_of(np.array([T, 2]), T)
MASKED, DROPPED = padding.masked_forward(XS, MASK, P), dropout.dropped_forward(XS, P, {})
ONE = learn.Model(core.init_lstm(1, H, rng=R), learn.init_readout(H, 1, rng=R))
UNIT = learn.Model(core.init_lstm(2, 1, rng=R), learn.init_readout(1, 1, rng=R))
SAVED = Path(tempfile.mkdtemp()) / "saved.npz"
STREAM = text.Stream(IDS, 2, 3, H, rng=R)
LOSS = function(learn.norm).or_bad(word=lambda p: "1", nothing=lambda p: None, NaN=lambda p: np.nan)
if torch is None:
    MODULE = LEARNED = TENSOR = WEIGHTS = NO_GRADIENT = None
else:
    MODULE, LEARNED, NO_GRADIENT = interop.to_torch(Y), interop.to_torch(Y), [torch.ones(2)]
    LEARNED(torch.ones(H, dtype=torch.float64)).sum().backward()
    TENSOR, WEIGHTS = torch.ones(2), list(LEARNED.parameters())


def network():
    """Layers one upon another."""
    bad = {
        "an RNN": (Q,), "of another width": (P, P), "in a list": list(LAYERS), "unnamed pairs": ((P, P),),
        "directions of two widths": stacks.BothParams(*LAYERS), "RNNs both ways": stacks.BothParams(Q, Q),
    }  # fmt: skip
    return kind(LAYERS).or_bad(**bad).known_as("layers", "params", *P._fields)


def square_loss(params, batch=None):
    return learn.norm(params) ** 2, learn.each_array(lambda p: 2 * p, params)


def training(**more):
    return learn.Training(Y, square_loss, lambda rng: None, learn.SGD(0.01), rng=R, **more)


def problem_training():
    """What the trainings on flagged numbers take beside a cell and a length."""
    return {
        "B": count(2), "optimiser": kind(learn.SGD(0.1)).or_none(), "clip": number(1.0, 0.0, -1.0).or_none(),
        "rng": generator(), "batch_rng": generator().or_none().known_as("batch_rng", "rng"), "engine": engine(),
    }  # fmt: skip


def data_of(count, size=1.0):
    return tasks.Sequences(size * normal(T, count, D), normal(count, K), np.full(count, T - 1))


def search():
    return anneal.anneal(learn.norm, Y, np.ones(3), step=0.1, rng=R)


training().save(SAVED)


def real_steps():
    """Booleans (T, B), with a real step in every sequence."""
    bad = {"an axis more": MASK[None], "none real": ~MASK, "numbers": MASK * 1.0, "empty": MASK[:0]}
    return kind(MASK).or_bad(**bad).known_as("mask", "lengths")


def plan():
    """A plan, spoiled field by field."""
    bad = {"B of 0": PLAN._replace(B=0), "H in halves": PLAN._replace(H=2.5)}
    bad |= {"a bool": PLAN._replace(T=True), "no steps": PLAN._replace(steps=0)}
    bad |= {"rate": PLAN._replace(rate=0.0), "a word": PLAN._replace(rate="x")}
    bad |= {"clip": PLAN._replace(clip=-1.0), "seed": PLAN._replace(seed=-1)}
    return kind(PLAN).or_bad(**bad).known_as("plan", *PLAN._fields)


def saving():
    """When and where to save, spoiled field by field; not to save is good."""
    bad = {"number": 3, "word": "x", "no path": distributed.Saving(3)}
    bad |= {"never": distributed.Saving("s.npz", 0), "halves": distributed.Saving("s.npz", 2.5)}
    bad |= {"killed before": distributed.Saving("s.npz", 2, -1)}
    return Arg(None, tuple(bad.items()), ("saving", *distributed.Saving._fields))


def rngs(K=2):
    """A generator a network."""
    few = {"one too few": RNGS[:-1]} if K else {}
    return kind(RNGS).or_bad(
        seeds=[1, 2], globals=[np.random, np.random], one=np.random.default_rng(0), **few
    )


def readers(good=VARIANTS_OF_2):
    """The parameters of a `VariantModel`, spoiled in the cell and in the read-out."""
    W_y, b_y = good.readout
    bad = {
        "NaN": good._replace(cell=good.cell._replace(W_x=good.cell.W_x * np.nan)),
        "W_y NaN": good._replace(readout=good.readout._replace(W_y=W_y * np.nan)),
        "W_y short": good._replace(readout=good.readout._replace(W_y=W_y[:, :-1])),
        "b_y short": good._replace(readout=good.readout._replace(b_y=b_y[:1])),
    }
    return kind(good).or_bad(**bad).known_as("params", "W_x", "W_y", "b_y")


def maps_of_cities(free=(0,)):
    """Two maps of five cities; tours on them are named in errors, too."""
    places = np.random.default_rng(1).random((2, 5, 2))
    return array(places, free=free).known_as("maps", "tours", "starts")


def tours_of_cities(more=0):
    """Two round trips on each map, with `more` axes before if that is allowed."""
    good = np.tile(np.arange(5), (4, 1))
    bad = {
        "odd": good[:3],
        "twice": np.zeros_like(good),
        "fractions": good + 0.5,
        "others": good + 1,
    }
    return array(good, free=(0,), rank=not more).or_bad(**bad)


def real_time():
    return replication.RealTime(BLOCKS, NET)


def blocks(good=BLOCKS):
    return (
        weights(good)
        .without(*(f"{name}: whole numbers" for name in good._fields))
        .known_as("params", "xs", "trace", "rngs", "sets", *good._fields)
    )


def masks():
    """Which of two networks."""
    return kind(np.array([True, False])).or_bad(numbers=np.array([0, 1]), short=np.array([True]))


class Call(NamedTuple):
    """A public function and all of its arguments."""

    function: Callable
    arguments: dict[str, Arg]
    signature: Callable | None = None


def call(function, /, signature=None, **arguments):
    return Call(function, arguments, signature)


def model(good=MODEL):
    return kind(good).known_as("model")


def trace(good=TRACE, other=OTHER):
    return kind(good).or_bad(**{"of other sizes": other}).known_as("trace")


def batch(good=BATCH, shape=True):
    """A batch of sequences with one answer each, spoiled part by part."""
    bad = {
        "xs of rank 2": good._replace(xs=good.xs[0]), "no xs": good._replace(xs=None),
        "NaN": good._replace(xs=good.xs * np.nan), "no last": good._replace(last=None),
        "last beyond": good._replace(last=good.last + T), "last below": good._replace(last=-good.last),
        "last in halves": good._replace(last=good.last / 2),
        "one last": good._replace(last=good.last[0]),
    }  # fmt: skip
    if shape:
        bad |= {
            "no targets": good._replace(targets=None),
            "text": good._replace(targets=np.full((B, K), "1")),
            "targets short": good._replace(targets=good.targets[:, 0]),
            "targets NaN": good._replace(targets=good.targets * np.nan),
        }
    return kind(good).or_bad(**bad).known_as("batch", "xs", "last", "targets", "target")


TABLE = {
    # ------------------------------------------------------------ lstm_core
    "lstm_core.init_rnn": call(
        core.init_rnn, D=count(3), H=count(4), rng=generator(), recurrent=choice("uniform"), dtype=dtype(),
    ),
    "lstm_core.init_lstm": call(
        core.init_lstm, D=count(3), H=count(4), rng=generator(), forget_bias=number(1.0),
        recurrent=choice("uniform"), dtype=dtype(),
    ),
    "lstm_core.split_gates": call(core.split_gates, a=array(normal(2, 8), free=(0, 1), rank=False, finite=False, empty=False).or_bad(**{"not in four": np.zeros((2, 6)), "no axis": np.float64(3)})),
    "lstm_core.sigmoid": call(core.sigmoid, z=array(normal(3), (0,), rank=False, empty=False, finite=False)),
    "lstm_core.rnn_step": call(
        core.rnn_step, x=array(XS[0], free=(0,)), h_prev=array(H0), params=weights(Q).known_as("params", "x", *Q._fields),
    ),
    "lstm_core.rnn_step_backward": call(
        core.rnn_step_backward, dh=array(H0).known_as("dh", "cache"), cache=kind(core.rnn_step(XS[0], H0, Q)[1]),
        params=weights(Q).known_as("params", "x", *Q._fields),
    ),
    "lstm_core.lstm_step": call(
        core.lstm_step, x=array(XS[0], free=(0,)), h_prev=array(H0), c_prev=array(C0), params=weights(P).known_as("params", "x", *P._fields),
    ),
    "lstm_core.lstm_step_backward": call(
        core.lstm_step_backward, dh=array(H0, free=(0,)), dc=array(C0),
        cache=kind(core.lstm_step(XS[0], H0, C0, P)[2]),
        params=weights(P).known_as("params", "x", *P._fields),
    ),
    "lstm_core.rnn_forward": call(
        core.rnn_forward, xs=array(XS, free=(0, 1)), params=weights(Q).known_as("params", "xs", *Q._fields), h0=array(H0).or_none(),
    ),
    "lstm_core.rnn_backward": call(
        core.rnn_backward, dhs=array(DHS), trace=trace(RTRACE), params=weights(Q).known_as("params", "trace", *Q._fields),
    ),
    "lstm_core.lstm_forward": call(
        core.lstm_forward, xs=array(XS, free=(0, 1)), params=weights(P).known_as("params", "xs", *P._fields), h0=array(H0).or_none(), c0=array(C0).or_none(),
    ),
    "lstm_core.lstm_backward": call(
        core.lstm_backward, dhs=array(DHS), trace=trace(TRACE), params=weights(P).known_as("params", "trace", *P._fields),
        dc_last=array(C0).or_none(),
    ),
    "lstm_core.gradient_check": call(
        core.gradient_check, loss=function(lambda x: (x**2).sum()).or_bad(
            words=lambda x: "1", array=lambda x: x, NaN=lambda x: np.nan, nothing=lambda x: None),
        x=array(np.ones((2, 3))).known_as("x", "grad"), grad=array(np.full((2, 3), 2.0)),
        directions=count(3).or_none(), rng=generator(), step=number(1e-5, 0.0, -1.0), tolerance=number(1e-6, -1.0),
    ),
    # ------------------------------------------------------------ foundations
    "foundations.init_mlp": call(
        foundations.init_mlp, sizes=Arg((3, 2, 1), (
            ("None", None), ("number", 3), ("one", (3,)), ("zero", (3, 0)), ("negative", (3, -1)),
            ("a bool", (3, True)), ("a fraction", (2.5, 3)), ("a word", "32"), ("words", ("3", "2")),
        )), rng=generator(), scale=number(1.0),
    ),
    "foundations.random_case": call(foundations.random_case, rng=generator()),
    "foundations.activation": call(
        foundations.activation, a=array(MLP_X, rank=False, empty=False, finite=False, free=(0, 1)), act=choice("tanh"),
    ),
    "foundations.slope": call(
        foundations.slope, h=array(MLP_X, rank=False, empty=False, finite=False, free=(0, 1)), act=choice("tanh"),
    ),
    "foundations.mlp_forward": call(
        foundations.mlp_forward, x=array(MLP_X, free=(0,)), params=weights(MLP).known_as("params", "x", *MLP._fields), act=choice("tanh"),
    ),
    "foundations.mlp_backward": call(
        foundations.mlp_backward, dy=array(MLP_TRACE.y), trace=trace(MLP_TRACE, TRACE),
        params=weights(MLP).known_as("params", "trace", *MLP._fields),
    ),
    "foundations.mlp_backward_missing_slopes": call(
        foundations.mlp_backward_missing_slopes, dy=array(MLP_TRACE.y), trace=trace(MLP_TRACE, TRACE),
        params=weights(MLP).known_as("params", "trace", *MLP._fields),
    ),
    "foundations.half_squared_error": call(
        foundations.half_squared_error, y=array(MLP_X).known_as("y", "target"), target=array(MLP_X),
    ),
    "foundations.descend": call(
        foundations.descend, params=weights(MLP).known_as("params", "grads", *MLP._fields), grads=weights(MLP, "grads"), rate=number(0.1),
    ),
    "foundations.finite_differences": call(
        foundations.finite_differences, loss=function(lambda p: p[0].sum()).or_bad(array=lambda p: p[0], word=lambda p: "1", NaN=lambda p: np.nan),
        params=Arg((np.ones((2, 2)), np.ones(2)), (
            ("None", None), ("text", (np.full(2, "x"),)), ("float32", (np.ones(2, "f4"),)),
            ("NaN", (np.full(2, np.nan),)), ("nothing", ()), ("complex", (np.ones(2) + 1j,)),
        )).known_as("params", r"params\[\d\]"), step=number(1e-5, 0.0, -1.0),
    ),
    "foundations.train_cohort": call(
        learning.train_cohort, starts=Arg([MLP, MLP], (
            ("None", None), ("number", 3), ("nothing", []), ("one network", MLP), ("arrays", [np.ones(2)]),
            ("two shapes", [MLP, foundations.init_mlp((3, 2, 1), rng=R)]),
        ), ("params",)), x=array(MLP_X).known_as("x", "target"), target=array(MLP_TRACE.y), rate=number(0.1), steps=count(2, least=0),
        act=choice("tanh"), direction=choice("true"), length=choice("missing"), keep=count(1).or_none(),
    ),
    "foundations.Cohort.network": call(COHORT.network, step=count(2, least=0), number=count(1, least=0, most=1)),
    "foundations.Cohort.learned_at": call(COHORT.learned_at, below=number(0.05, 0.0, -1.0)),
    "foundations.Cohort.moved": call(COHORT.moved, layer=count(1, most=len(COHORT.params) // 2)),
    "foundations.compare_rules": call(
        learning.compare_rules, params=weights(MLP).known_as("params", "x", *MLP._fields), x=array(MLP_X, free=(0,)).known_as("x", "target"),
        target=array(MLP_TRACE.y),
    ),
    "foundations.measure_depth": call(
        learning.measure_depth, layers=count(3), count=count(2), scale=number(1.0), act=choice("tanh"),
        weights=choice("rotations"),
    ),
    "foundations.measure_memory": call(
        memory_of_swaps.measure_memory, inputs=number(1.0, 0.0, -1.0), recurrent=number(0.9, 0.0, -1.0), count=count(2),
    ),
    "foundations.push_left": call(
        learning.push_left, params=weights(MLP).known_as("params", "x", *MLP._fields), x=array(MLP_X, free=(0,)).known_as("x", "target"),
        target=array(MLP_TRACE.y), layer=count(1, most=3),
    ),
    "foundations.measure_rules": call(learning.measure_rules, count=count(2)),
    "foundations.readings": call(memory_of_swaps.readings),
    "foundations.swapped": call(
        memory_of_swaps.swapped, one=count(1, least=0, most=9), other=count(5, least=0, most=9),
    ),
    "foundations.photograph": call(pictures.photograph, size=Arg((6, 5), (
        ("None", None), ("number", 3), ("three", (3, 3, 3)), ("too high", (433, 5)), ("zero", (0, 60)), ("fractions", (2.5, 3)), ("words", ("a", "b")),
    )), colour=fixed(True)),
    "foundations.strips": call(pictures.strips, count=count(4).or_bad(**{"no divisor": 7})),
    # ------------------------------------------------------------ convolution
    "convolution.output_size": call(
        layers.output_size, size=count(7).known_as("size", "window"), window=count(3, most=9), stride=count(2), padding=count(1, least=0),
    ),
    "convolution.conv2d_forward": call(
        layers.conv2d_forward, x=array(IMAGE, free=(0, 2, 3)).known_as("x", "W"), W=array(KERNEL, free=(2, 3)).known_as("W", "b"),
        b=array(np.zeros(K)), stride=count(2), padding=count(1, least=0),
    ),
    "convolution.conv2d_backward": call(layers.conv2d_backward, dy=array(CONV_OUT), cache=kind(CONV)),
    "convolution.pool_forward": call(
        layers.pool_forward, x=array(IMAGE, free=(0, 1, 2, 3)), size=count(2, most=5), kind=choice("max"), stride=count(1).or_none(),
    ),
    "convolution.pool_backward": call(layers.pool_backward, dy=array(POOL_OUT), cache=kind(POOL)),
    "convolution.dense_forward": call(
        layers.dense_forward, x=array(MLP_X, free=(0,)), W=array(normal(3, 4)).known_as("W", "b", "x"), b=array(np.zeros(4)),
    ),
    "convolution.dense_backward": call(layers.dense_backward, dy=array(DENSE_OUT), cache=kind(DENSE)),
    "convolution.learn_kernel": call(
        kernel_learning.learn_kernel, x=array(IMAGE[:1, :1], free=(2, 3)).known_as("x", "wanted"),
        wanted=array(IMAGE[:1, :1, 1:, 1:], free=(2, 3)).known_as("wanted"), rate=number(0.1), steps=count(2, least=0),
    ),
    "convolution.short_lines": call(
        short_lines.short_lines, count=count(3), rng=generator(), low=count(2, least=0, most=8), high=count(10, least=6, most=12),
    ),
    "convolution.bowl": call(kernel_learning.bowl, x=array(IMAGE[:1, :1], free=(2, 3)), size=count(2)),
    # ------------------------------------------------------------ rnn
    # ------------------------------------------------------------ gates
    "gates.stack_forward": call(
        stacks.stack_forward, xs=array(XS, free=(0, 1)), layers=network(),
    ),
    "gates.stack_backward": call(
        stacks.stack_backward, dhs=array(DHS), traces=kind(STACK_TRACES).or_bad(**{"one too few": STACK_TRACES[:1], "of both directions": (BOTH, BOTH)}).known_as("trace"),
        layers=network(),
    ),
    "gates.both_forward": call(
        stacks.both_forward, xs=array(XS, free=(0, 1)).known_as("xs", *P._fields), ahead=weights(P).known_as("params", "xs", *P._fields), back=weights(P).known_as("params", "xs", *P._fields),
    ),
    "gates.both_states": call(stacks.both_states, traces=kind(BOTH)),
    "gates.both_backward": call(
        stacks.both_backward, dhs=array(normal(T, B, 2 * H)), traces=kind(BOTH),
        ahead=weights(P).known_as("params", "trace", "dhs", *P._fields), back=weights(P).known_as("params", "trace", "dhs", *P._fields),
    ),
    "gates.latch": call(gates.latch, **{name: number(1.0) for name in ("b_i", "w_i", "b_f", "w_f", "w_g", "b_o")}),
    "gates.plain_latch": call(gates.plain_latch, pair=number(0.01)),
    "gates.last_flag_problem": call(gates.last_flag_problem, T=count(6, least=2), B=count(2), rng=generator()),
    "gates.recall_score": call(
        gates.recall_score, params=weights(P).known_as("params", "xs", *P._fields),
        xs=array(normal(T, 6, D), free=(0,)).or_bad(**{"three sequences": normal(T, 3, D)}).known_as("xs", "targets"),
        targets=array(normal(6, 1)).or_bad(**{"all the same": np.ones((6, 1)), "one axis": normal(6)}),
    ),
    "rnn.spectral_radius": call(memory.spectral_radius, W=array(normal(3, 3))),
    "rnn.largest_singular_value": call(memory.largest_singular_value, W=array(normal(3, 3), free=(0, 1))),
    "rnn.reservoir": call(
        memory.reservoir, H=count(4), strength=number(0.9, -1.0), rng=generator(), D=count(2), input_strength=number(1.0), kind=choice("random"),
    ),
    "rnn.delay_line": call(
        memory.delay_line, H=count(4), D=count(2), strength=number(1.0), input_strength=number(0.05),
    ),
    "rnn.door_and_store": call(memory.door_and_store, keep=number(1.0), gain=number(0.01)),
    "rnn.fit_readout": call(
        memory.fit_readout, states=array(normal(60, 3), free=(1,)).known_as("states", "wanted"), wanted=array(normal(60, 2), free=(1,), empty=False), ridge=number(1e-6, -1.0),
    ),
    "rnn.read": call(
        memory.read, states=array(normal(60, 3), free=(0,)).known_as("states", "weights"), weights=array(normal(4, 2), free=(1,)).known_as("weights", "states"),
    ),
    "rnn.r_squared": call(
        memory.r_squared, truth=array(normal(60, 2)).known_as("truth", "guess"), guess=array(normal(60, 2)),
    ),
    "rnn.recall_inputs": call(
        memory.recall_inputs, states=array(normal(60, 3), free=(1,)).known_as("states", "inputs"), inputs=array(normal(60)), lags=count(2),
        ridge=number(1e-6, -1.0), train=number(0.6, 0.0, 1.0, -1.0),
    ),
    "rnn.memory_curve": call(
        memory.memory_curve, params=weights(core.init_rnn(1, H, rng=R)).known_as("params", "xs", *Q._fields), rng=generator(),
        noise=number(0.0, -1.0), steps=count(60, least=25).known_as("steps", "states"), lags=count(2),
    ),
    "rnn.recall_score": call(
        memory.recall_score, params=weights(core.init_rnn(2, H, rng=R)).known_as("params", "xs", *Q._fields), T=count(6, least=2), rng=generator(),
        places=count(2, most=6).or_none(), count=count(100), noise=number(0.0, -1.0),
    ),
    "rnn.gradient_lengths": call(
        memory.gradient_lengths, xs=array(XS, free=(0, 1)), params=weights(Q).known_as("params", "xs", *Q._fields), h0=array(H0).or_none(),
    ),
    "rnn.nudge_lengths": call(
        memory.nudge_lengths, xs=array(XS, free=(0, 1)), params=weights(Q).known_as("params", "xs", *Q._fields), h0=array(H0).or_none(),
    ),
    "rnn.gradient_bound": call(
        memory.gradient_bound, W_h=array(normal(3, 3), free=(0, 1)), steps=count(4, least=0), gamma=number(1.0, -1.0),
    ),
    # ------------------------------------------------------------ bptt: shares
    "bptt.split_step": call(
        bptt.split_step, trace=trace().known_as("trace", "grads"), grads=kind(GRADS), dc_last=array(C0).or_none(),
    ),
    "bptt.split_way": call(
        bptt.split_way, dhs=array(DHS), trace=trace().known_as("trace", "grads"), grads=kind(GRADS), dc_last=array(C0).or_none(),
    ),
    "bptt.rnn_jacobians": call(
        bptt.rnn_jacobians, trace=trace(RTRACE, TRACE), params=weights(Q).known_as("params", "trace", *Q._fields),
        sequence=count(0, least=0, most=B - 1),
    ),
    "bptt.lstm_jacobians": call(
        bptt.lstm_jacobians, trace=trace(TRACE), params=weights(P).known_as("params", "trace", *P._fields),
        sequence=count(0, least=0, most=B - 1),
    ),
    "bptt.products_to_end": call(bptt.products_to_end, jacobians=array(normal(4, 3, 3), free=(0,)).without("axis 0 of length 0")),
    "bptt.truncated_backward": call(
        bptt.truncated_backward, dhs=array(DHS), trace=trace(TRACE), params=weights(P).known_as("params", "trace", *P._fields), k=count(2),
    ),
    "bptt.truncated_at_every": call(
        bptt.truncated_at_every, dhs=array(DHS), trace=trace(TRACE), params=weights(P).known_as("params", "trace", *P._fields),
    ),
    "bptt.compare_gradients": call(
        bptt.compare_gradients, given=weights(P, "given").known_as("given", "full", *P._fields), full=weights(P, "full").known_as("full", *P._fields),
    ),
    # ------------------------------------------------------------ bptt: faults
    "bptt.backward_by_steps": call(
        patients.backward_by_steps, dhs=array(DHS), trace=trace(TRACE), params=weights(P).known_as("params", "trace", *P._fields),
        dc_last=array(C0).or_none(), fault=kind(patients.FAULTS["carry"]).or_none(),
    ),
    "bptt.with_fault": call(patients.with_fault, name=choice("carry").or_none()),
    "bptt.step_errors": call(
        patients.step_errors, backward=function(patients.backward_by_steps).known_as("backward"), point=kind(POINT),
        dhs=array(POINT_DHS), steps=array([1e-3, 1e-5], free=(0,)).or_bad(zero=[0.0, 1.0]), dtype=dtype(),
    ),
    "bptt.side_by_side": call(
        abreast.side_by_side, units=kind([gates.LATCH]).or_bad(none=[], other=[3]).known_as("units", "params"), streams=kind([0]).or_bad(none=[], below=[-1], half=[0.5], more=[0, 0]),
    ),
    "bptt.learn_recall": call(
        recalled.learn_recall, unit=kind(gates.LATCH).known_as("units", "params"),
        steps=count(10, least=2), line=number(0.9), rule=choice("adam"),
        sets=kind([0, 1]).or_bad(none=[], half=[0.5, 1], below=[-1, 0], more=[0, 1, 2]), updates=count(2), beyond=count(2, least=0),
    ),
    "bptt.units_after": call(
        recalled.units_after, unit=kind(gates.LATCH).known_as("units", "params"), counts=kind([0, 2]).or_bad(none=[], falling=[2, 1], half=[0.5], below=[-1]), rate=number(3.0), steps=count(16, least=2),
    ),
    "bptt.recall_at": call(
        far_flag.recall_at, places=kind((1, 3)).or_bad(turned=(3, 1), outside=(1, 11), below=(0, 1), half=(0.5, 1), more=(1, 2, 3)), steps=count(10, least=2), sequences=count(4), rng=generator(),
    ),
    "bptt.plain_rnn_learns": call(
        far_flag.plain_rnn_learns, places=kind((1, 3)).or_bad(turned=(3, 1), outside=(1, 11), below=(0, 1), half=(0.5, 1), more=(1, 2, 3)), rule=choice("adam"), recurrent=choice("orthogonal"), steps=count(10, least=2), updates=count(2), rng=generator(),
    ),
    "bptt.twenty_draws": call(
        draws.twenty_draws, cell=choice("lstm"), recurrent=choice("orthogonal"), b_f=number(1.0), strength=number(1.0),
    ),
    "bptt.flagged_sequence": call(draws.flagged_sequence),
    "bptt.left_at_flag": call(draws.left_at_flag, params=kind(gates.LATCH)),
    "bptt.who_passes": call(
        patients.who_passes, T=count(2), zero_start=fixed(False), with_dc=fixed(True),
        only=Arg(("b",), (("unknown", ("nonsense",)), ("number", 3), ("nothing", ()))),
    ),
    "bptt.draw_point": call(
        patients.draw_point, T=count(3), zero_start=fixed(False), D=count(2), H=count(3), B=count(2), rng=generator(),
    ),
    "bptt.examine": call(
        patients.examine, backward=function(patients.backward_by_steps).known_as("backward"),
        point=kind(POINT), dhs=array(POINT_DHS), dc_last=array(normal(2, 3)).or_none(),
        only=Arg(("b",), (("unknown", ("nonsense",)), ("number", 3), ("nothing", ()))),
    ),
    # ------------------------------------------------------------ start
    "start.check_setup": call(setup.check_setup),
    "start.in_kernel": call(setup.in_kernel),
    "start.map_faults": call(setup.map_faults, folder=path("notebooks"), start=path("00_start_here.ipynb")),
    "start.prose_words": call(times.prose_words, text=word("Two words.")),
    "start.length": call(times.length, path=path("notebooks/00_start_here.ipynb")),
    "start.flagged_at": call(
        unit_recall.flagged_at, step=count(3, most=6), T=count(6, least=2).known_as("T", "step"), B=count(2), rng=generator(),
    ),
    "start.one_stream": call(unit_recall.one_stream, step=count(6, most=20), T=count(20, least=2).known_as("T", "step")),
    "start.driven": call(
        unit_recall.driven, xs=array(normal(6, 2, 2), free=(0, 1)), write=gate(), keep=gate(), show=gate(),
    ),
    "start.flag_gates": call(unit_recall.flag_gates, write=array([-3.0, 2.0]), keep=array([2.0, -3.0])),
    "start.latch": call(unit_recall.latch, sure=number(5)),
    "start.by_step": call(unit_recall.by_step, stream=kind(unit_recall.one_stream()), unit=kind(unit_recall.latch())),
    "start.said": call(unit_recall.said, trace=kind(core.lstm_forward(STREAMS.xs, unit_recall.latch()))),
    "start.score": call(
        unit_recall.score, answers=array(normal(3), rank=False), targets=array(normal(3), rank=False).or_bad(zeros=np.zeros(3)).known_as("targets", "answers"),
    ),
    "start.habits": call(
        unit_recall.habits, trace=kind(core.lstm_forward(STREAMS.xs, unit_recall.latch())), flags=array(STREAMS.xs[..., 1]).or_bad(zeros=np.zeros((6, 2))),
    ),
    "start.learner": call(
        unit_learning.learner, seed=count(3, least=0), cell=choice("rnn"), forget_bias=number(3.0), units=count(2),
        w=number(0.5).or_none(), u=number(0.5).or_none(), numbers=count(4, least=2),
    ),
    "start.abreast": call(unit_learning.abreast, runs=kind([unit_learning.learner(1), unit_learning.learner(2)]), steps=count(2)),
    "start.unseen": call(unit_learning.unseen, numbers=count(4, least=2)),
    "start.far_streams": call(unit_learning.far_streams),
    "start.judged": call(unit_learning.judged, model=kind(unit_learning.learner(1).params)),
    "start.scores": call(unit_learning.scores, models=kind([unit_learning.learner(1).params]), streams=kind(STREAMS).known_as("streams", "batch")),
    "start.drift": call(unit_learning.drift, model=kind(unit_learning.learner(1).params)),
    "start.reach": call(unit_learning.reach, model=kind(unit_learning.learner(1).params)),
    "start.of_two_flags": call(unit_learning.of_two_flags, model=kind(unit_learning.learner(1).params)),
    "start.report": call(unit_learning.report, run=kind(unit_learning.learner(1))),
    # ------------------------------------------------------------ tasks
    "tasks.constant_gates": call(
        tasks.constant_gates, f=number(0.9, -0.1, 1.1), i=number(0.5, -0.1, 1.1), g=number(-0.3, -1.1, 1.1), o=number(0.5, -0.1, 1.1),
    ),
    "tasks.eeg": call(
        tasks.eeg, start=count(10, least=0, most=799), length=count(5, most=790).or_none(),
    ),
    "tasks.adding_problem": call(
        tasks.adding_problem, T=count(6, least=4), B=count(2), rng=generator(), protocol=choice("1997"), dtype=dtype(),
    ),
    "tasks.recall_problem": call(tasks.recall_problem, T=count(6, least=2), B=count(2), rng=generator(), places=count(2, most=6).or_none(), dtype=dtype()),
    "tasks.hold_problem": call(tasks.hold_problem, T=count(6, least=2), B=count(2), rng=generator(), dtype=dtype()),
    "tasks.two_sequence_problem": call(
        tasks.two_sequence_problem, T=count(6, least=4), B=count(2), rng=generator(), dtype=dtype(),
    ),
    "tasks.temporal_order": call(tasks.temporal_order, B=count(2), rng=generator(), dtype=dtype()),
    "tasks.long_lag": call(tasks.long_lag, p=count(4, least=2), dtype=dtype()),
    # ------------------------------------------------------------ training
    "training.init_model": call(
        learn.init_model, D=count(2), H=count(3), K=count(2), rng=generator(), forget_bias=number(1.0), dtype=dtype(),
    ),
    "training.derivatives_right": call(
        learn.derivatives_right, loss=function(learn.loss_at_end), model=model(), batch=batch(),
    ),
    "training.init_readout": call(learn.init_readout, H=count(3), K=count(2), rng=generator(), dtype=dtype()),
    "training.readout": call(
        learn.readout, h=array(DHS, free=(0, 1), rank=False, empty=False), params=weights(Y).known_as("params", "h", *Y._fields),
    ),
    "training.readout_backward": call(
        learn.readout_backward, dy=array(normal(T, B, K)), h=array(DHS).known_as("h", "dy"), params=weights(Y).known_as("params", "h", "dy", *Y._fields),
    ),
    "training.mean_squared_error": call(
        learn.mean_squared_error, y=array(normal(3, 2)).known_as("y", "target"), target=array(normal(3, 2)),
    ),
    "training.softmax": call(learn.softmax, z=array(normal(3, 2), free=(0, 1), rank=False, empty=False).or_bad(number=3.0, nothing=np.zeros((3, 0)))),
    "training.softmax_cross_entropy": call(
        learn.softmax_cross_entropy, z=array(normal(3, 2), free=(1,)).known_as("z", "labels"), labels=numbers([0, 1, 1], most=1),
    ),
    "training.is_lstm": call(learn.is_lstm, cell=kind(P)),
    "training.run_cell": call(
        learn.run_cell, xs=array(XS, free=(0, 1)), cell=weights(P, "cell").known_as("cell", "params", "xs", *P._fields), engine=engine(),
    ),
    "training.cell_backward": call(
        learn.cell_backward, dhs=array(DHS), trace=trace(TRACE, RTRACE), cell=weights(P, "cell").known_as("cell", "params", "trace", *P._fields), engine=engine(),
    ),
    "training.answers": call(learn.answers, model=model(), batch=batch(shape=False).without("NaN"), trace=trace().or_none(), engine=engine()),
    "training.flow": call(learn.flow, model=model(RMODEL), batch=batch(), engine=engine()),
    "training.loss_at_end": call(learn.loss_at_end, model=model(), batch=batch(), engine=engine()),
    "training.loss_every_step": call(
        learn.loss_every_step, model=model(), batch=kind((XS, np.zeros((T, B), int))).or_bad(
            **{"a Sequences": BATCH, "no labels": (XS, None), "labels short": (XS, np.zeros(T, int)), "labels large": (XS, np.full((T, B), K)), "NaN": (XS * np.nan, np.zeros((T, B), int))}
        ).known_as("batch", "labels", "xs"), engine=engine(),
    ),
    "training.each_array": call(
        lambda function, trees: learn.each_array(function, *trees), function=function(np.add),
        trees=Arg((Y, Y), (("nothing", ()), ("other forms", (Y, Y.W_y)), ("other lengths", (Y, (Y.W_y,))))), signature=learn.each_array,
    ),
    "training.arrays_of": call(learn.arrays_of, tree=fixed(MODEL)),
    "training.norm": call(
        learn.norm, tree=tree(finite=False),
    ),
    "training.clip_by_norm": call(
        learn.clip_by_norm, grads=tree(),
        limit=number(1.0, 0.0, -1.0),
    ),
    "training.SGD": call(learn.SGD, rate=number(0.1, 0.0, -1.0)),
    "training.Momentum": call(learn.Momentum, rate=number(0.1, 0.0, -1.0), keep=number(0.9, -0.1, 1.0)),
    "training.Adam": call(
        learn.Adam, rate=number(0.1, 0.0, -1.0), keep=number(0.9, -0.1, 1.0), keep_square=number(0.9, -0.1, 1.0), tiny=number(1e-8, 0.0),
    ),
    "training.CoolingAdam": call(learn.CoolingAdam, rate=number(0.1, 0.0, -1.0), steps=count(10)),
    "training.CoolingAdam.start": call(learn.CoolingAdam().start, params=tree()),
    "training.CoolingAdam.step": call(
        learn.CoolingAdam().step, params=weights(Y).without("array").known_as("params", "grads", *Y._fields), grads=weights(Y, "grads").known_as("grads", "params", *Y._fields),
        moments=kind(learn.Adam().start(Y)),
    ),
    **{
        f"training.{kind_.__name__}.start": call(kind_().start, params=tree())
        for kind_ in (learn.SGD, learn.Momentum, learn.Adam)
    },
    **{
        f"training.{kind_.__name__}.step": call(
            kind_().step, params=weights(Y).without("array").known_as("params", "grads", *Y._fields),
            grads=weights(Y, "grads").known_as("grads", "params", *Y._fields),
            moments=moments,
        )
        for kind_, moments in (
            (learn.SGD, fixed(())),
            (learn.Momentum, weights(Y, "moments").without(*(f"{f}: {x}" for f in Y._fields for x in ("NaN", "infinity")))),
            (learn.Adam, kind(learn.Adam().start(Y)).or_bad(**{"of another": learn.Adam().start(Q)})),
        )
    },
    "training.Training": call(
        learn.Training, params=tree(),
        loss=function(square_loss), batches=function(lambda rng: None), optimiser=kind(learn.SGD()), rng=generator().or_bad(other=np.random.Generator(np.random.MT19937(0))),
        clip=number(1.0, 0.0, -1.0).or_none(), carried=Arg((np.ones(2),), (("a word", ("x",)), ("an object", object()))),
    ),
    "training.Training.stop": call(training().stop),
    "training.Training.steps": call(training().steps, count=count(2)),
    "training.Training.save": call(training().save, path=path(SAVED)),
    "training.Training.load": call(training().load, path=path(SAVED)),
    "training.SideBySide": call(
        lambda runs: learn.SideBySide(*runs), runs=Arg((training(),), (("nothing", ()), ("None", (None,)), ("a number", (training(), 3)))), signature=learn.SideBySide,
    ),
    "training.SideBySide.stop": call(learn.SideBySide(training()).stop),
    "training.SideBySide.steps": call(learn.SideBySide(training()).steps, count=count(2)),
    "training.recall_training": call(
        learn.recall_training, cell=weights(PAIR, "cell").known_as("cell", "params", *P._fields), T=count(6, least=2), **problem_training(),
    ),
    "training.adding_training": call(
        learn.adding_training, cell=weights(PAIR, "cell").known_as("cell", "params", *P._fields), T=count(6, least=4), **problem_training(),
    ),
    "training.data_training": call(
        learn.data_training, model=kind(MODEL).or_bad(**{"other sizes": learn.init_model(D + 1, H, K, rng=R)}).known_as("model", "xs"),
        data=kind(data_of(8)).or_bad(**{
            "too few": data_of(3), "NaN": data_of(8, np.nan), "other targets": data_of(8)._replace(targets=normal(8, K + 1)),
            "a draw of others": lambda B, *, rng: data_of(3), "a draw of nothing": lambda B, *, rng: None,
        }).known_as("data", "batch", "xs", "target"),
        B=count(2), optimiser=kind(learn.SGD(0.1)).or_none(), clip=number(1.0, 0.0, -1.0).or_none(), rng=generator(),
    ),
    "training.adding_duel": call(learn.adding_duel, T=count(6, least=4), seed=count(1, least=0), engine=engine(), dtype=dtype()),
    "training.abreast": call(
        learn.abreast, runs=kind([learn.adding_duel(6, seed)[0] for seed in (1, 2)]).or_bad(others=[training()], two_kinds=list(learn.adding_duel(6))).known_as("runs", "model"),
        steps=count(2), below=number(0.5).or_none(), width=count(2), change=function(lambda grads: grads).or_none(),
    ),
    "training.forced": call(leaks.forced, model=model(UNIT), shut=fixed(True), opened=fixed(True)),
    "training.unseeing": call(leaks.unseeing, model=model(UNIT), gates=choice("ig").without("a list"), h=number(0.5).known_as("h", "W_h")),
    "training.losses": call(leaks.losses, model=model(UNIT), batch=batch(STREAMS)),
    "training.blinded": call(leaks.blinded, model=model(UNIT), batch=batch(STREAMS), gates=choice("ig").without("a list")),
    "training.after_flag": call(leaks.after_flag, batch=batch(STREAMS, shape=False)),
    "training.drift": call(leaks.drift, cells=array(normal(7, 2), empty=False), batch=batch(STREAMS, shape=False), bins=count(2)),
    "training.table": call(table, columns=fixed(["a"]), rows=kind({"x": [1]}), digits=count(3, least=0), marked=fixed(())),
    "training.smoothed": call(learn.smoothed, losses=array(normal(5), free=(0,), empty=False, finite=False), width=count(2)),
    "training.solved_at": call(
        learn.solved_at, losses=array(normal(5), free=(0,), empty=False, finite=False), below=number(0.1), width=count(2),
    ),
    "training.bowl": call(learn.bowl, params=weights(learn.init_readout(1, 1, rng=R)).known_as("params", "h", "target", "W_y", "b_y")),
    "training.bowl_curvatures": call(learn.bowl_curvatures),
    "training.cliff": call(
        learn.cliff, w=array(normal(3)).known_as("w", "b"), b=array(normal(3)),
    ),
    "training.cliff_descents": call(
        learn.cliff_descents, ws=array(normal(3), free=(0,)), rate=number(0.1, 0.0, -1.0), limit=number(1.0, 0.0, -1.0).without("infinity"), steps=count(2),
    ),
    # ------------------------------------------------------------ annealing
    "annealing.acceptance": call(
        anneal.acceptance, change=array(normal(3), free=(0,), rank=False, empty=False).without("infinity"), temperature=number(1.0, -1.0),
    ),
    "annealing.geometric_cooling": call(
        anneal.geometric_cooling, start=number(1.0, -1.0), cooling=number(0.9, 0.0, 1.1, -1.0), count=count(3),
    ),
    "annealing.cooled": call(
        comparisons.cooled, start=number(1.0, -1.0), looks=count(3, 2),
    ),
    "annealing.recall_found": call(comparisons.recall_found, which=choice("best")),
    "annealing.highest_climbs": call(
        anneal.highest_climbs, temperatures=array(np.ones(3), free=(0,), rank=False, empty=False).or_bad(negative=-np.ones(3)), rng=generator(),
    ),
    "annealing.linear_cooling": call(anneal.linear_cooling, start=number(1.0, -1.0), count=count(3)),
    "annealing.anneal": call(
        anneal.anneal, loss=LOSS, start=tree(), temperatures=array(np.ones(3), free=(0,), empty=False).or_bad(negative=-np.ones(3)),
        step=number(0.1, 0.0, -1.0), rng=generator(), until=number(0.0).without("None"), path=fixed(False),
    ),
    "annealing.walk": call(
        anneal.walk, loss=LOSS, start=array(normal(2), free=(0,)).known_as("start", "propose(place, rng)"), temperatures=array(np.ones(3), free=(0,), empty=False).or_bad(negative=-np.ones(3)),
        propose=function(lambda place, rng: place + rng.normal(size=place.shape)).or_bad(other=lambda place, rng: np.zeros(7), words=lambda place, rng: "a"), rng=generator(),
    ),
    "annealing.guess": call(
        anneal.guess, loss=LOSS, draw=function(lambda rng: rng.normal(size=2)), count=count(3), rng=generator(), until=number(0.0).without("None"), path=fixed(True),
    ),
    "annealing.descend": call(
        anneal.descend, loss_and_grad=function(square_loss).or_bad(**{"no pair": lambda p: 3.0, "NaN": lambda p: (np.nan, p)}).known_as("loss_and_grad", "loss"), start=tree(),
        optimiser=kind(learn.SGD()), count=count(2), until=number(0.0).without("None"), path=fixed(False),
    ),
    "annealing.anneal_many": call(
        anneal.anneal_many, loss=function(lambda p: (p**2).sum(axis=1)).or_bad(one=lambda p: 1.0, words=lambda p: "1", NaN=lambda p: np.full(len(p), np.nan)),
        starts=array(normal(4, 2), free=(1,)).known_as("starts", "temperatures"), temperatures=array(np.ones((3, 4)), free=(0,)).without("axis 0 of length 0").or_bad(negative=-np.ones((3, 4))),
        step=number(0.1, 0.0, -1.0).or_bad(row=np.ones((1, 4))), rng=generator().or_bad(none=[], seeds=[1, 2], three=[R, R, R]),
    ),
    "annealing.tour_lengths": call(tours.tour_lengths, maps=maps_of_cities(), tours=tours_of_cities(1)),
    "annealing.reversal_change": call(
        tours.reversal_change, maps=maps_of_cities(), tours=tours_of_cities(), first=numbers(np.array([1, 2]), most=4).known_as("first", "last").without("axis 0 of length 0"),
        last=numbers(np.array([3, 4]), most=4).known_as("last", "first").without("axis 0 of length 0"),
    ),
    "annealing.way_out": call(tours.way_out, cities=array(np.random.default_rng(1).random((1, 5, 2))).known_as("cities", "maps", "tours"), tour=numbers(np.arange(5), most=4).known_as("tour", "tours", "maps")),
    "annealing.anneal_tours": call(
        tours.anneal_tours, maps=maps_of_cities(), starts=tours_of_cities().known_as("starts"), temperatures=array(np.ones((3, 4)), free=(0,)).or_bad(negative=-np.ones((3, 4))),
        rng=generator(), every=count(2).or_none(),
    ),
    "annealing.double_bridge": call(tours.double_bridge, tours=tours_of_cities().without("odd").or_bad(three=np.tile(np.arange(3), (2, 1))), rng=generator()),
    "annealing.guess_tours": call(tours.guess_tours, maps=maps_of_cities(free=(0, 1)), count=count(3), rng=generator()),
    "annealing.evaluations_until": call(anneal.evaluations_until, search=kind(search()), level=number(0.1).without("infinity")),
    "annealing.two_class_loss": call(anneal.two_class_loss, model=model(), batch=batch()),
    "annealing.two_class_error": call(anneal.two_class_error, model=model(), batch=batch()),
    "annealing.share_right": call(anneal.share_right, model=model(), batch=batch()),
    "annealing.side_by_side": call(
        anneal.side_by_side, cells=weights(core.LSTMParams(*(np.stack([p, p]) for p in P)), "cells").without("W_x: axis 1 longer"),
    ),
    "annealing.valley_loss": call(landscape.valley_loss, places=array(normal(4, 2), free=(0,), empty=False)),
    "annealing.valley_gradient": call(landscape.valley_gradient, places=array(normal(4, 2), free=(0,), empty=False)),
    "annealing.valley_map": call(landscape.valley_map, columns=count(3), rows=count(2)),
    "annealing.descent_path": call(
        landscape.descent_path, start=array(normal(2)).known_as("start", "places"), rate=number(0.1, 0.0, -1.0), count=count(2),
    ),
    "annealing.walled": call(landscape.walled, loss=function(lambda p: p.sum(axis=1))),
    "annealing.Crowd": call(
        many.Crowd, form=model().known_as("form", "model"), batches=kind([BATCH]).or_bad(none=[], words=["a"], other=[BATCH._replace(xs=BATCH.xs[..., :1])]).known_as("batches", "batch", "xs"), parts=count(1), two_class=fixed(True), dtype=dtype(),
    ),
    "annealing.Crowd.rows": call(CROWD.rows, models=kind([MODEL]).or_bad(words=["a"], other=[RMODEL]).known_as("models", "model")),
    "annealing.Crowd.model": call(CROWD.model, row=array(ROWS[0]).known_as("row")),
    "annealing.Crowd.answers": call(CROWD.answers, rows=array(ROWS, free=(0,))),
    "annealing.Crowd.shares_right": call(many.Crowd(MODEL, [BATCH], two_class=True).shares_right, rows=array(ROWS, free=(0,))),
    "annealing.Crowd.losses": call(CROWD.losses, rows=array(ROWS, free=(0,))),
    "annealing.Crowd.gradients": call(CROWD.gradients, rows=array(ROWS, free=(0,))),
    "annealing.recall_hunt": call(hunt.recall_hunt, count=count(2), B=count(3)),
    "annealing.r_squared": call(hunt.r_squared, crowd=kind(CROWD), rows=array(ROWS, free=(0,))),
    "annealing.anneal_all": call(
        many.anneal_all, crowd=kind(CROWD), starts=array(ROWS, free=(0,)).known_as("starts", "rows"),
        schedules=array(np.ones((2, 3)), free=(0, 1)).known_as("schedules", "temperatures").without("axis 1 of length 0").or_bad(negative=-np.ones((2, 3))), step=number(0.1, 0.0, -1.0).without("two").or_bad(three=[1.0, 2.0, 3.0]), rng=generator(),
    ),
    "annealing.guess_all": call(many.guess_all, crowd=kind(CROWD), width=number(1.0, 0.0, -1.0), count=count(2), around=number(0.5).without("two").or_bad(two=[1.0, 2.0]), rng=generator()),
    "annealing.descend_all": call(
        many.descend_all, crowd=kind(CROWD), starts=array(ROWS, free=(0,)).known_as("starts", "rows"), rates=array([0.1, 0.2], free=(0,)).or_bad(negative=[0.1, -0.1], zero=[0.0, 0.1]), count=count(2),
    ),
    "annealing.learn_fresh": call(
        many.learn_fresh, crowd=kind(CROWD), starts=array(ROWS, free=(0,)).known_as("starts", "rows"), problem=function(lambda n, rng: tasks.Sequences(rng.random((T, n, D)), rng.random((n, K)), np.full(n, T - 1))),
        rate=number(0.1, 0.0, -1.0), count=count(1), rng=generator(),
    ),
    # ------------------------------------------------------------ simulation: text
    "simulation.standard_library": call(text.standard_library),
    "simulation.encode": call(text.encode, text=word("abc")),
    "simulation.decode": call(text.decode, ids=numbers([1, 2, 3], most=text.V - 1, free=(0,), empty=False)),
    "simulation.library_ids": call(text.library_ids, part=choice("search")),
    "simulation.one_hot": call(text.one_hot, ids=numbers([1, 2, 3], most=text.V - 1, free=(0,), rank=False, empty=False)),
    "simulation.windows": call(
        text.windows, row=array(IDS, free=(0,)).known_as("row", "T", "fresh"), B=count(3), T=count(4, most=len(IDS)), fresh=fixed(None),
    ),
    "simulation.copied": call(
        text.copied, row=numbers(IDS, most=text.V - 1, free=(0,), empty=False), known=numbers(IDS[:20], most=text.V - 1, free=(0,), empty=False), length=count(5),
    ),
    "simulation.fresh_part": call(text.fresh_part, part=choice("search")),
    "simulation.count_ngrams": call(
        text.count_ngrams, ids=numbers(IDS, most=text.V - 1, free=(0,)).known_as("ids", "where"), order=count(2, most=9),
        where=Arg(np.ones(len(IDS), bool), (("nowhere", np.zeros(len(IDS), bool)), ("longer", np.ones(len(IDS) + 1, bool)), ("a word", "x"))),
    ),
    "simulation.inside_costs": call(
        text.inside_costs, held=numbers(HELD, most=text.V - 1, free=(0, 1)), warm=count(7, least=0, most=len(HELD) - 1), order=count(1, most=6),
    ),
    "simulation.open_brackets": call(text.open_brackets, source=word("x = (1)\n")),
    "simulation.line_brackets": call(text.line_brackets, reading=kind(READING)),
    "simulation.opened_on_line": call(reading.opened_on_line, ids=numbers(np.array([[1, 2], [3, 4]]), most=text.V - 1, free=(0, 1), empty=False)),
    "simulation.with_line": call(text.with_line, reading=kind(READING)),
    "simulation.line_places": call(text.line_places, reading=kind(READING)),
    "simulation.cost_by_kind": call(
        text.cost_by_kind, model=model(WRITER), reading=kind(READING), warm=count(2, least=0, most=len(_ROWS) - 2),
    ),
    "simulation.kept": call(
        text.kept, searched=kind(READING).known_as("searched", "reading"), reading=kind(READING), unit=count(1, least=0, most=H - 1), steps=count(3, least=2).or_bad(long=9999),
    ),
    "simulation.table_size": call(text.table_size, order=count(1, most=6)),
    **{f"simulation.{f.__name__}": call(
        f, tables=Arg(TABLES, (("None", None), ("nothing", []), ("no table", [3]), ("orders", TABLES[1:]))),
        held=numbers(HELD, most=text.V - 1, free=(0, 1)), warm=count(2, least=0, most=len(HELD) - 1),
    ) for f in (text.interpolated_costs,)},
    "simulation.ladder_costs": call(
        text.ladder_costs, held=numbers(HELD, most=text.V - 1, free=(0, 1)), warm=count(7, least=0, most=len(HELD) - 1),
    ),
    "simulation.counted_share": call(
        text.counted_share, held=numbers(HELD, most=text.V - 1, free=(0, 1)), symbols=word("()", ("nothing", "")),
        warm=count(7, least=0, most=len(HELD) - 1), order=count(3, most=6),
    ),
    "simulation.times_seen": call(
        text.times_seen, table=Arg(TABLES[1], (("None", None), ("no table", 3))),
        held=numbers(HELD, most=text.V - 1, free=(0, 1)), warm=count(2, least=0, most=len(HELD) - 1),
    ),
    "simulation.model_bits": call(
        text.model_bits, model=model(WRITER), held=numbers(HELD, most=text.V - 1, free=(0, 1)), warm=count(2, least=0, most=len(HELD) - 1),
    ),
    "simulation.Stream": call(
        text.Stream, ids=numbers(IDS, most=text.V - 1, free=(0,)), B=count(2), T=count(3), H=count(4), rng=generator(), dtype=dtype(), engine=engine(),
    ),
    "simulation.Stream.batch": call(STREAM.batch, at=kind(STREAM.start)),
    "simulation.Stream.chunks": call(STREAM.chunks),
    "simulation.Stream.loss": call(STREAM.loss, model=model(WRITER), batch=kind(STREAM.batch(STREAM.start)), at=kind(STREAM.start)),
    "simulation.text_training": call(
        text.text_training, ids=numbers(IDS, most=text.V - 1, free=(0,)), H=count(3), T=count(4), B=count(2), steps=count(10),
        rate=number(0.1, 0.0, -1.0), rng=generator(), engine=engine(),
    ),
    "simulation.costs": call(text.costs, model=model(WRITER), reading=kind(READING)),
    "simulation.kinds": call(text.kinds, reading=kind(READING)),
    "simulation.closings": call(text.closings, reading=kind(READING)),
    "simulation.depths": call(text.depths, reading=kind(READING)),
    "simulation.gates_of": call(
        text.gates_of, model=model(WRITER), reading=kind(READING), unit=count(1, least=0, most=H - 1),
    ),
    "simulation.around": call(
        text.around, values=array(normal(20, 2)).known_as("values", "event"), event=array(np.arange(40).reshape(20, 2) == 20), back=count(4, least=0).or_bad(long=30).known_as("back", "event"),
        on=count(8, least=0).or_bad(long=30).known_as("on", "event"), q=number(0.5, -0.1, 1.1).or_none(),
    ),
    "simulation.turns": call(text.turns, mark=array(np.arange(40).reshape(20, 2) == 20, free=(0, 1), empty=False)),
    "simulation.next_shares": call(
        text.next_shares, h=array(normal(B, H), free=(0,), rank=False, empty=False), params=weights(WRITER.readout).known_as("params", "h", *Y._fields), temperature=number(1.0, -1.0),
    ),
    "simulation.states_of": call(
        writing.states_of, cell=weights(WRITER.cell).known_as("cell", "params", *P._fields), ids=numbers(np.array([[1, 2], [3, 4]]), most=text.V - 1, free=(0, 1), empty=False),
    ),
    "simulation.states_after": call(text.states_after, model=model(WRITER), text=word("abc", ("empty", ""))),
    "simulation.write": call(
        text.write, model=model(WRITER), h=array(normal(1, H)).known_as("h", "h_prev"), c=array(normal(1, H)).known_as("c", "c_prev"), count=count(3),
        temperature=number(1.0, -1.0), rng=generator(),
        held=Arg((1, 0.5), (("a number", 3), ("a word", "x"), ("one", (1,)), ("no unit", (H, 0.5)), ("half a unit", (0.5, 0.5)), ("NaN", (1, np.nan)), ("no value", (1, None)))),
    ),
    "simulation.marks": call(text.marks, source=word("x = 1\n")),
    "simulation.labelled": call(
        text.labelled, sources=Arg({"a": "x = 1\n"}, (("None", None), ("word", "x"), ("a list", ["x = 1"]), ("nothing", {}), ("bytes", {"a": b"x"}))),
    ),
    "simulation.read": call(text.read, model=model(WRITER), part=choice("measure"), B=count(2), T=count(5)),
    "simulation.scores": call(text.scores, reading=kind(READING), mark=choice("string")),
    "simulation.correlation": call(
        text.correlation, shown=array(normal(3, 2, 4)).without("axis 2 longer").known_as("shown", "mark"), mark=array(R.random((3, 2))),
    ),
    "simulation.chosen_and_control": call(text.chosen_and_control, reading=kind(READING), mark=choice("string")),
    "simulation.levels": call(
        text.levels, reading=kind(READING), unit=count(1, least=0, most=H - 1), mark=choice("string"),
    ),
    "simulation.clamped_forward": call(
        text.clamped_forward, xs=array(XS, free=(0, 1)), params=weights(P).known_as("params", "xs", *P._fields), units=numbers([0, -1], most=H - 1, rank=False), values=array(normal(B), rank=False),
        h0=array(H0).or_none(), c0=array(C0).or_none(),
    ),
    "simulation.share_of": call(
        text.share_of, model=model(WRITER), h=array(normal(B, H), free=(0,), rank=False, empty=False), symbols=word("()"),
    ),
    "simulation.clamp_every_cell": call(
        text.clamp_every_cell, model=model(WRITER), searched=kind(READING).known_as("searched", "reading"), reading=kind(READING), mark=choice("string"), symbols=word("()"), at_once=count(2),
    ),
    "simulation.nearest_matches": call(
        text.nearest_matches, reading=kind(READING), unit=count(1, least=0, most=H - 1), sign=number(1, 0, 2), count=count(1, most=B),
        before=count(3, least=0).or_bad(long=99), after=count(2, least=0).or_bad(long=99),
    ),
    "simulation.watch_line": call(
        text.watch_line, searched=kind(READING).known_as("searched", "reading"), reading=kind(READING), unit=count(1, least=0, most=H - 1),
    ),
    "simulation.inside_and_outside": call(text.inside_and_outside, reading=kind(READING), mark=choice("string")),
    "simulation.mean_and_error": call(
        text.mean_and_error, values=array(normal(20, 2)).known_as("values", "where"), where=array(np.arange(40).reshape(20, 2) % 3 == 0).known_as("where", "values"),
    ),
    "simulation.times_as_likely": call(
        text.times_as_likely, held=array(R.random((20, 2)) + 0.1).known_as("held", "free", "where"), free=array(R.random((20, 2)) + 0.1).known_as("free", "held", "where"), where=array(np.arange(40).reshape(20, 2) % 3 == 0).known_as("where", "free", "held"),
    ),
    "simulation.hold": call(
        text.hold, model=model(WRITER), reading=kind(READING), sets=Arg({"a": "()"}, (("None", None), ("a word", "()"), ("nothing", {}), ("a number", {"a": 3}))),
        unit=count(1, least=-1, most=H - 1).known_as("unit", "units"), value=number(0.5),
    ),
    "simulation.hold_ends": call(
        text.hold_ends, model=model(WRITER), searched=kind(READING).known_as("searched", "reading"), reading=kind(READING), mark=choice("string"), sets=Arg({"a": "()"}, (("None", None), ("a word", "()"), ("nothing", {}), ("a number", {"a": 3}))),
        cells=Arg((0, 1), (("None", None), ("a number", 3), ("no cell", (H,)))).known_as("cells", "unit"), control=count(1, least=0, most=H - 1),
    ),
    "simulation.ends_times": call(
        text.ends_times, held=kind(ENDS).or_bad(**{"none free": {(1, "on"): ENDS["free"]}}), name=choice("a").known_as("name"),
        inside=array(_PLACES).known_as("inside", "where"), outside=array(~_PLACES).known_as("outside", "where"),
    ),
    "simulation.further_bits": call(
        text.further_bits, held=kind(ENDS).or_bad(**{"none free": {(1, "on"): ENDS["free"]}}), places=Arg({"a": _ALL}, (("None", None), ("a list", [_ALL]), ("too short", {"a": _ALL[:-1]}), ("a number", {"a": 3}))).known_as("places", "where"),
        keys=Arg([(1, "on")], (("None", None), ("a word", "on"), ("nothing", []), ("no cell", [(0, "on")]), ("a list in it", [[1, "on"]]))),
    ),
    "simulation.search_network": call(
        text.search_network, model=model(WRITER), mark=choice("string"), symbols=word("()"), B=count(2), T=count(40),
    ),
    "simulation.measure_again": call(
        text.measure_again, model=model(WRITER), searched=kind(READING).known_as("searched", "reading"), every=Arg(text.EveryCell(np.ones(H), np.ones(H)), (("None", None), ("a number", 3), ("too few", text.EveryCell(np.ones(1), np.ones(1))))),
        mark=choice("string"), symbols=word("()"), B=count(2), T=count(40), others=count(1),
    ),
    "simulation.judged_tables": call(text.judged_tables),
    "simulation.sizes": call(text.sizes, model=model(WRITER), steps=count(3, least=0)),
    "simulation.drafts": call(
        text.drafts, model=model(WRITER), start=word("abc", ("empty", "")).known_as("start", "text"), count=count(3), temperature=number(1.0, -1.0), texts=count(2),
        held=Arg(None, (("a number", 3), ("no unit", (H, 0.5)))).or_none(),
    ),
    "simulation.trained_run": call(text.trained_run, seed=count(1, least=0), steps=count(1).or_none()),
    "simulation.watch": call(
        text.watch, searched=kind(READING).known_as("searched", "reading"), reading=kind(READING), unit=count(1, least=0, most=H - 1),
    ),
    "simulation.store_writer": call(
        text.store_writer, model=model(WRITER), about=Arg({}, (("None", None), ("word", "x"))), path=path(f"{tempfile.gettempdir()}/writer.npz"),
    ),
    "simulation.suspects": call(text.suspects, reading=kind(READING)),
    "simulation.held_curves": call(
        text.held_curves, model=model(WRITER), found=Arg({"string": text.Suspect(1, 0.5, 0, 0.1, (-1.0, 1.0), (-1.0, 1.0))}, (("None", None), ("word", "string"), ("a number", {"string": 3}), ("no mark", {"x": text.Suspect(1, 0.5, 0, 0.1, (-1.0, 1.0), (-1.0, 1.0))}), ("no unit", {"string": text.Suspect(H, 0.5, 0, 0.1, (-1.0, 1.0), (-1.0, 1.0))}))),
        B=count(2), T=count(40),
    ),
    "simulation.clamp_effect": call(
        text.clamp_effect, model=model(WRITER), reading=kind(READING), mark=choice("string"), symbols=word("()"),
        unit=count(1, least=-1, most=H - 1).known_as("unit", "units"), value=number(0.5).known_as("value", "values"),
    ),
    # ------------------------------------------------------------ simulation: forecast
    "simulation.Windows.last": call(WINDOWS.last, w=count(3, most=6)),
    "simulation.windows_of": call(forecast.windows_of, signal=array(SIGNAL, free=(0, 1)), W=count(4).known_as("W", "signal"), K=count(2)),
    "simulation.eeg_windows": call(forecast.eeg_windows, split=count(560, least=48, most=752)),
    "simulation.mean_forecast": call(forecast.mean_forecast, xs=array(WINDOWS.xs, free=(0, 1, 2)), K=count(3)),
    "simulation.persistence": call(forecast.persistence, xs=array(WINDOWS.xs, free=(0, 1, 2)), K=count(3)),
    "simulation.fit_linear": call(
        forecast.fit_linear, xs=array(WINDOWS.xs, free=(0,)).known_as("xs", "ahead"), ahead=array(WINDOWS.ahead[-1], free=(1,)),
    ),
    "simulation.linear_forecast": call(
        forecast.linear_forecast, xs=array(WINDOWS.xs, free=(1,)).known_as("xs", "coefficients"), coefficients=array(COEFFICIENTS, free=(1,)).or_bad(odd=COEFFICIENTS[:, 1:]),
    ),
    "simulation.lstm_forecast": call(
        forecast.lstm_forecast, model=model(FORECASTER), xs=array(WINDOWS.xs, free=(0, 1)).known_as("xs", "model"), change=fixed(True),
    ),
    "simulation.forecast_loss": call(
        forecast.forecast_loss, model=model(FORECASTER), batch=kind(WINDOWS).or_bad(
            NaN=WINDOWS._replace(xs=WINDOWS.xs * np.nan), short=WINDOWS._replace(ahead=WINDOWS.ahead[:-1]), none=WINDOWS._replace(ahead=None),
            flat=WINDOWS._replace(xs=WINDOWS.xs[0]),
        ).known_as("batch", "xs", "ahead"), change=fixed(False), warm=count(2, least=0, most=5),
    ),
    "simulation.forecast_training": call(
        forecast.forecast_training, learn=kind(WINDOWS), H=count(3), B=count(2), rate=number(0.1, 0.0, -1.0), change=fixed(True), rng=generator(),
    ),
    "simulation.rms_error": call(
        forecast.rms_error, said=array(WINDOWS.ahead[0]).known_as("said", "ahead"), ahead=array(WINDOWS.ahead[0]),
    ),
    # ------------------------------------------------------------ replication: grammar, variants
    "replication.reber_string": call(grammar.reber_string, rng=generator()),
    "replication.embedded_string": call(grammar.embedded_string, rng=generator()),
    "replication.embedded_sets": call(grammar.embedded_sets, count=count(3), rng=generator(), distinct=fixed(False)),
    "replication.continual_stream": call(grammar.continual_stream, rng=generator()),
    "replication.code": call(grammar.code, strings=kind(STRINGS).or_bad(texts=["BTE"]).without("nothing"), dtype=dtype()),
    "replication.places": call(grammar.places, text=Arg("BTBTXSETE", (("None", None), ("number", 3), ("nothing", ""), ("short", "BTE"), ("another grammar", "BTBTXSETT"), ("cut", "BTBTXSTE")))),
    "replication.right_steps": call(
        grammar.right_steps, y=array(normal(2, 7)).known_as("y", "legal"), legal=array(np.eye(2, 7)),
    ),
    "replication.init_variant": call(
        variants.init_variant, variant=choice("GRU"), D=count(3), H=count(4), rng=generator(),
        within=number(0.1, 0.0, -1.0).or_none(), biases=kind({"r": -1.0}).or_none().or_bad(column={"f": 1.0}, shape={"r": [1.0, 2.0]}, NaN={"r": np.nan}, text={"r": "x"}), dtype=dtype(),
    ),
    "replication.forward": call(
        variants.forward, xs=array(XS, free=(0, 1)), params=weights(P).known_as("params", "xs", *P._fields), variant=choice("modern"),
        state0=kind((H0, C0)).or_none().or_bad(one=(H0,), short=(H0[:1], C0), NaN=(H0 * np.nan, C0), words=(H0, "x")).known_as("state0", "h0", "c0"),
    ),
    "replication.backward": call(
        variants.backward, dhs=array(DHS), trace=trace(VARIANT), params=weights(P).known_as("params", "trace", *P._fields),
    ),
    "replication.Trace.over_time": call(VARIANT.over_time, name=choice("f")),
    # ------------------------------------------------------------ replication: trials
    "replication.Blocks": call(
        replication.Blocks, inputs=count(2), outputs=count(2), blocks=count(2), size=count(2), forget=fixed(True),
        output_gate=fixed(True), gates_feed=fixed(True), recurrent=fixed(True), biases=kind(("gates",)).without("nothing").or_bad(other=("gate",)),
        shortcut=fixed(False), g_within=number(2.0, 0.0, -1.0), h_within=number(1.0, 0.0, -1.0), plain=fixed(False),
    ),
    "replication.Blocks.gate": call(NET.gate, kind=choice("f")),
    "replication.Blocks.wiring": call(NET.wiring),
    "replication.init_blocks": call(
        lambda net, within, rngs, biases: replication.init_blocks(net, within, rngs=rngs, **biases),
        net=kind(NET), within=number(0.1, 0.0, -1.0), rngs=rngs(0),
        biases=Arg({"f": (1.0, 2.0)}, (("other", {"x": 1.0}), ("few", {"f": (1.0,)}), ("NaN", {"f": (1.0, np.nan)}), ("text", {"f": "ab"}))),
        signature=replication.init_blocks,
    ),
    "replication.blocks_forward": call(
        replication.blocks_forward, xs=array(BLOCK_XS, free=(0, 2)), params=blocks(), net=kind(NET),
    ),
    "replication.blocks_backward": call(
        replication.blocks_backward, da=array(BLOCK_DA), trace=kind(BLOCK_TRACE).or_bad(of_another=replication.blocks_forward(LAG.task.draw(2, RNGS[0]).xs[:, None], replication.BlockParams(*(p[:1] for p in LAG_BLOCKS)), LAG.net)[1]),
        params=blocks(), net=kind(NET),
    ),
    "replication.BlockModel.forward": call(BLOCK_MODEL.forward, xs=array(BLOCK_XS, free=(0, 2)), params=blocks()),
    "replication.BlockModel.backward": call(BLOCK_MODEL.backward, da=array(BLOCK_DA), trace=kind(BLOCK_TRACE), params=blocks()),
    "replication.at_the_end": call(
        replication.at_the_end, sequences=batch().known_as("batch", "xs", "last", "targets", "target"),
    ),
    "replication.train_trials": call(
        replication.train_trials, params=kind(LAG_BLOCKS).without("array"), model=model(LAG_MODEL), task=kind(LAG.task), optimiser=kind(learn.SGD(0.1)), rngs=rngs(), cap=count(2),
        loss=choice("entropy"), tests=count(3),
    ),
    "replication.learn_without_cells": call(
        replication.learn_without_cells, params=blocks(LAG_BLOCKS), net=kind(LAG.net), task=kind(LAG.task), rate=number(0.1, 0.0, -1.0), rngs=rngs(), count=count(2, 0),
    ),
    "replication.settle_without_cells": call(
        replication.settle_without_cells, params=blocks(LAG_BLOCKS), net=kind(LAG.net), task=kind(LAG.task), rate=number(0.1, 0.0, -1.0), rngs=rngs(),
    ),
    "replication.with_weights": call(replication.with_weights, net=kind(LAG.net), weights=array(np.ones(int(sum(w.sum() for w in LAG.net.wiring()))))),
    "replication.VariantModel.start": call(VARIANT_MODEL.start, D=count(3), H=count(2), P=count(2), rngs=rngs(0)),
    "replication.VariantModel.forward": call(
        VARIANT_MODEL.forward, xs=array(BLOCK_XS, free=(0, 2)), params=readers(),
        state0=kind((np.zeros((2, B, H)),)).or_none().or_bad(NaN=(np.full((2, B, H), np.nan),)).known_as("state0", "h0"),
    ),
    "replication.VariantModel.backward": call(VARIANT_MODEL.backward, da=array(BLOCK_DA), trace=kind(VARIANT_TRACE), params=readers()),
    "replication.string_trials": call(
        replication.string_trials, params=readers(), model=model(VARIANT_MODEL), sets=kind([SETS, SETS]).or_bad(one=[SETS], bare=SETS, words=["a", "b"]), optimiser=kind(learn.SGD(0.1)), rngs=rngs(), cap=count(2), every=count(1),
    ),
    "replication.stream_trials": call(
        replication.stream_trials, params=readers(), model=model(VARIANT_MODEL), optimiser=kind(learn.SGD(0.1)), rngs=rngs(), chunks=count(2), length=count(3),
        test=count(20).or_bad(odd=25),
    ),
    "replication.adding_protocol": call(replication.adding_protocol, T=count(10, 4)),
    "replication.order_protocol": call(replication.order_protocol),
    "replication.lag_protocol": call(replication.lag_protocol, p=count(10, 2)),
    "replication.reber_protocol": call(replication.reber_protocol, blocks=count(4), size=count(1), rate=number(0.1, 0.0, -1.0)),
    "replication.stored_results": call(replication.stored_results),
    "replication.wilson": call(replication.wilson, solved=count(3, 0, 10), trials=count(10), z=number(1.96, 0.0, -1.0)),
    "replication.bootstrap": call(replication.bootstrap, values=array(normal(4), free=(0,)), rng=generator(), draws=count(10)),
    "replication.RealTime": call(replication.RealTime, params=blocks(), net=kind(NET).or_bad(plain=LAG.net).known_as("net", "output", "hidden"), online=fixed(True)),
    "replication.RealTime.step": call(
        real_time().step, x=array(normal(2, 7)), target=array(normal(2, 7)).or_none(), rate=number(0.1, -1.0).without("two"),
    ),
    "replication.RealTime.reset": call(real_time().reset, which=masks()),
    "replication.RealTime.keep": call(lambda which: real_time().keep(which), which=masks()),
    "replication.reber_trials": call(
        replication.reber_trials, params=blocks(), net=kind(NET), sets=kind([SETS, SETS]).or_bad(one=[SETS], texts=["x", "y"]), rate=number(0.1, -1.0).without("two"), rngs=rngs(), cap=count(2), every=count(1),
        online=fixed(True), aim=choice("legal"),
    ),
    "replication.continual_trials": call(
        replication.continual_trials, params=blocks(), net=kind(NET), rngs=rngs(), symbols=count(10, 4), rate=number(0.1, -1.0), decay=number(1.0, -1.0), reset=fixed(False),
        every=count(4, 1, 10).known_as("every", "symbols"), longest=count(20), tests=count(2), cap=count(3),
    ),
    # ------------------------------------------------------------ beyond
    "beyond.require_torch": call(interop.require_torch),
    "beyond.torch_or_none": call(interop.torch_or_none),
    "beyond.to_torch": call(interop.to_torch, params=weights(P).without("W_x: axis 0 longer")),
    "beyond.from_torch": call(interop.from_torch, module=kind(MODULE)),
    "beyond.gradients_from_torch": call(interop.gradients_from_torch, module=kind(LEARNED).or_bad(**{"no gradient": MODULE})),
    "beyond.start": call(distributed.start, plan=plan()),
    "beyond.in_numpy": call(distributed.in_numpy, plan=plan()),
    "beyond.in_torch": call(
        distributed.in_torch, plan=plan(), rank=count(0, least=0, most=0), world=count(1).without("too large"),
        saving=saving(),
    ),
    "beyond.clip_by_norm": call(
        distributed.clip_by_norm, weights=Arg(WEIGHTS, (("None", None), ("number", 3), ("arrays", [np.ones(2)]), ("no gradient", NO_GRADIENT))),
        limit=number(1.0, 0.0, -1.0),
    ),
    "beyond.average": call(distributed.average, tensor=kind(TENSOR), world=count(1)),
    "beyond.agreed": call(
        distributed.agreed, weights=Arg(WEIGHTS, (("None", None), ("number", 3), ("nothing", []), ("arrays", [np.ones(2)]))), world=count(1),
    ),
    "beyond.command": call(
        distributed.command, plan=plan(), processes=count(2), path=path("RESULT.npz"), meeting=path("MEETING"), saving=saving(),
    ),
    "beyond.launch": call(
        distributed.launch, plan=plan(), processes=count(2).or_bad(**{"not a share": 5}).known_as("processes", "B"),
        save_every=count(None).without("None"), kill=count(0, 0).or_bad(nowhere=3).known_as("kill", "save_every"), timeout=number(1, 0.0, -1.0),
    ),
    # ------------------------------------------------------------ practice
    "practice.mask_of": call(
        padding.mask_of, lengths=numbers(np.array([3, 5]), most=5, free=(0,)), T=count(5).known_as("T", "lengths"), side=choice("left"),
    ),
    "practice.last_real": call(padding.last_real, mask=real_steps()),
    "practice.read_last": call(
        padding.read_last, states=array(DHS, free=(2,), empty=False).known_as("states", "mask"), mask=real_steps(),
    ),
    "practice.read_last_backward": call(
        padding.read_last_backward, dh=array(H0, free=(1,), empty=False), mask=real_steps(),
    ),
    "practice.masked_forward": call(
        padding.masked_forward, xs=array(XS).known_as("xs", "mask"), mask=real_steps(),
        params=weights(P).known_as("params", "xs", *P._fields),
    ),
    "practice.masked_backward": call(
        padding.masked_backward, dhs=array(DHS), run=kind(MASKED), params=weights(P).known_as("params", "dhs", *P._fields),
    ),
    "practice.drop_mask": call(
        dropout.drop_mask, shape=Arg((3, 2), (("None", None), ("a list", [3, 2]), ("a zero", (3, 0)), ("halves", (3, 1.5)))),
        keep=number(0.8, 0.0, -0.1, 1.1), rng=generator(),
    ),
    "practice.drawn_gradients": call(
        dropout.drawn_gradients, xs=array(XS[:, 0], free=(0,)), params=weights(P).known_as("params", "xs", *P._fields),
        place=choice("cell"), drop=number(0.3, -0.1, 1.0), once=Arg(False), draws=count(3), rng=generator(),
    ),
    "practice.dropped_forward": call(
        dropout.dropped_forward, xs=array(XS, free=(0, 1)), params=weights(P).known_as("params", "xs", *P._fields),
        masks=Arg({}, (("None", None), ("a word", "input"), ("another place", {"gate": XS}), ("another shape", {"input": DHS}))),
    ),
    "practice.dropped_backward": call(
        dropout.dropped_backward, dhs=array(DHS), run=kind(DROPPED), params=weights(P).known_as("params", "dhs", *P._fields),
    ),
    "practice.layer_size": call(
        sizes.layer_size, D=count(2), H=count(3), kind=choice("GRU"), biases=count(2, most=2),
    ),
    "practice.array_shapes": call(sizes.array_shapes, T=count(4), B=count(3), D=count(2), H=count(5)),
    "practice.in_pieces": call(
        carry.in_pieces, xs=array(XS).known_as("xs", "dhs"), dhs=array(DHS), params=weights(P).known_as("params", "xs", *P._fields),
        length=count(2, most=T), mode=choice("carry"),
    ),
    "practice.latest_stream": call(carry.latest_stream, T=count(4), B=count(2), every=count(3), rng=generator()),
    "practice.train_stream": call(
        carry.train_stream, cell=weights(PAIR, "cell").known_as("cell", "params", *P._fields), mode=choice("zero"), length=count(2),
        steps=count(2), B=count(2), rate=number(0.1, 0.0, -1.0), rng=generator(),
    ),
    "practice.use_on_stream": call(
        carry.use_on_stream, model=kind(learn.Model(PAIR, learn.init_readout(H, 1, rng=R))),
        xs=array(normal(6, 3, 2), free=(0, 1)).known_as("xs", "targets"), targets=array(normal(6, 3, 1)),
        mode=choice("zero"), length=count(2),
    ),
    "practice.activated_forward": call(
        diagnose.activated_forward, xs=array(XS, free=(0, 1)), params=weights(P).known_as("params", "xs", *P._fields), activation=choice("ReLU"),
    ),
    "practice.first_infinite": call(
        diagnose.first_infinite, values=array(XS, free=(0, 1, 2), rank=False, finite=False),
    ),
    "practice.shift_scores": call(
        diagnose.shift_scores, said=array(normal(12)), truth=array(normal(12)).known_as("truth", "said"), most=count(3),
    ),
    "practice.forced_error": call(diagnose.forced_error, series=array(normal(6, 3), free=(0, 1)), model=kind(ONE)),
    "practice.forecast_run": call(
        diagnose.forecast_run, series=array(normal(9, 2), free=(0, 1), rank=False), model=kind(ONE), taught=count(3, most=9),
    ),
    "practice.spread_of_answers": call(
        diagnose.spread_of_answers, cell=weights(PAIR, "cell").known_as("cell", "params", "xs", *P._fields),
        steps=array(np.array([0, 2]), free=(0,)).or_bad(negative=np.array([-1, 2]), fractions=np.array([0.5]), falling=np.array([2, 1])), rng=generator(),
    ),
    "practice.teach_series": call(
        diagnose.teach_series, series=array(normal(6, 2), free=(0, 1)).known_as("series", "xs"), cell=weights(ONE.cell, "cell").known_as("cell", "params", "xs", *P._fields),
        steps=count(2), rate=number(0.1, 0.0, -1.0), rng=generator(),
    ),
    "practice.shared_steps": call(
        diagnose.shared_steps, train=numbers(np.arange(5), free=(0,)), test=numbers(np.arange(6, 9), free=(0,)), length=count(3),
    ),
}  # fmt: skip

CONTAINER = "it only holds what it is given; the functions that take it check it"
STEP = "one step of `replication.forward` or `backward`, which check once a sequence"
EXEMPT = {
    **dict.fromkeys(
        (
            "annealing.Found", "annealing.RecallHunt", "annealing.Search", "annealing.TourWalks", "bptt.CellShares", "lstm_core.GradientReport", "lstm_core.LSTMGrads",
            "lstm_core.LSTMParams", "lstm_core.LSTMTrace", "lstm_core.RNNGrads", "lstm_core.RNNParams",
            "lstm_core.RNNTrace", "beyond.Outcome", "beyond.Plan", "beyond.Saving", "simulation.Windows",
            "foundations.Cohort", "foundations.MLPGrads", "foundations.MLPParams", "foundations.MLPTrace",
            "replication.Coded", "replication.String", "replication.StringSets", "rnn.Recall",
            "gates.BothGrads", "gates.BothParams", "gates.BothTraces", "gates.Recalled",
            "bptt.Fault", "bptt.Learned", "bptt.PlainRun", "bptt.Point", "replication.BlockModel", "replication.BlockParams",
            "replication.BlockTrace", "replication.Continual", "replication.Episodes",
            "replication.Protocol", "replication.Stream", "replication.Task",
            "practice.DroppedGrads", "practice.DroppedRun",
            "practice.MaskedGrads", "practice.MaskedRun", "practice.Pieces", "replication.Trial", "replication.VariantModel", "tasks.Sequences", "training.Problem",
            "simulation.Corpus", "simulation.Effect", "simulation.Position", "simulation.Reading",
            "simulation.Suspect", "simulation.Measured", "simulation.NGrams", "simulation.EveryCell",
            "simulation.Match", "simulation.Case", "simulation.Held", "simulation.Kept", "simulation.Searched", "simulation.StoredWriter",
            "training.AdamMoments", "training.Model", "training.ReadoutParams",
            "training.State", "start.Course", "start.Drift", "start.Habits", "start.Length", "start.Reach", "replication.Grads", "replication.PeepholeParams", "replication.Trace",
            "replication.Variant",
        ),
        CONTAINER,
    ),
    **{
        f"replication.{kind_}_step{way}": STEP
        for kind_ in ("modern", "gers2000", "hochreiter1997", "peephole", "coupled", "gru")
        for way in ("", "_backward")
    },
    **dict.fromkeys(
        ["annealing.check_crowd"] + [f"simulation.{what}" for what in ("as_held", "as_ids", "check_mark", "check_reading", "check_text")],
        "a check itself: every function that uses it stands above",
    ),
    **dict.fromkeys(
        [f"annealing.{what}" for what in ("best_heats", "bowl_looks", "endings", "going_on", "guesses_on_map", "heats", "leaps_on_map", "practice", "practice_map", "practice_trips", "recall", "recall_annealed", "recall_fresh", "recall_searches", "recall_shown", "recall_shrinking", "recall_starts", "recall_with_more", "ridge", "ridge_cooled_less", "ridge_walks", "round_trips", "settings", "shares_taken", "sign", "sign_searches", "starts", "starts_on_map", "successes", "trips", "ways_down")],
        "takes nothing",
    ),
    **dict.fromkeys([f"annealing.{what}" for what in ("Count", "RoundTrips", "SignSearch")], "a result, which nobody hands in"),
    **dict.fromkeys([f"annealing.{what}" for what in ("RoundTrips.beyond", "RoundTrips.better", "RoundTrips.near")], "takes what round_trips found"),
    "gates.directions": "takes any part of what stack_forward and the others have checked",
    "simulation.after_symbol": "one step of states_of, which checks once a text",
    "simulation.bits_of": "what costs and model_bits come to, given what they have checked",
    "simulation.sketch": "takes nothing",
    "simulation.Suspect.matched": "a straight line through the ends of two scales, for a slider's number",
    "simulation.stored_writer": "takes nothing",
    **dict.fromkeys(
        ["gates.check_both", "gates.check_layers"] + [f"practice.check_{what}" for what in ("mask", "masks", "params")],
        "a check itself: every function that uses it stands above",
    ),
    "bptt.take_step": "one step of `backward_by_steps`, which checks once a sequence",
    "beyond.main": "the command line, which argparse checks",
    **dict.fromkeys(
        [f"training.check_{what}" for what in ("adam", "floats", "last", "model", "optimiser", "pair", "readout", "runs", "same_form")],
        "a check itself: every function that uses it stands above",
    ),
    **dict.fromkeys(
        ["training.write", "training.read", "training.generator", "training.named"],
        "what Training.save and Training.load are made of",
    ),
    "compiled.lstm_forward": "as lstm_core.lstm_forward: test_compiled.py hands it the same",
    "compiled.sigmoid": "compiled code's own, for compiled code",
    "compiled.lstm_backward": "as lstm_core.lstm_backward: test_compiled.py hands it the same",
    **dict.fromkeys(
        [f"replication.check_{what}" for what in ("net", "rngs", "blocks", "trials", "sets", "task", "reber", "without_cells")],
        "a check itself: every function that uses it stands above",
    ),
    **dict.fromkeys(
        ["replication.sigmoid_slope", "replication.slope_within", "replication.outer",
         "replication.pick", "replication.mark", "replication.exam_of", "replication.Exam",
         "replication.Marks", "replication.examined", "replication.as_rates", "replication.Cohort",
         "replication.lengths_of", "replication.prepared", "replication.still_falls",
         "replication.Cohort.end", "replication.Cohort.drop"],
        "what the room's trainings are made of, given what they have checked",
    ),
}  # fmt: skip
# ---------------------------------------------------------------- the tests


def test_nothing_public_is_left_out():
    named = {name for module in MATH for name in public(module)}
    assert len(named) > 150
    listed = TABLE.keys() | EXEMPT.keys()
    assert not named - listed, f"in no table: {sorted(named - listed)}"
    assert not listed - named, f"there is no such thing: {sorted(listed - named)}"
    assert not TABLE.keys() & EXEMPT.keys()


@pytest.fixture
def _no_process(monkeypatch):
    def start(*args, **kwargs):
        raise RuntimeError("bad input started a process")

    monkeypatch.setattr(distributed.subprocess, "Popen", start)


def flaws(row, name, arg):
    """What each bad value of one argument brings that it should not, in words."""
    names = "|".join((name, *arg.names))
    good = {key: each.good for key, each in row.arguments.items()}
    for what, value in arg.bad:
        try:
            result = row.function(**good | {name: value})
        except (ValueError, TypeError) as error:
            if not re.search(rf"(?<!\w)({names})\b.*: expected .*got ", str(error), re.S):
                yield f"{name}, {what}: {type(error).__name__}: {error}"
        except Exception as error:
            yield f"{name}, {what}: {type(error).__name__}: {error}"
        else:
            yield f"{name}, {what}: silence, got {result!r:.60}"


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("_no_process")
@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused_in_words(name):
    row = TABLE[name]
    if torch is None and name.startswith("beyond"):
        pytest.skip("PyTorch is optional")
    assert (
        row.arguments.keys() == inspect.signature(row.signature or row.function).parameters.keys()
    )
    if name != "beyond.launch":
        row.function(**{key: arg.good for key, arg in row.arguments.items()})  # these are good
    found = [flaw for key, arg in row.arguments.items() for flaw in flaws(row, key, arg)]
    assert not found, "\n".join(found)
