"""The MLPs that notebook 11 holds against its CNN."""

from lstm_inside.foundations import init_mlp, mlp_backward, mlp_forward


def mlp(hidden):
    """An MLP for pictures of 3 x 12 x 12 with one hidden layer of `hidden` tanh neurons.

    Returns (run, back) and start: run(images, weights) gives the two answers and a cache,
    back(dy, cache) the gradients of the weights, start(rng) fresh weights.
    """

    def run(images, weights):
        trace = mlp_forward(images.reshape(len(images), -1), weights, "tanh")
        return trace.y, (trace, weights)

    def back(dy, cache):
        return mlp_backward(dy, *cache).params

    def start(rng):
        weights = init_mlp((3 * 12 * 12, hidden, 2), rng=rng)
        return tuple(w / len(w) ** 0.5 for w in weights)

    return (run, back), start
