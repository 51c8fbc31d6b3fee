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
