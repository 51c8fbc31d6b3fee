"""The walk of notebook 01: backpropagation by hand on the drawing, number by number."""

import re

import matplotlib
import numpy as np

from lstm_inside.page import Explorer, choice, picture, slider, whole
from lstm_inside.page.style import GRADIENT, HIDDEN, RC
from lstm_inside.words import Sentences, say

from .figures import FRESH, NAMES, WRONG, NetworkDrawing, neuron_number, neurons
from .network import (
    CLASSIC,
    descend,
    half_squared_error,
    mlp_backward,
    mlp_backward_missing_slopes,
    mlp_forward,
)

TRUE, MISSING = "true gradient", "missing-slope rule"
RULES = {TRUE: mlp_backward, MISSING: mlp_backward_missing_slopes}
IN_WORDS = Sentences({TRUE: "true gradient", MISSING: "missing-slope rule"})


def minus(text):
    """A true minus sign in place of each hyphen, but for those inside words."""
    return re.sub(r"(?<![A-Za-z])-", "−", text)


# The walk, each step (phase, neuron): six forward, the loss, six deltas from the output back,
# six neurons' weights, and the new loss.
_WALK = [
    ("start", None),
    *(("forward", n) for n in neurons()),
    ("loss", None),
    *(("delta", n) for n in sorted(neurons(), key=lambda n: -n[0])),
    *(("update", n) for n in neurons()),
    ("again", None),
]
STEPS = len(_WALK) - 1
LOSS = _WALK.index(("loss", None))
BACK = _WALK.index(("delta", (0, 0)))  # neuron 1, which the page works out by hand
WEIGHTS = _WALK.index(("update", (0, 0)))


def backprop_explorer() -> Explorer:
    """Backpropagation by hand (1.4)-(1.9) on the drawing of the 2-3-2-1 network, in 20 steps."""
    with matplotlib.rc_context(RC):
        figure = picture(940, 640)
        figure.set_layout_engine("none")
        drawing = NetworkDrawing(figure.add_axes((0.01, 0.01, 0.98, 0.98)))

    def update(step, x_1, x_2, target, rate, rule):
        x, target = np.array([[x_1, x_2]]), np.array([[target]])
        trace = mlp_forward(x, CLASSIC)
        loss, dy = half_squared_error(trace.y, target)
        grads = RULES[rule](dy, trace, CLASSIC)
        right = mlp_backward(dy, trace, CLASSIC)
        stepped = descend(CLASSIC, grads.params, rate)
        new = CLASSIC._replace(W_1=stepped.W_1, W_2=stepped.W_2, W_3=stepped.W_3)  # no biases
        trace_new = mlp_forward(x, new)
        loss_new, _ = half_squared_error(trace_new.y, target)
        walk = {
            "step": step, "rule": rule, "rate": rate, "x": x[0], "target": target.item(),
            "y": trace.y.item(), "loss": loss, "y_new": trace_new.y.item(), "loss_new": loss_new,
            "h": _flat(trace.h), "h_new": _flat(trace_new.h), "deltas": _flat(grads.deltas),
            "true_deltas": _flat(right.deltas), "W": CLASSIC[::2], "W_new": new[::2],
            "grads": grads.params[::2],
        }  # fmt: skip
        walk["lines"] = _lines(walk, *_WALK[step])
        _draw_walk(drawing, walk)
        settings = say("rate η = {rate:.1f}", rate=rate), "" if rule == TRUE else IN_WORDS[rule]
        for words, text in zip(drawing.settings, settings, strict=True):
            words.set_text(text)
        return walk

    return Explorer(
        "backprop",
        figure=figure,
        controls={
            "step": whole("step", 0, STEPS, BACK),
            "rule": choice("backward by the", list(RULES), TRUE),
            "x_1": slider("input x₁", -2, 2, 0.1, 0.8, quantity="x", digits=1),
            "x_2": slider("input x₂", -2, 2, 0.1, 0.3, quantity="x", digits=1),
            "target": slider("target y*", 0, 1, 0.05, 1, quantity="x"),
            "rate": slider("learning rate η", 0, 40, 0.5, 2, digits=1),
        },
        moving=drawing.moving,
        update=update,
        describe=_described,
        play="step",
        interval=1200,
        presets={
            "at the loss": {"step": LOSS},
            "back at neuron 1": {},
            "the weights": {"step": WEIGHTS},
        },
    )


def _described(walk):
    heading, *rest = walk["lines"]
    return say(
        "Step {step} of {STEPS}. {heading} {rest}.",
        step=walk["step"],
        STEPS=STEPS,
        heading=heading,
        rest=say("; ").join(" ".join(line.rstrip(".。").split()) for line in rest),
    )


def _flat(layers):
    """One example's numbers, (1, N) a layer, as a dict (layer, place) -> float."""
    return {(n, j): float(v) for n, row in enumerate(layers) for j, v in enumerate(row[0])}


def _after(walk, phase, neuron):
    """Whether the walk has come to this step."""
    return walk["step"] >= _WALK.index((phase, neuron))


def _draw_walk(drawing, walk):
    """Put every number that is known at this step on the drawing, and mark what is used."""
    phase, now = _WALK[walk["step"]]
    h = walk["h_new"] if phase == "again" else walk["h"]
    for (n, j), text in drawing.insides.items():
        known = n == 0 or _after(walk, "forward", (n - 1, j))
        text.set_text(minus(f"{h[n, j]:.3f}" if n else f"{h[n, j]:.1f}") if known else "")
    came = {n for n in walk["deltas"] if _after(walk, "delta", n) and phase != "again"}
    for neuron, text in drawing.deltas.items():
        text.set_text(minus(f"δ {walk['deltas'][neuron]:+.4f}") if neuron in came else "")
    for neuron, text in drawing.errors.items():
        sent = walk["rule"] == MISSING and neuron in came
        text.set_text(minus(f"e = {_carried(walk)[neuron]:.5f}") if sent else "")
    brought = [e for e in drawing.brought if (e[0] - 1, e[1]) in came]
    drawing.bring(brought, sorted(came), GRADIENT if walk["rule"] == TRUE else WRONG)
    for edge, text in drawing.brought.items():
        n, i, j = edge
        back = walk["W"][n][i, j] * _carried(walk)[n, j]
        text.set_text(minus(f"← {back:+.4f}") if edge in brought else "")
        text.set_color(GRADIENT if walk["rule"] == TRUE else WRONG)
    changed = [e for e in drawing.weights if _after(walk, "update", (e[0], e[2]))]
    drawing.tint(changed)
    for edge, text in drawing.weights.items():
        n, i, j = edge
        new = walk["W_new"][n][i, j]
        new = f"{new:.{3 if abs(new) < 9.9995 else 2}f}"  # as much as fits on its tile
        text.set_text(minus(new if edge in changed else f"{walk['W'][n][i, j]:.1f}"))
    losses = (
        say("target {target:.2f}", target=walk["target"]),
        say("loss {loss:.4f}", loss=walk["loss"]) if _after(walk, "loss", None) else "",
        say("new {loss_new:.4f}", loss_new=walk["loss_new"]) if phase == "again" else "",
    )
    for line, text in zip(drawing.loss, losses, strict=True):
        line.set_text(text)
    for line, text in zip(drawing.lines, [*walk["lines"], "", "", ""], strict=False):
        line.set_text(text)
    if now is None:
        drawing.mark()
        return
    n, j = now
    into = [edge for edge in drawing.paths if edge[0] == n and edge[2] == j]
    out = [edge for edge in drawing.paths if edge[0] == n + 1 and edge[1] == j]
    if phase == "delta":
        drawing.mark(out, (n + 1, j), GRADIENT if walk["rule"] == TRUE else WRONG, "#dedede")
    else:
        colour, fill = (HIDDEN, "#d9eefb") if phase == "forward" else ("#D9A400", FRESH)
        drawing.mark(into, (n + 1, j), colour, fill)


def _bracketed(value, digits=3):
    """A number, in brackets where its sign would stand next to another one."""
    text = f"{value:.{digits}f}"
    return f"({text})" if text.startswith("-") else text


def _lines(walk, phase, neuron):
    """The words and the equation of a step, numbers put in: a heading and up to three lines."""
    if phase in ("start", "loss", "again"):
        lines = _lines_between(walk, phase)
    else:
        of = {"forward": _lines_forward, "delta": _lines_delta, "update": _lines_update}[phase]
        lines = of(walk, *neuron)
    return [minus(line) for line in lines]


def _lines_between(walk, phase):
    y, loss, target = walk["y"], walk["loss"], walk["target"]
    if phase == "start":
        return [
            say("The start: two inputs on the left, a weight on each line."),
            say(
                "Press play, or click the step slider and use the arrow keys: → goes on, ← "
                "goes back."
            ),
            say(
                "To come: forward, backward, then a step of learning rate η = {rate:.1f}.",
                rate=walk["rate"],
            )
            if walk["rule"] == TRUE
            else say(
                "To come: backward by the {rule}, then a step of learning rate η = {rate:.1f}.",
                rule=IN_WORDS[walk["rule"]],
                rate=walk["rate"],
            ),
        ]
    if phase == "loss":
        return [
            say("The loss: how far is the output from the target?"),
            f"L = ½ (y - y*)² = ½ ({y:.3f} - {target:.2f})² = {loss:.4f}",
            say("Its derivative there: dL/dy = y - y* = {y:+.3f}", y=y - target),
        ]
    return [
        say("Forward again, with the new weights."),
        say(
            "The output went from {y:.3f} to {y_new:.3f}; the target is {target:.2f}.",
            y=y,
            y_new=walk["y_new"],
            target=target,
        ),
        say(
            "The loss went from {loss:.4f} to {loss_new:.4f}.", loss=loss, loss_new=walk["loss_new"]
        ),
    ]


def _number(n, j):
    """What a neuron is called in the equations: a subscript 1 to 6."""
    return NAMES[n + 1][j]


def _lines_forward(walk, n, j):
    W, h = walk["W"][n], walk["h"]
    terms = [
        f"{_bracketed(h[n, i], 3 if n else 1)}·{_bracketed(W[i, j], 1)}" for i in range(len(W))
    ]
    a = sum(h[n, i] * W[i, j] for i in range(len(W)))
    k = _number(n, j)
    return [
        say("Forward, neuron {n}: weigh what comes in, add up, squash.", n=neuron_number(n, j)),
        f"a{k} = {' + '.join(terms)} = {a:.3f}",
        say("h{k} = σ(a{k}) = {h:.3f}, the output y", k=k, h=h[n + 1, j])
        if n == 2
        else f"h{k} = σ(a{k}) = {h[n + 1, j]:.3f}",
    ]


def _lines_delta(walk, n, j):
    k, h, delta = _number(n, j), walk["h"][n + 1, j], walk["deltas"][n, j]
    local = h * (1 - h)
    own = say(
        "own slope h{k}(1 - h{k}) = {h:.4f}·{h_2:.4f} = {local:.4f}",
        k=k,
        h=h,
        h_2=1 - h,
        local=local,
    )
    if n == 2:
        return [
            say("Backward, neuron 6: dL/dy times the neuron's own slope."),
            say("dL/dy = {dy:+.4f},   {own}", dy=walk["y"] - walk["target"], own=own),
            f"δ{k} = {_bracketed(walk['y'] - walk['target'], 4)}·{local:.4f} = {delta:+.5f}",
        ]
    W, above = walk["W"][n + 1], _carried(walk)
    terms = [
        f"{_bracketed(W[j, m], 1)}·{_bracketed(above[n + 1, m], 5)}" for m in range(W.shape[1])
    ]
    come = sum(W[j, m] * above[n + 1, m] for m in range(W.shape[1]))
    lines = [
        say(
            "Backward, neuron {n}: each δ of the next layer times the weight to it, added up, "
            "times the slope here.",
            n=neuron_number(n, j),
        ),
        say("comes back: {terms} = {come:+.5f}", terms=" + ".join(terms), come=come),
        say(
            "{own},   so δ{k} = {come}·{local:.4f} = {delta:+.5f}",
            own=own,
            k=k,
            come=_bracketed(come, 5),
            local=local,
            delta=delta,
        ),
    ]
    if walk["rule"] == MISSING:
        lines[0] = say(
            "Backward, neuron {n}, by the faulty rule: e, not δ, goes on.", n=neuron_number(n, j)
        )
        lines.append(
            say("The true δ{k} is {true_deltas:+.5f}.", k=k, true_deltas=walk["true_deltas"][n, j])
        )
    return lines


def _carried(walk):
    """What the rule sends back through the weights: delta, or e, which is without the slope."""
    if walk["rule"] == TRUE:
        return walk["deltas"]
    return {
        (n, j): d / (walk["h"][n + 1, j] * (1 - walk["h"][n + 1, j]))
        for (n, j), d in walk["deltas"].items()
    }


def _lines_update(walk, n, j):
    W, W_new, h = walk["W"][n], walk["W_new"][n], walk["h"]
    sums = [
        f"{W[i, j]:.1f} - {walk['rate']:.1f}·{_bracketed(walk['deltas'][n, j], 5)}"
        f"·{_bracketed(h[n, i], 3 if n else 1)} = {W_new[i, j]:.4f}"
        for i in range(len(W))
    ]
    k = neuron_number(n, j)
    return [
        say("Update the weights into neuron {k}: weight - η · δ · what came along it.", k=k),
        *sums,
    ]
