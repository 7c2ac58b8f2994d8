"""Messages that are not what they should be are dropped with a line in the log, and never run."""

import json
import socket
import struct
import uuid
from datetime import datetime, timezone

import zmq

from kernel import KernelTest

# What a cell would do that a wrong message asks for: it would be seen.
TRACE = "let trace_{} = 1;"


class WrongMessages(KernelTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        info = cls.notebook.manager.get_connection_info()
        cls.shell = zmq.Context.instance().socket(zmq.DEALER)
        cls.shell.linger = 0
        cls.shell.connect(f"tcp://{info['ip']}:{info['shell_port']}")
        cls.session = cls.notebook.client.session

    @classmethod
    def tearDownClass(cls):
        cls.shell.close()
        super().tearDownClass()

    def parts(self, name, **header):
        """Header, parent, metadata, content of a request that would leave a trace."""
        whole = {
            "msg_id": uuid.uuid4().hex,
            "username": "u",
            "session": "s",
            "date": datetime.now(timezone.utc).isoformat(),
            "msg_type": "execute_request",
            "version": "5.3",
            **header,
        }
        content = {
            "code": TRACE.format(name),
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return [json.dumps(part).encode() for part in (whole, {}, {}, content)]

    def dropped(self, name, *frames):
        """Sends it; the kernel says that it has dropped something, goes on, and has not run it."""
        lines = self.notebook.log().count("is dropped")
        self.shell.send_multipart(frames)
        cell = self.run_cell(f"trace_{name}")
        self.assertEqual(self.assert_error(cell).reply["ename"], "E0425", "it has been run")
        log = self.notebook.log()
        self.assertEqual(log.count("a message on the shell channel is dropped: "), lines + 1, log)
        self.assertFalse(self.shell.poll(200), "it is not answered")

    def test_a_right_one_is_run(self):
        parts = self.parts("right")
        self.shell.send_multipart([b"<IDS|MSG>", self.session.sign(parts), *parts])
        self.assertTrue(self.shell.poll(60_000))
        self.shell.recv_multipart()
        self.assertEqual(self.run_cell("trace_right").value, "1")

    def test_without_a_signature(self):
        self.dropped("unsigned", b"<IDS|MSG>", b"", *self.parts("unsigned"))

    def test_with_a_wrong_signature(self):
        self.dropped("wrong", b"<IDS|MSG>", b"0" * 64, *self.parts("wrong"))
        self.dropped("no_hex", b"<IDS|MSG>", b"not hex at all", *self.parts("no_hex"))

    def test_with_the_signature_of_another(self):
        signature = self.session.sign(self.parts("one"))
        self.dropped("another", b"<IDS|MSG>", signature, *self.parts("another"))

    def test_changed_after_it_was_signed(self):
        parts = self.parts("before")
        signature = self.session.sign(parts)
        parts[3] = parts[3].replace(b"trace_before", b"trace_after")
        self.dropped("after", b"<IDS|MSG>", signature, *parts)

    def test_replayed(self):
        parts = self.parts("replay")
        parts[3] = parts[3].replace(b"let trace_replay = 1;", b"1 + 1")
        frames = [b"<IDS|MSG>", self.session.sign(parts), *parts]
        self.shell.send_multipart(frames)
        self.assertTrue(self.shell.poll(60_000))
        count = json.loads(self.shell.recv_multipart()[5])["execution_count"]
        self.dropped("replay", *frames)
        self.assertEqual(self.run_cell("1").reply["execution_count"], count + 2)

    def test_not_whole(self):
        parts = self.parts("part")
        signature = self.session.sign(parts)
        self.dropped("part", b"<IDS|MSG>", signature, *parts[:3])
        self.dropped("part", b"<IDS|MSG>", signature)
        self.dropped("part", b"<IDS|MSG>")
        self.dropped("part", signature, *parts)
        self.dropped("part", b"")

    def test_no_json(self):
        for place in range(4):
            if place == 1:
                # A parent that can't be read is none.
                continue
            for wrong in (b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000, b"null"):
                if place == 2 and wrong in (b"[]", b"null"):
                    continue
                parts = self.parts("json")
                parts[place] = wrong
                self.shell.send_multipart([b"<IDS|MSG>", self.session.sign(parts), *parts])
        self.dropped_after_all = self.run_cell("trace_json")
        self.assert_error(self.dropped_after_all)

    def test_wrong_content(self):
        for content in ({}, {"code": 1}, {"code": None}, {"code": "1", "silent": "perhaps"}):
            parts = self.parts("content")
            parts[3] = json.dumps(content).encode()
            self.dropped("content", b"<IDS|MSG>", self.session.sign(parts), *parts)

    def test_unknown_type(self):
        parts = self.parts("type", msg_type="no_such_request")
        self.shell.send_multipart([b"<IDS|MSG>", self.session.sign(parts), *parts])
        self.assert_error(self.run_cell("trace_type"))
        self.assertIn("no_such_request", self.notebook.log())

    def test_bytes_that_are_no_messages_at_all(self):
        info = self.notebook.manager.get_connection_info()
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(32)
        endless = greeting + b"\x02" + struct.pack(">Q", 2**63 - 1)
        for channel in ("shell", "control", "stdin", "iopub", "hb"):
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 200, b"", endless, greeting + b"\x04\xff" + bytes(255)):
                with socket.create_connection((info["ip"], info[f"{channel}_port"])) as connection:
                    connection.sendall(data)
        self.assertEqual(self.run_cell("1").value, "1")
        self.assertTrue(self.notebook.client.hb_channel.is_beating())
        self.assertTrue(self.notebook.control("interrupt_request", {})["status"], "ok")
