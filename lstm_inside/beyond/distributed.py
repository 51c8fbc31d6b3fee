"""The character model of notebook 07, trained by one process or by several, data-parallel.

Every process holds all weights and reads its own share of the batch; PyTorch's distributed
engine averages the gradients (9.6). To run it on two processes of this machine, which meet
over a file MEETING that is not there yet (`command` has it word by word):

    python -m torch.distributed.run --rdzv-backend=c10d --rdzv-endpoint=MEETING \
        --rdzv-conf=store_type=file --local-addr=127.0.0.1 --nproc-per-node=2 \
        -m lstm_inside.beyond.distributed RESULT.npz MEETING

With `--max-restarts=1` before `-m` and `--save-path=STATE.npz` at the end, a process may die on
the way: the launcher starts all of them again, and they go on from the state saved last.

float64 throughout, so that "the same" can be told from "nearly the same".
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.beyond.bridge import from_torch, require_torch, to_torch
from lstm_inside.simulation import Stream, V, library_ids
from lstm_inside.training import Adam, Model, Training, arrays_of, each_array, init_readout
from lstm_inside.training import clip_by_norm as shortened


class Plan(NamedTuple):
    """What is trained: H units on B places in the text, T characters a step."""

    H: int = 32
    T: int = 32
    B: int = 16
    steps: int = 40
    rate: float = 0.02
    clip: float = 0.25
    seed: int = 9


DEFAULT = Plan()


def _check_plan(plan):
    if not isinstance(plan, Plan):
        raise TypeError(f"plan: expected a Plan, got {validate.describe(plan)}")
    for name in ("H", "T", "B", "steps"):
        validate.count(name, getattr(plan, name))
    validate.positive("rate", plan.rate)
    validate.positive("clip", plan.clip)
    validate.whole("seed", plan.seed, least=0)


class Outcome(NamedTuple):
    """A training's loss at every step, (steps,), the weights at its end, whether all processes
    ended with the very same weights, bit by bit, the step from which they went on after a
    restart, 0 if there was none, and the seconds that a step took in PyTorch (the median, in the
    first process)."""

    losses: np.ndarray
    model: Model
    agreed: bool = True
    resumed: int = 0
    seconds: float = 0.0


class Saving(NamedTuple):
    """When and where a training in PyTorch saves its state, so that it can go on from there.

    path: the file (.npz). every: after how many steps. kill: the step before which the process
    of the highest rank is killed, to see what a restart does; it happens only in a training
    that has not been resumed. 0 is never.
    """

    path: str | Path
    every: int = 10
    kill: int = 0


def _check_saving(saving):
    if saving is None:
        return
    if not isinstance(saving, Saving):
        raise TypeError(f"saving: expected a Saving or None, got {validate.describe(saving)}")
    validate.path(saving.path, "path")
    validate.count("every", saving.every)
    validate.whole("kill", saving.kill, least=0)


def start(plan):
    """What every process begins with: the weights (Model, float64) and the batches (Stream).

    Raises ValueError or TypeError for no Plan, sizes below 1, a rate or a clip not above 0.
    """
    _check_plan(plan)
    rng = np.random.default_rng(plan.seed)
    model = Model(init_lstm(V, plan.H, rng=rng), init_readout(plan.H, V, rng=rng))
    ids = library_ids("learn")
    return model, Stream(ids, plan.B, plan.T, plan.H, rng=rng, dtype=np.float64)


def in_numpy(plan=DEFAULT) -> Outcome:
    """One process, NumPy: a `Training` as in notebooks 05 and 07. Raises as `start`."""
    model, stream = start(plan)
    rng = np.random.default_rng(plan.seed)
    training = Training(
        model, stream.loss, lambda _, at: stream.batch(at), Adam(plan.rate),
        rng=rng, clip=plan.clip, carried=stream.start,
    )  # fmt: skip
    return Outcome(np.array(list(training.steps(plan.steps))), training.params)


def in_torch(plan=DEFAULT, rank=0, world=1, saving=None) -> Outcome:
    """The same in PyTorch, as process `rank` of `world` that train together.

    With `world` above 1 the process group must have been set up (see `main`), and B must be
    a multiple of `world`: the plain average of the gradients is right for equal shares only.
    saving: a `Saving`; where its file is there already, the training goes on from it.
    Raises ValueError for a B that is not or a file of another plan, ValueError or TypeError as
    `start` does and for a rank, a world or a saving that is none, ImportError without PyTorch.
    """
    torch = require_torch()
    _check_plan(plan)
    validate.count("world", world)
    validate.whole("rank", rank, least=0, most=world - 1)
    _check_saving(saving)
    if plan.B % world:
        raise ValueError(f"B: expected a multiple of {world} processes, got {plan.B}")
    model, stream = start(plan)
    network = replica = to_torch(model)
    if world > 1:
        replica = torch.nn.parallel.DistributedDataParallel(network)
    weights = [p for p in network.parameters() if p.requires_grad]
    adam = torch.optim.Adam(weights, lr=plan.rate)
    share = plan.B // world
    mine = slice(rank * share, (rank + 1) * share)

    losses, states = [], None
    if saving and Path(saving.path).exists():
        losses, states = _resume(saving.path, plan, weights, adam, mine)
    done, seconds = len(losses), []
    for xs, labels in islice(stream.chunks(), done, plan.steps):  # the same on every process ...
        if saving and not done and len(losses) + 1 == saving.kill and rank == world - 1:
            _kill_this_process()
        began = time.perf_counter()
        xs = torch.from_numpy(xs[:, mine].astype(np.float64))  # ... which takes its share
        labels = torch.from_numpy(labels[:, mine].ravel())
        scores, states = replica(xs, states)
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), labels)
        adam.zero_grad()
        loss.backward()  # with several processes, the gradients are averaged in here (9.6)
        clip_by_norm(weights, plan.clip)  # so this is the whole batch's length
        adam.step()
        states = tuple(s.detach() for s in states)
        losses.append(float(average(loss.detach(), world)))
        seconds.append(time.perf_counter() - began)
        if saving and len(losses) % saving.every == 0:
            everybody = [_gathered(s, world) for s in states]
            if rank == 0:
                _save_state(saving.path, plan, losses, weights, adam, everybody)
    same = agreed(weights, world)
    typical = float(np.median(seconds)) if seconds else 0.0
    return Outcome(np.array(losses), from_torch(network), same, done, typical)


def _kill_this_process():
    """As a failing machine would: at once, with no word to the others."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(9)


def _gathered(state, world):
    """The states (1, B / world, H) of all processes side by side: (1, B, H)."""
    torch = require_torch()
    if world == 1:
        return state
    shares = [torch.empty_like(state) for _ in range(world)]
    torch.distributed.all_gather(shares, state.contiguous())
    return torch.cat(shares, dim=1)


def _save_state(path, plan, losses, weights, adam, states):
    """Weights, Adam's moments, the states carried on, the losses so far: the whole or nothing."""
    arrays = {"plan": np.array(plan), "losses": np.array(losses)}
    arrays |= {f"state{n}": s.numpy() for n, s in enumerate(states)}
    for n, w in enumerate(weights):
        kept = adam.state[w]
        arrays |= {f"w{n}": w.detach().numpy(), f"m{n}": kept["exp_avg"].numpy(),
                   f"v{n}": kept["exp_avg_sq"].numpy()}  # fmt: skip
    partial = Path(f"{path}.partial")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(partial, path)


def _resume(path, plan, weights, adam, mine):
    """Put a saved state back: the losses so far, and this process's share of the states."""
    torch = require_torch()
    with np.load(path) as file:
        if tuple(file["plan"]) != tuple(map(float, plan)):
            raise ValueError(f"path: expected a state of {plan}, got one of {file['plan']}")
        losses = file["losses"].tolist()
        for n, w in enumerate(weights):
            w.data.copy_(torch.from_numpy(file[f"w{n}"]))
            adam.state[w] = {
                "step": torch.tensor(float(len(losses))),
                "exp_avg": torch.from_numpy(file[f"m{n}"]),
                "exp_avg_sq": torch.from_numpy(file[f"v{n}"]),
            }
        states = tuple(
            torch.from_numpy(np.ascontiguousarray(file[f"state{n}"][:, mine])) for n in range(2)
        )
    return losses, states


def clip_by_norm(weights, limit):
    """Shorten the gradients of `weights` to length `limit` if they are longer (5.10).

    PyTorch's own `clip_grad_norm_` divides by the length + 1e-6, which is no rounding.
    Raises ValueError or TypeError for no tensors with gradients, gradients with NaN or infinity,
    a limit not above 0.
    """
    _check_tensors(weights)
    for w in weights:
        if w.grad is None:
            raise ValueError(
                f"weights: expected a gradient of each, got none of {validate.describe(w)}"
            )
    clipped, _ = shortened(tuple(w.grad.detach().cpu().numpy() for w in weights), limit)
    for w, grad in zip(weights, clipped, strict=True):
        w.grad.copy_(require_torch().from_numpy(grad))


def average(tensor, world):
    """The mean of a tensor over all processes. TypeError or ValueError for what is none."""
    if not isinstance(tensor, require_torch().Tensor):
        raise TypeError(f"tensor: expected a PyTorch tensor, got {validate.describe(tensor)}")
    validate.count("world", world)
    if world > 1:
        require_torch().distributed.all_reduce(tensor)
    return tensor / world


def agreed(weights, world) -> bool:
    """Whether all processes hold the very same numbers.

    Raises ValueError or TypeError for what are no tensors, a world below 1.
    """
    torch = require_torch()
    _check_tensors(weights)
    validate.count("world", world)
    mine = torch.cat([w.detach().flatten() for w in weights])
    everybody = [torch.empty_like(mine) for _ in range(world)]
    if world == 1:
        return True
    torch.distributed.all_gather(everybody, mine)
    return all(torch.equal(mine, theirs) for theirs in everybody)


def _check_tensors(weights):
    torch = require_torch()
    if not isinstance(weights, list) or not weights:
        raise TypeError(f"weights: expected a list of tensors, got {validate.describe(weights)}")
    for w in weights:
        if not isinstance(w, torch.Tensor):
            raise TypeError(f"weights: expected PyTorch tensors, got {validate.describe(w)}")


# ---------------------------------------------------------------- starting processes

# Otherwise the launcher opens a port for the workers, who do not use it, to all machines.
QUIET = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}


def command(plan=DEFAULT, processes=2, path="RESULT.npz", meeting="MEETING", saving=None):
    """What to type to train with `processes` processes on this machine, word by word.

    The processes find each other by the file `meeting`, which must not be there yet. With
    `QUIET` in the environment none of them listens to other machines. With a `Saving` the
    launcher starts all processes again, once, when one of them dies.
    Raises ValueError or TypeError as `start` does, for processes below 1 and what are no paths.
    """
    _check_plan(plan)
    validate.count("processes", processes)
    _check_saving(saving)
    path, meeting = validate.path(path, "path"), validate.path(meeting, "meeting")
    settings = [f"--{name}={value}" for name, value in plan._asdict().items()]
    again = []
    if saving:
        again = ["--max-restarts=1"]
        settings += [f"--save-{name}={value}" for name, value in saving._asdict().items()]
    return [
        "python", "-m", "torch.distributed.run", "--rdzv-backend=c10d",
        f"--rdzv-endpoint={meeting}", "--rdzv-conf=store_type=file", "--local-addr=127.0.0.1",
        f"--nproc-per-node={processes}", *again, "-m", "lstm_inside.beyond.distributed",
        str(path), str(meeting), *settings,
    ]  # fmt: skip


def launch(plan=DEFAULT, processes=2, *, save_every=None, kill=0, timeout=300) -> Outcome:
    """Run `command` with this Python and return what the processes found.

    save_every: after how many steps the state is saved, None for never. kill: the step before
    which one process is killed, 0 for never; the launcher then starts all again.
    Raises RuntimeError with the end of their messages if they fail, TimeoutError after
    `timeout` seconds, ImportError without PyTorch, ValueError or TypeError as `in_torch` does and
    for processes below 1, a timeout that is not above 0, a kill without a state to save.
    """
    require_torch()
    _check_plan(plan)
    validate.count("processes", processes)
    validate.positive("timeout", timeout)
    validate.whole("kill", kill, least=0)
    if save_every is not None:
        validate.count("save_every", save_every)
    elif kill:
        raise ValueError(f"save_every: expected a count where kill is {kill}, got None")
    if plan.B % processes:
        raise ValueError(f"B: expected a multiple of {processes} processes, got {plan.B}")
    environment = {**os.environ, **QUIET, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        path, meeting = Path(folder) / "result.npz", Path(folder) / "meeting"
        saving = None
        if save_every is not None:
            saving = Saving(Path(folder) / "state.npz", save_every, kill)
        words = [sys.executable, *command(plan, processes, path, meeting, saving)[1:]]
        running = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            said, _ = running.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{processes} processes took over {timeout} s") from None
        finally:
            running.terminate()  # torch.distributed.run then ends its processes too
            running.wait()
        if running.returncode:
            raise RuntimeError(f"the processes failed:\n{said[-6000:]}")
        return _load(path, plan)


def _save(path, outcome):
    arrays = {f"w{n}": a for n, a in enumerate(arrays_of(outcome.model))}
    rest = {name: getattr(outcome, name) for name in ("losses", "agreed", "resumed", "seconds")}
    np.savez(path, **rest, **arrays)


def _load(path, plan):
    with np.load(path) as file:
        found = iter(file[name] for name in file.files if name.startswith("w"))
        model = each_array(lambda _: next(found), start(plan)[0])
        return Outcome(
            file["losses"], model, bool(file["agreed"]), int(file["resumed"]),
            float(file["seconds"]),
        )  # fmt: skip


def main():
    """One of the processes that `torch.distributed.run` starts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", help="where the first process writes the outcome (.npz)")
    parser.add_argument("meeting", help="the file over which the processes meet")
    for name, value in DEFAULT._asdict().items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--save-path", help="where the state is saved on the way (.npz)")
    parser.add_argument("--save-every", type=int, default=10, help="after how many steps")
    parser.add_argument("--save-kill", type=int, default=0, help="the step before which to die")
    settings = vars(parser.parse_args())
    path, meeting = settings.pop("path"), settings.pop("meeting")
    saving = Saving(*(settings.pop(f"save_{name}") for name in Saving._fields))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")  # each start meets anew
    meeting = Path(f"{meeting}.workers{attempt}").resolve()

    torch = require_torch()
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    if sys.platform != "win32":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)  # nothing leaves this machine
    torch.distributed.init_process_group(
        "gloo", init_method=meeting.as_uri(),
        rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"]),
    )  # fmt: skip
    rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
    outcome = in_torch(Plan(**settings), rank, world, saving if saving.path else None)
    if rank == 0:
        _save(path, outcome)
    torch.distributed.barrier()  # none leaves while another still talks to it
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
    # All is written and nobody waits. Gloo's threads may still hold tensors, and an interpreter
    # that is taken down under them aborts now and then (pytorch/pytorch#179291): leave without.
    sys.stdout.flush()
    os._exit(0)
