"""An explorer in a real kernel, driven with the messages that a front end sends."""

import time

import pytest
from jupyter_client.manager import start_new_kernel

CELL = """
from lstm_inside import EXPLORERS
explorer = EXPLORERS["half_life"]()
print(explorer.controls["b_f"].model_id, explorer._over.model_id)
"""


@pytest.fixture(scope="module")
def client():
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def messages(client, request):
    """All that the kernel publishes for one request, until it is idle again."""
    until, found = time.monotonic() + 60, []
    while time.monotonic() < until:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found
        found.append(message)
    raise TimeoutError(f"the kernel was not idle after 60 s; it sent {found}")


def run(client, code):
    found = messages(client, client.execute(code))
    assert not [m for m in found if m["msg_type"] == "error"], found
    return "".join(m["content"]["text"] for m in found if m["msg_type"] == "stream")


def move(client, model, value):
    """Send what a slider sends; returns the states that other models are sent in reply."""
    content = {"comm_id": model, "data": {"method": "update", "state": {"value": value}}}
    message = client.session.msg("comm_msg", content)
    client.shell_channel.send(message)
    found = messages(client, message["header"]["msg_id"])
    assert not [m for m in found if m["msg_type"] in ("error", "stream")], found
    return {
        m["content"]["comm_id"]: m["content"]["data"].get("state", {})
        for m in found
        if m["msg_type"] == "comm_msg"
    }


def test_a_moved_slider_is_answered_with_the_new_picture_only(client):
    control, overlay = run(client, CELL).split()
    replies = move(client, control, 4.0)
    assert "38.2 steps" in replies[overlay]["value"]
    assert set(replies) <= {control, overlay}  # the background does not travel
    assert len(replies[overlay]["value"]) < 60_000


def test_an_exception_in_an_update_reaches_the_reader_not_the_log(client):
    control, overlay = run(client, CELL).split()
    run(client, "def broken(**s): raise ValueError('on purpose')\nexplorer._update = broken")
    replies = move(client, control, 2.0)
    assert "ValueError: on purpose" in replies[overlay]["value"]


SHOWS = """
from lstm_inside import EXPLORERS
from lstm_inside.gates import check
from lstm_inside.page import picture
explorer = EXPLORERS["half_life"]()
display(explorer, check.ask(next(iter(check.QUESTIONS))), picture(100, 100, alt="nothing"))
"""
COUNT = "from ipywidgets.widgets import widget; print(len(widget._instances))"


def test_a_cell_that_is_run_again_lets_go_of_what_it_showed(client):
    run(client, SHOWS)
    before = run(client, COUNT)
    for _ in range(5):
        run(client, SHOWS)
    assert run(client, COUNT) == before
    run(client, "assert explorer.figure is not None; explorer.set(b_f=2.0)")  # the new one lives


@pytest.mark.parametrize(
    "last", ["explorer", "explorer.figure", 'picture(100, 100, alt="nothing")']
)
def test_what_a_cell_gave_before_is_freed(client, last):
    """Out[n] and _n would hold every explorer and picture of every run; _, __ and ___ hold three."""
    run(client, "import gc, weakref; results = []")
    make = SHOWS[: SHOWS.index("display")] + last
    for _ in range(5):
        run(client, make)
        run(client, "results.append(weakref.ref(_))")
    alive = run(client, "gc.collect(); print([result() is not None for result in results])")
    assert alive.split() == ["[False,", "False,", "True,", "True,", "True]"]
    run(client, "assert Out[max(Out)] is results[-1]()")


def test_another_cell_leaves_it_alone(client):
    run(client, SHOWS)
    run(client, SHOWS + "\nsecond = explorer")
    run(client, "assert second.figure is not None\nexplorer.close()")
    run(client, "mine = EXPLORERS['half_life']()")
    run(client, "other = EXPLORERS['half_life']()\nmine.set(b_f=2.0)\nassert mine.error is None")


def test_what_a_button_makes_belongs_to_no_cell(client):
    code = "import ipywidgets\nkept = []\nbutton = ipywidgets.Button()\n"
    code += (
        "button.on_click(lambda _: kept.append(EXPLORERS['half_life']()))\nprint(button.model_id)"
    )
    model = run(client, code).strip()
    for _ in range(2):
        content = {"comm_id": model, "data": {"method": "custom", "content": {"event": "click"}}}
        message = client.session.msg("comm_msg", content)
        client.shell_channel.send(message)
        messages(client, message["header"]["msg_id"])
    run(client, "assert len(kept) == 2 and all(e.figure is not None for e in kept)")


def test_what_a_cell_makes_in_a_loop_and_shows_to_nobody_is_freed(client):
    run(client, SHOWS + "\nname = next(iter(check.QUESTIONS))")
    before = int(run(client, COUNT))
    run(client, "one = check.ask(name)")
    each = int(run(client, COUNT)) - before
    run(client, "for _ in range(100): check.ask(name)")
    assert int(run(client, COUNT)) - before <= 40 * each
    run(client, "one.choice.value = one.choice.options[0]\nassert one.reply")
