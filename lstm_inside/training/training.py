"""A training that can stop after any step, be saved, and go on to the very same numbers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.words import say

from . import saving
from .optimisers import check_floats, check_optimiser, clip_by_norm, norm
from .trees import arrays_of, each_array, named


class State(NamedTuple):
    """All that a training goes on from. A step makes a new one and changes none."""

    params: Any
    moments: Any
    step: int
    random: dict  # the state of the generator that draws the batches
    carried: Any = ()  # what one step hands to the next beside these, such as a text's h and c


class Training:
    """A training that can stop after any step, be saved, and go on to the very same numbers.

    loss: (params, batch) -> (loss, gradients). batches: rng -> batch. params: a tree of arrays.
    optimiser: SGD, Momentum or Adam. clip: the longest gradient let through, None for any.
    rng: the Generator (PCG64, as numpy.random.default_rng makes it) whose state the batches
    are drawn from; it is left as it was. carried: a tree of arrays that each step takes over
    from the step before, such as the place in a text and the h and c brought there; with it,
    batches is (rng, carried) -> batch and loss (params, batch, carried) -> (loss, gradients,
    carried). Raises ValueError or TypeError for parameters that are not finite floats, no
    functions, no optimiser, a clip that is not above 0, another kind of generator, a carried
    tree that holds something else than real numbers.

    `.state` is replaced whole at the end of a step, so an interrupt anywhere loses no more
    than the step under way. `.losses` and `.norms` (the gradient's length before clipping)
    hold a number a step.
    """

    def __init__(
        self, params, loss: Callable, batches: Callable, optimiser, *, rng, clip=None, carried=None
    ):
        if not isinstance(getattr(rng, "bit_generator", None), np.random.PCG64):
            raise TypeError(
                "rng: expected a Generator such as numpy.random.default_rng() makes, "
                f"got {validate.describe(rng)}"
            )
        if clip is not None:
            validate.positive("clip", clip)
        check_floats(params=params)
        validate.function("loss", loss)
        validate.function("batches", batches)
        check_optimiser(optimiser)
        self.loss, self.batches, self.optimiser, self.clip = loss, batches, optimiser, clip
        self._carries = carried is not None
        carried = carried if self._carries else ()
        for name, array in named(carried=carried).items():
            validate.real(name, array)
        self.state = State(params, optimiser.start(params), 0, rng.bit_generator.state, carried)
        self.stopping = False
        self._losses: list[float] = []
        self._norms: list[float] = []

    @property
    def params(self):
        """The parameters as they are now."""
        return self.state.params

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return self.state.step

    @property
    def losses(self) -> np.ndarray:
        """Each step's loss on its own batch, before the update: (step,)."""
        return np.array(self._losses[: self.step])

    @property
    def norms(self) -> np.ndarray:
        """Each step's gradient length before clipping: (step,)."""
        return np.array(self._norms[: self.step])

    def stop(self):
        """Ask a running loop to end after the step under way."""
        self.stopping = True

    def steps(self, count) -> Iterator[float]:
        """Take `count` steps, or fewer after `stop()`; yields each step's loss.

        Raises ArithmeticError when the loss, the gradient or a new parameter is no longer
        finite; the state is then that before the step. Raises ValueError or TypeError for a
        count below 1.
        """
        validate.count("count", count)
        return self._steps(count)

    def _steps(self, count):
        self.stopping = False
        for _ in range(count):
            if self.stopping:
                return
            yield self._take_step()

    def _take_step(self):
        params, moments, step, random, carried = self.state
        rng = saving.generator(random)
        if self._carries:
            loss, grads, carried = self.loss(params, self.batches(rng, carried), carried)
        else:
            loss, grads = self.loss(params, self.batches(rng))
        length = norm(grads)
        if not (np.isfinite(loss) and np.isfinite(length)):
            raise ArithmeticError(
                say(
                    "step {next}: the loss is {loss}, the gradient's length {length}; what was "
                    "learned until step {step} is kept. Try a smaller rate, or clip.",
                    next=step + 1,
                    loss=loss,
                    length=length,
                    step=step,
                )
            )
        if self.clip is not None and length > self.clip:
            grads, _ = clip_by_norm(grads, self.clip)
        params, moments = self.optimiser.step(params, grads, moments)
        if not all(np.isfinite(array).all() for array in arrays_of(params)):
            raise ArithmeticError(
                say(
                    "step {next}: a parameter would no longer be finite; what was learned until "
                    "step {step} is kept. Try a smaller rate, or clip.",
                    next=step + 1,
                    step=step,
                )
            )
        self._losses[step:] = [loss]  # what an interrupted step left behind is overwritten
        self._norms[step:] = [length]
        self.state = State(params, moments, step + 1, rng.bit_generator.state, carried)
        return loss

    def _take_over(self, state, losses, norms):
        """Go on from steps that `abreast` took: the `State` after them, all losses and norms."""
        self._losses, self._norms, self.state = losses, norms, state

    # ------------------------------------------------------------ saving

    def save(self, path) -> Path:
        """Write the state to `path`, whole or not at all: an old file stays until then.

        Raises TypeError for what is no path, OSError where it cannot be written.
        """
        path = validate.path(path)
        params, moments, step, random, carried = self.state
        about = {
            "optimiser": type(self.optimiser).__name__,
            "step": step,
            "random": random,
        }
        arrays = named(params=params, moments=moments, carried=carried)
        saving.write(path, about, arrays | {"losses": self.losses, "norms": self.norms})
        return path

    def load(self, path):
        """Go on from a saved state of a training made like this one.

        Raises FileNotFoundError for no file, ValueError for one that is damaged or belongs to
        other shapes, another dtype or another optimiser, TypeError for what is no path; this
        training is then as before.
        Loss, batches, clip and the optimiser's settings are not in the file: they are yours.
        """
        arrays, about = saving.read(validate.path(path))
        wanted = type(self.optimiser).__name__
        if about["optimiser"] != wanted:
            raise ValueError(f"{path}: expected a training with {wanted}, got {about['optimiser']}")
        mine = named(params=self.params, moments=self.state.moments, carried=self.state.carried)
        saving.check_same_form(path, mine, arrays)
        step, losses, norms = about["step"], arrays["losses"], arrays["norms"]
        if losses.shape != (step,) or norms.shape != (step,):
            raise ValueError(f"{path}: expected {step} losses and norms, got {losses.shape}")
        found = iter(arrays[name] for name in mine)  # in the order in which they were named
        params = each_array(lambda _: next(found), self.params)
        moments = each_array(lambda _: next(found), self.state.moments)
        carried = each_array(lambda _: next(found), self.state.carried)
        self._losses, self._norms = losses.tolist(), norms.tolist()
        self.state = State(params, moments, step, about["random"], carried)


class SideBySide:
    """Trainings that take their steps in turn, as one that `train` can run.

    They stay level; one that an interrupt left a step ahead waits for the others.
    Raises TypeError for none, or for what is no `Training`.
    """

    def __init__(self, *runs):
        if not runs:
            raise TypeError("runs: expected at least one Training, got none")
        for run in runs:
            if not isinstance(run, Training):
                raise TypeError(f"runs: expected Trainings, got {validate.describe(run)}")
        self.runs, self.stopping = runs, False

    @property
    def step(self) -> int:
        """How many steps all of them have taken."""
        return min(run.step for run in self.runs)

    def stop(self):
        """Ask a running loop to end after the step under way, of all of them."""
        self.stopping = True

    def steps(self, count) -> Iterator[int]:
        """Take `count` steps each, or fewer after `stop()`; yields how many were taken."""
        validate.count("count", count)
        return self._steps(count)

    def _steps(self, count):
        self.stopping = False
        for _ in range(count):
            if self.stopping:
                return
            level = self.step
            for run in self.runs:
                if run.step == level:
                    for _ in run.steps(1):
                        pass
            yield self.step
