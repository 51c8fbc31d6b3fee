"""Notebook 05: a training that lets sliders and buttons live, and its view."""

import asyncio
import json
import re
import time

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from training_nets import adding, rng, same

from lstm_core import init_rnn, rnn_forward
from lstm_inside.page import live as page_live
from lstm_inside.page.live import train
from lstm_inside.tasks import hold_problem, two_sequence_problem
from lstm_inside.training import (
    Model,
    adding_duel,
    adding_training,
    answers,
    each_array,
    init_model,
    init_readout,
)
from lstm_inside.training import explorers as views


class Costly:
    """A training whose steps take a time of their own, on a clock that they move."""

    def __init__(self, monkeypatch, each):
        self.now, self.each, self.step, self.shown = 0.0, each, 0, []
        monkeypatch.setattr(page_live.time, "perf_counter", lambda: self.now)

    def steps(self, count):
        for _ in range(count):
            self.now += self.each
            self.step += 1
            yield

    def show(self, cost):
        self.shown.append(self.now)
        self.now += cost


@pytest.mark.parametrize("cost", [0.0625, 1.0])
def test_redrawing_takes_its_share_of_the_time_and_no_more(monkeypatch, cost):
    run = Costly(monkeypatch, each=2**-7)
    asyncio.run(train(run, 4000, show=lambda: run.show(cost), share=1 / 16))
    assert run.shown[0] == run.each  # at once, so that one sees that it runs
    assert run.shown[1] - run.shown[0] == cost + 16 * cost  # to the step
    spent = cost * (len(run.shown) - 1)  # but for the last one, which ends it
    assert 0.9 / 16 < spent / (4000 * run.each) < 1.2 / 16


def test_what_costs_nothing_is_still_not_drawn_at_every_step(monkeypatch):
    run = Costly(monkeypatch, each=2**-10)
    asyncio.run(train(run, 1024, show=lambda: run.show(0), share=1 / 16))
    assert 45 <= len(run.shown) <= 52  # fifty times a second


def test_others_get_their_turn_when_a_breath_is_over_and_no_sooner(monkeypatch):
    monkeypatch.setattr(page_live, "_BREATH", 0.25)
    run, turns = Costly(monkeypatch, each=0.0625), []

    async def other():
        while True:
            turns.append(run.step)
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(other())
        await train(run, 20, show=lambda: None)
        task.cancel()

    asyncio.run(main())
    assert turns == [4, 8, 12, 16, 20]


def test_a_count_that_is_none_is_refused_before_anything_is_shown():
    shown = []
    with pytest.raises(ValueError, match="count: expected"):
        asyncio.run(train(adding(), 0, show=lambda: shown.append(1)))
    assert not shown


def test_others_live_while_it_trains_and_stop_is_heard_within_a_second():
    training = adding(T=30)
    beats = []

    async def heart():
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(0.01)

    async def main():
        other = asyncio.ensure_future(heart())
        asked = []
        asyncio.get_running_loop().call_later(
            0.3, lambda: (asked.append(time.perf_counter()), training.stop())
        )
        taken = await train(training, 10**6)
        waited = time.perf_counter() - asked[0]
        other.cancel()
        return taken, waited

    taken, waited = asyncio.run(main())
    assert taken == training.step > 0
    assert waited < 1
    assert len(beats) > 2
    assert np.diff(beats).max() < 1


@pytest.mark.parametrize("price", [0.002, 0.02])
def test_watching_costs_less_than_a_tenth(price):
    training, shows = adding(T=20), []

    def show():
        until = time.perf_counter() + price
        while time.perf_counter() < until:
            pass
        shows.append(training.step)

    began = time.perf_counter()
    asyncio.run(train(training, 250, show=show))
    spent = time.perf_counter() - began
    drawn = (len(shows) - 2) * price  # but for the first and the last, which are always shown
    assert drawn < 0.1 * spent
    assert shows[-1] == training.step == 250


def test_watched_is_bit_for_bit_unwatched():
    watched, plain = adding(), adding()
    asyncio.run(train(watched, 30, show=lambda: None))
    list(plain.steps(30))
    assert same(watched.params, plain.params)


@pytest.fixture
def live():
    view = views.live_training(steps=40)
    yield view
    view.close()


def test_the_live_view_stops_goes_on_and_keeps_what_was_learned(live):
    async def main():
        asyncio.get_running_loop().call_later(0.05, live.stop_button.click)
        taken = await live.train(100_000)
        assert live.run.step == taken == live.bar.value
        assert 0 < taken < 100_000
        assert live.stop_button.disabled
        assert not live.start_button.disabled
        assert live.start_button.description == page_live.WORDS["go_on"]
        assert live.status.value.startswith(f"stopped at step {taken} of 100000")
        assert f"After {taken} training steps" in live.caption
        assert await live.train(taken + 5) == 5
        assert live.status.value == f"done: {taken + 5} steps"

    asyncio.run(main())
    plain = views.live_training(steps=40).run
    list(plain.steps(live.run.step))
    assert same(plain.params, live.run.params)


def test_the_live_views_buttons_train_beside_the_kernel(live):
    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        assert live.running
        assert live.start_button.disabled
        live.controls["unit"].value = 3  # a slider answers while it trains
        assert 'role="alert"' not in live._over.value
        await live._task
        assert live.run.step == 40
        live.start_button.click()  # Continue aims as far again
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert live.run.step == live.goal == live.bar.max == 80
    assert live.figure.axes[0].get_xlim()[1] == 80


def test_a_diverged_live_training_is_told_in_the_view(live):
    def loss(params, batch):
        return np.nan, params

    live.run.loss = loss

    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert "step 1: the loss is nan" in live.status.value
    assert not live.running


def test_the_live_view_shows_the_models_answers(live):
    asyncio.run(live.train(10))
    said = answers(live.run.params, live.batch)[:, 0]
    np.testing.assert_array_equal(live.values["answers"], said)
    assert live.values["error"] == pytest.approx(((said - live.batch.targets[:, 0]) ** 2).mean())


def test_a_plain_rnn_can_be_watched_too():
    run = adding_training(init_rnn(2, 6, rng=rng()), 12, rng=rng())
    view = views.live_training(run, steps=5)
    asyncio.run(view.train())
    assert view.values["step"] == 5
    view.close()


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (init_model(1, 4, 1, rng=rng(1)), lambda B, *, rng: hold_problem(7, B, rng=rng)),
        (
            Model(init_rnn(1, 5, rng=rng(2)), init_readout(5, 1, rng=rng(3))),
            two_sequence_problem(20, 30, rng=rng(4)),
        ),
    ],
    ids=["drawn by an LSTM's owner", "fixed, of several lengths, for an RNN"],
)
def test_your_own_data_can_be_watched(model, data):
    view = views.live_training(model=model, data=data, steps=4)
    asyncio.run(view.train())
    truth = view.batch.targets[:, 0]
    sequence = int(np.argmin(view.batch.last))
    view.set(sequence=sequence)
    assert view.values["step"] == 4
    assert f"always answering {truth.mean():.3g} gives {truth.var():.3g}" in view.caption
    due = view.figure.axes[1].lines[-1].get_xdata()[0]  # the dotted line
    assert due == view.batch.last[sequence] + 1
    view.close()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"model": 1}, TypeError, "data: expected model and data, or a run alone, got model"),
        ({"data": 1}, TypeError, "data: expected model and data, or a run alone, got data"),
        ({"data": 1, "K": 1}, TypeError, "data: expected a function"),
        ({"optimiser": views}, TypeError, "data: expected model and data, or a run alone, got optimiser"),
        ({"data": hold_problem(6, 8, rng=rng()), "K": 2}, ValueError, "targets?: expected"),
        (
            {"data": lambda B, *, rng: hold_problem(6, 3, rng=rng), "K": 1},
            ValueError,
            r"data: expected 64 sequences from draw\(64\), got 3",
        ),
        (
            {"data": lambda B, *, rng: hold_problem(6, B, rng=rng)._replace(targets=np.ones((B, 1))), "K": 1},
            ValueError,
            "targets: expected answers that differ, got only 1",
        ),
    ],
)  # fmt: skip
def test_what_is_no_data_of_ones_own_is_told(given, error, words):
    given = dict(given)
    if "K" in given:
        given["model"] = init_model(1, 3, given.pop("K"), rng=rng())
    with pytest.raises(error, match=words):
        views.live_training(**given)


def test_one_page_trains_one_of_a_name():
    """A cell that is run again while it trains: the old training ends and keeps what it learned."""

    async def main():
        old = views.live_training(steps=10**6)
        old.start_button.click()
        await asyncio.sleep(0.05)
        new = views.live_training(old.run, steps=10**6)  # the same run, watched by a new view
        assert await new.train(old.run.step + 3) > 0
        assert not old.running
        assert old.status.value.startswith("stopped at step")
        return old, new

    old, new = asyncio.run(main())
    kept = old.run.step
    plain = views.live_training().run
    list(plain.steps(kept))
    assert same(plain.params, old.run.params)
    old.close()
    new.close()


def test_two_of_different_names_may_both_train():
    async def main():
        one, two = views.live_training(steps=3), views.live_recall(steps=3)
        one.start_button.click()
        two.start_button.click()
        await one._task
        await two._task
        assert (one.run.step, two.run.step) == (3, 3)
        one.close()
        two.close()

    asyncio.run(main())


def test_a_cell_waits_for_what_a_button_began(live):
    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        assert await live.train() == 40  # aims as far again

    asyncio.run(main())
    assert live.run.step == 80


def test_one_unit_on_recall_is_watched_without_a_slider_for_it():
    view = views.live_recall(steps=5)
    asyncio.run(view.train())
    assert set(view.controls) == {"sequence"}
    lazy = (view.batch.targets**2).mean()  # on the very sequences, not on all there are
    assert f"on the same ones, always answering 0 gives {lazy:.3g}" in view.caption
    assert "the flagged number is" in view.caption
    assert view.figure.axes[3].get_ylim() == (-1.2, 1.2)  # of a number within 1
    truth = view.batch.targets[view.controls["sequence"].value, 0]
    assert view.values["truth"] == truth
    view.close()


def test_a_duel_starts_over_at_another_length():
    view = views.live_duel(T=10, steps=5)
    asyncio.run(view.train())
    assert view.runs[0].step == view.runs[1].step == 5
    view.length.value = 30
    assert view.run.step == 5  # the slider alone forgets nothing
    view.over_button.click()
    assert view.runs[0].step == view.runs[1].step == 0
    assert view.values["T"] == len(view.batch.xs) == 30
    assert view.figure.axes[1].get_xlim()[1] == 30
    assert view.start_button.description == page_live.WORDS["train"]
    asyncio.run(view.train())
    plain, rnn = adding_duel(30)
    list(plain.steps(5)), list(rnn.steps(5))
    assert same(view.runs[0].params, plain.params)
    assert same(view.runs[1].params, rnn.params)
    view.close()


def test_a_duel_shows_the_rnns_state_and_answer_beside_the_lstms():
    view = views.live_duel(T=10, steps=5)
    view.set(unit=5, sequence=3)
    rnn = view.runs[1].params
    h = rnn_forward(view.batch.xs, rnn.cell).h[:, 3, 5]
    (line,) = [one for one in view.figure.axes[3].lines if one.get_linestyle() == "--"]
    np.testing.assert_array_equal(line.get_ydata(), h)
    said = answers(rnn, view.batch)[3, 0]
    assert f" (LSTM) and {said:.2f} (RNN)." in view.caption
    view.close()


def test_a_duel_starts_over_from_another_seed():
    view = views.live_duel(T=10, steps=5)
    view.seed.value = 7
    view.over_button.click()
    asyncio.run(view.train())
    plain, _ = adding_duel(10, 7)
    list(plain.steps(5))
    assert same(view.runs[0].params, plain.params)
    view.close()


def test_whatever_goes_wrong_beside_the_kernel_is_told_in_the_view(live):
    live.run.loss = lambda params, batch: [][0]

    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert live.status.value == "stopped at step 0, as the next one failed: list index out of range"
    assert not live.running
    assert not live.start_button.disabled


@pytest.mark.filterwarnings("ignore:overflow")
def test_what_has_left_all_bounds_is_told_in_few_words():
    view = views.live_training(steps=5)
    view.run.state = view.run.state._replace(
        params=each_array(lambda array: np.full_like(array, 1e100), view.run.params)
    )
    view.refresh()
    assert max(map(len, view.caption.split())) < 20
    view.close()


def test_the_interrupt_button_stops_a_cell_and_not_what_a_button_started():
    """In a real kernel: nothing is lost either way, and the view says what is so."""
    manager, client = start_new_kernel(kernel_name="python3")

    def told(code):
        said = []
        reply = client.execute_interactive(
            code, output_hook=lambda message: said.append(message["content"])
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return json.loads("".join(c["text"] for c in said if c.get("name") == "stdout"))

    state = "print(json.dumps([v.run.step, v.running, v.status.value]))"
    try:
        setup = "import json\nfrom lstm_inside.training import explorers\nv = explorers.live_duel(steps=10**6)"
        button = told(setup + "\nprint(json.dumps(v.start_button.model_id))")
        click = {"method": "custom", "content": {"event": "click"}}
        content = {"comm_id": button, "data": click}
        client.shell_channel.send(client.session.msg("comm_msg", content))
        first, running, _ = told(state)
        assert running
        manager.interrupt_kernel()
        time.sleep(1)  # the signal is heard before the next cell begins
        later, running, said = told("import asyncio; await asyncio.sleep(1)\n" + state)
        assert running
        assert later > first
        assert re.match(r"step \d+ of 1000000", said)

        kept = told("v.stop(); await v._task\n" + state)[0]
        request = client.execute("await v.train()", stop_on_error=False)  # ask on, at once
        time.sleep(1)
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != request:
            pass
        assert reply["content"]["status"] == "error"
        step, running, said = told(state)
        assert not running
        assert step > kept
        assert said == f"stopped at step {step} of 1000000; nothing is lost"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
