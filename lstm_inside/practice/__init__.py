"""From the cell to a model that works: masks, dropout, state between batches, sizes, symptoms.

Stacks and directions, which 03's explorer draws, too, are in `lstm_inside.gates`.
"""

from .carry import MODES, Pieces, in_pieces, latest_stream, train_stream, use_on_stream
from .diagnose import (
    activated_forward,
    first_infinite,
    forced_error,
    forecast_run,
    shared_steps,
    shift_scores,
    spread_of_answers,
    teach_series,
)
from .dropout import (
    DroppedGrads,
    DroppedRun,
    drawn_gradients,
    drop_mask,
    dropped_backward,
    dropped_forward,
)
from .masks import (
    MaskedGrads,
    MaskedRun,
    last_real,
    mask_of,
    masked_backward,
    masked_forward,
    read_last,
    read_last_backward,
)
from .sizes import GATES_OF, array_shapes, layer_size

__all__ = [
    "GATES_OF",
    "MODES",
    "DroppedGrads",
    "DroppedRun",
    "MaskedGrads",
    "MaskedRun",
    "Pieces",
    "activated_forward",
    "array_shapes",
    "drawn_gradients",
    "drop_mask",
    "dropped_backward",
    "dropped_forward",
    "first_infinite",
    "forced_error",
    "forecast_run",
    "in_pieces",
    "last_real",
    "latest_stream",
    "layer_size",
    "mask_of",
    "masked_backward",
    "masked_forward",
    "read_last",
    "read_last_backward",
    "shared_steps",
    "shift_scores",
    "spread_of_answers",
    "teach_series",
    "train_stream",
    "use_on_stream",
]
