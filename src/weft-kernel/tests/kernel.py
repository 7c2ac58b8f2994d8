"""A kernel and its client, as a notebook has them."""

import os
import queue
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

PROGRAM = os.environ["WEFT_KERNEL"]
NAME = "weft"

# Long enough for a machine that does other things too; nothing is measured by it.
PATIENCE = 300


def installed(*limits):
    """Installs the kernel where only these tests look, and lets Jupyter know."""
    prefix = tempfile.mkdtemp(prefix="weft-kernel-test-")
    subprocess.run([PROGRAM, "install", "--prefix", prefix, "--name", NAME, *limits], check=True, capture_output=True)
    os.environ["JUPYTER_PATH"] = str(Path(prefix) / "share/jupyter")
    return prefix


class Cell:
    """What came of a cell."""

    def __init__(self, reply, messages):
        self.reply = reply["content"] if reply else None
        self.messages = messages

    def of(self, kind):
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(content["text"] for content in self.of("stream") if content["name"] == name)

    @property
    def value(self):
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None

    @property
    def states(self):
        return [content["execution_state"] for content in self.of("status")]


class Notebook:
    """A kernel at work. What it says on standard error is in `log()`."""

    def __init__(self, **environment):
        self._log = tempfile.NamedTemporaryFile(prefix="weft-kernel-log-")
        self.manager = KernelManager(kernel_name=NAME)
        self.manager.start_kernel(stderr=self._log, env={**os.environ, **environment})
        self.client = self._connected()

    def _connected(self):
        client = self.manager.client()
        # As programs of their own have: by its name, which is that of its sockets, a client gets its replies.
        client.session = Session(key=self.manager.session.key)
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        return client

    def another_client(self):
        return self._connected()

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def log(self):
        return Path(self._log.name).read_text(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def send(self, code, **how):
        """Sends a cell and gives its id."""
        how.setdefault("allow_stdin", False)
        return self.client.execute(code, **how)

    def reply(self, id, timeout=PATIENCE):
        """The answer to a request, whatever else comes before it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                message = self.client.get_shell_msg(timeout=end - time.monotonic())
            except queue.Empty:
                break
            if message["parent_header"].get("msg_id") == id:
                return message
        raise AssertionError(f"no reply within {timeout} s; the log: {self.log()}")

    def told(self, id, until, timeout=PATIENCE):
        """What all are told of a request, until a message of which `until` is true."""
        messages = []
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=end - time.monotonic())
            except queue.Empty:
                break
            if message["parent_header"].get("msg_id") == id:
                messages.append(message)
                if until(message):
                    return messages
        raise AssertionError(f"not told within {timeout} s, but: {short(messages)}; the log: {self.log()}")

    def finished(self, id, timeout=PATIENCE):
        messages = self.told(id, is_idle, timeout)
        return Cell(self.reply(id, timeout), messages)

    def run(self, code, timeout=PATIENCE, **how):
        """Runs a cell to its end."""
        return self.finished(self.send(code, **how), timeout)

    def until_text(self, id, text, timeout=PATIENCE):
        """Waits until the cell has printed this."""
        said = []

        def is_said(message):
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])
            return text in "".join(said)

        return self.told(id, is_said, timeout)

    def control(self, kind, content, timeout=PATIENCE):
        """Asks on the control channel."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        end = time.monotonic() + timeout
        while True:
            reply = self.client.get_control_msg(timeout=max(0.1, end - time.monotonic()))
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]


def is_idle(message):
    return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"


def short(messages):
    return [(message["msg_type"], str(message["content"])[:200]) for message in messages]


class KernelTest(unittest.TestCase):
    """Tests that share one kernel, which is asked before each whether it still answers."""

    limits = ()
    environment = {}

    @classmethod
    def setUpClass(cls):
        installed(*cls.limits)
        cls.notebook = Notebook(**cls.environment)

    @classmethod
    def tearDownClass(cls):
        cls.notebook.__exit__()

    def run_cell(self, code, **how):
        return self.notebook.run(code, **how)

    def assert_ok(self, cell):
        self.assertEqual(cell.reply["status"], "ok", cell.reply)
        return cell

    def assert_value(self, cell, value):
        """The cell does well and shows this."""
        self.assertEqual(self.assert_ok(cell).value, value, short(cell.messages))

    def assert_error(self, cell):
        """An error has all three parts, and the same in the reply and for all."""
        self.assertEqual(cell.reply["status"], "error", cell.messages)
        (told,) = cell.of("error")
        for part in ("ename", "evalue", "traceback"):
            self.assertTrue(told[part], f"{part} in {told}")
            self.assertEqual(cell.reply[part], told[part])
        return cell
