"""Train the character model that notebook 07 shows, and store it: `python tools/train_writer.py`.

On one core it takes about three minutes. Given --keep FILE, the training is saved there every
100 steps and goes on from there when the command is given again.
"""

import argparse
import platform
from pathlib import Path

import numpy as np

from lstm_inside.simulation import (
    fresh_part,
    library_ids,
    model_bits,
    store_writer,
    text_training,
    windows,
)

SEED, H, T, B, RATE = 7, 128, 50, 32, 0.01


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--keep", type=Path, help="where the training is saved on its way")
    wanted = parser.parse_args()
    run = text_training(
        library_ids("learn"), H=H, T=T, B=B, steps=wanted.steps, rate=RATE,
        rng=np.random.default_rng(SEED),
    )  # fmt: skip
    if wanted.keep and wanted.keep.exists():
        run.load(wanted.keep)
    while run.step < wanted.steps:
        for _ in run.steps(min(100, wanted.steps - run.step)):
            pass
        print(f"{run.step} steps: {run.losses[-100:].mean() / np.log(2):.2f} bits per character")
        if wanted.keep:
            run.save(wanted.keep)
    held = windows(library_ids("measure"), 64, 1001, fresh_part("measure"))
    about = {
        "command": f"python tools/train_writer.py --steps {wanted.steps}",
        "steps": run.step, "units": H, "characters a step": T * B, "rate": RATE, "seed": SEED,
        "bits per character": round(model_bits(run.params, held, 50), 3),
        "python": platform.python_version(), "numpy": np.__version__,
    }  # fmt: skip
    print(store_writer(run.params, about).name, about)


if __name__ == "__main__":
    main()
