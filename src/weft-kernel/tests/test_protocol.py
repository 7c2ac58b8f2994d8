"""Each kind of request, in each state of the kernel."""

import tempfile
import time

from kernel import KernelTest, Notebook, installed, is_idle, short


class Requests(KernelTest):
    def test_count_begins_at_one_and_silent_cells_do_not_count(self):
        with Notebook() as notebook:
            first = self.assert_ok(notebook.run("1 + 1"))
            self.assertEqual(first.reply["execution_count"], 1)
            self.assertEqual(first.of("execute_input")[0]["execution_count"], 1)
            self.assertEqual(first.of("execute_result")[0]["execution_count"], 1)
            silent = self.assert_ok(notebook.run('println!("x"); 5', silent=True))
            self.assertEqual([message["msg_type"] for message in silent.messages], ["status", "status"])
            passing = self.assert_ok(notebook.run("2", store_history=False))
            self.assertEqual(passing.reply["execution_count"], 2)
            blank = self.assert_ok(notebook.run(" \n"))
            self.assertEqual(blank.reply["execution_count"], 1)
            self.assertEqual(notebook.run("3").reply["execution_count"], 2)
            failed = self.assert_error(notebook.run("no_such_name"))
            self.assertEqual(failed.reply["execution_count"], 3)

    def test_busy_comes_first_and_idle_last(self):
        cell = self.run_cell('println!("a"); 1')
        kinds = [message["msg_type"] for message in cell.messages]
        self.assertEqual(kinds, ["status", "execute_input", "stream", "execute_result", "status"])
        self.assertEqual(cell.states, ["busy", "idle"])

    def test_user_expressions(self):
        cell = self.assert_ok(
            self.run_cell("let of_user = vec![1, 2, 3];", user_expressions={"n": "of_user.len()", "bad": "no_name"})
        )
        expressions = cell.reply["user_expressions"]
        self.assertEqual(expressions["n"], {"status": "ok", "data": {"text/plain": "3"}, "metadata": {}})
        self.assertEqual(expressions["bad"]["status"], "error")
        self.assertEqual(expressions["bad"]["ename"], "E0425")

    def test_stop_on_error(self):
        send = self.notebook.send
        bad, after = send("no_such_name"), [send(f"{number}") for number in range(3)]
        self.assertEqual(self.notebook.finished(bad).reply["status"], "error")
        for id in after:
            cell = self.notebook.finished(id)
            self.assertEqual(cell.reply["status"], "aborted")
            self.assertEqual(cell.states, ["busy", "idle"])
        bad, after = send("no_such_name", stop_on_error=False), send("4")
        self.assertEqual(self.notebook.finished(bad).reply["status"], "error")
        self.assertEqual(self.notebook.finished(after).value, "4")

    def test_completion_has_types_and_counts_characters(self):
        self.assert_ok(self.run_cell('let mut text = String::from("é");'))
        code = '"é𝛼"; text.push_s'
        id = self.notebook.client.complete(code, len(code))
        content = self.notebook.reply(id)["content"]
        self.assertTrue(any(match.startswith("push_str") for match in content["matches"]), content["matches"])
        self.assertEqual((content["cursor_start"], content["cursor_end"]), (len(code) - 6, len(code)))
        types = content["metadata"]["_jupyter_types_experimental"]
        self.assertEqual(len(types), len(content["matches"]))
        self.assertTrue(all(entry["type"] for entry in types), types)

    def test_is_complete(self):
        def ask(code):
            content = self.notebook.reply(self.notebook.client.is_complete(code))["content"]
            return content["status"], content.get("indent", "")

        self.assertEqual(ask("1 + 1"), ("complete", ""))
        self.assertEqual(ask("fn f() {\n    if true {"), ("incomplete", "        "))
        self.assertEqual(ask(")")[0], "invalid")

    def test_inspection(self):
        content = self.notebook.reply(self.notebook.client.inspect("String::new()", 2))["content"]
        self.assertTrue(content["found"])
        self.assertIn("String", content["data"]["text/plain"])
        self.assert_ok(self.run_cell('let of_reader = String::from("a");'))
        for code, at, said in (("of_reader.push('b')", 12, "push"), ("of_reader.len()", 3, "of_reader")):
            content = self.notebook.reply(self.notebook.client.inspect(code, at))["content"]
            self.assertIn(said, str(content["data"].get("text/plain")), code)
        content = self.notebook.reply(self.notebook.client.inspect("nothing_here", 3))["content"]
        self.assertEqual((content["status"], content["found"], content["data"]), ("ok", False, {}))

    def test_history_is_kept_over_restarts(self):
        # A history of its own: other kernels of whoever runs this write to theirs at any time.
        home = self.enterContext(tempfile.TemporaryDirectory())
        with Notebook(XDG_DATA_HOME=home) as first:
            first.run("11 + 1")
            first.run("let kept = 2;")
        with Notebook(XDG_DATA_HOME=home) as second:
            id = second.client.history(raw=True, output=True, hist_access_type="tail", n=2)
            history = second.reply(id)["content"]["history"]
            self.assertEqual([entry[2] for entry in history], [["11 + 1", "12"], ["let kept = 2;", ""]])

    def test_comms_are_refused(self):
        client = self.notebook.client
        self.assertEqual(self.notebook.reply(client.comm_info())["content"], {"status": "ok", "comms": {}})
        message = client.session.msg("comm_open", {"comm_id": "c1", "target_name": "jupyter.widget", "data": {}})
        client.shell_channel.send(message)
        told = self.notebook.told(message["header"]["msg_id"], is_idle)
        closes = [entry["content"] for entry in told if entry["msg_type"] == "comm_close"]
        self.assertEqual(closes, [{"comm_id": "c1", "data": {}}])

    def test_debug_replies(self):
        refused = self.notebook.control("debug_request", {"type": "request", "seq": 7, "command": "initialize"})
        self.assertEqual((refused["type"], refused["request_seq"], refused["success"]), ("response", 7, False))
        state = self.notebook.control("debug_request", {"type": "request", "seq": 8, "command": "debugInfo"})
        self.assertTrue(state["success"])
        self.assertFalse(state["body"]["isStarted"])

    def test_heartbeat(self):
        self.assertTrue(self.notebook.client.hb_channel.is_beating())

    def test_a_second_client_sees_what_the_first_does(self):
        other = self.notebook.another_client()
        id = self.notebook.send("7 * 6")
        self.notebook.finished(id)
        kinds = []
        while "execute_result" not in kinds:
            message = other.get_iopub_msg(timeout=20)
            if message["parent_header"].get("msg_id") == id:
                kinds.append(message["msg_type"])
        other.stop_channels()
        self.assertEqual(self.run_cell("1").value, "1", "and its leaving changes nothing")

    def test_many_short_lived_clients(self):
        for _ in range(20):
            self.notebook.another_client().stop_channels()
        self.assertEqual(self.run_cell("1").value, "1")


class Input(KernelTest):
    READ = "let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap(); line"

    def test_a_cell_reads_lines(self):
        id = self.notebook.send(self.READ, allow_stdin=True)
        question = self.notebook.client.get_stdin_msg(timeout=60)
        self.assertEqual(question["msg_type"], "input_request")
        self.assertEqual(question["parent_header"]["msg_id"], id)
        self.notebook.client.input("hé llo")
        self.assertEqual(self.notebook.finished(id).value, '"hé llo\\n"')

    def test_who_cannot_be_asked_is_at_the_end_of_the_input(self):
        cell = self.assert_ok(self.run_cell(self.READ, allow_stdin=False))
        self.assertEqual(cell.value, '""')
        self.assertIn("can't be asked", cell.text("stderr"))

    def test_an_answer_that_nobody_waits_for_does_nothing(self):
        self.notebook.client.input("early")
        id = self.notebook.send(self.READ, allow_stdin=True)
        self.notebook.client.get_stdin_msg(timeout=60)
        self.notebook.client.input("right")
        self.assertEqual(self.notebook.finished(id).value, '"right\\n"')


class Interrupts(KernelTest):
    def setUp(self):
        self.assert_ok(self.run_cell("let kept = vec![1, 2, 3];"))

    def interrupted(self, id):
        self.notebook.manager.interrupt_kernel()
        cell = self.assert_error(self.notebook.finished(id))
        self.assertEqual(self.run_cell("kept.len()").value, "3")
        return cell

    def test_nothing_runs(self):
        self.notebook.manager.interrupt_kernel()
        self.assertEqual(self.run_cell("kept.len()").value, "3")

    def test_an_endless_loop(self):
        id = self.notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
        self.notebook.until_text(id, "in")
        self.interrupted(id)

    def test_a_sleep(self):
        id = self.notebook.send('println!("in"); std::thread::sleep(std::time::Duration::from_secs(1000));')
        self.notebook.until_text(id, "in")
        self.interrupted(id)

    def test_a_flood(self):
        id = self.notebook.send('loop { println!("flood flood flood flood"); }')
        self.notebook.until_text(id, "flood")
        self.interrupted(id)

    def test_a_question(self):
        id = self.notebook.send(Input.READ, allow_stdin=True)
        self.notebook.client.get_stdin_msg(timeout=60)
        self.interrupted(id)

    def test_compiling(self):
        id = self.notebook.send("loop { std::hint::spin_loop(); }")
        self.notebook.told(id, lambda message: message["msg_type"] == "execute_input")
        self.interrupted(id)

    def test_asked_for_on_the_shell_channel(self):
        """As VS Code does."""
        id = self.notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
        self.notebook.until_text(id, "in")
        ask = self.notebook.client.session.msg("interrupt_request", {})
        self.notebook.client.shell_channel.send(ask)
        self.assertEqual(self.notebook.reply(ask["header"]["msg_id"], 20)["content"]["status"], "ok")
        self.assert_error(self.notebook.finished(id))
        self.assertEqual(self.run_cell("kept.len()").value, "3")

    def test_while_it_begins(self):
        for _ in range(60):
            id = self.notebook.send("loop { std::hint::spin_loop(); }")
            self.notebook.told(id, lambda message: message["msg_type"] == "execute_input")
            self.notebook.manager.interrupt_kernel()
            self.assert_error(self.notebook.finished(id, 30))
        self.assertEqual(self.run_cell("kept.len()").value, "3")

    def test_starting(self):
        with Notebook() as notebook:
            id = notebook.send("loop { std::hint::spin_loop(); }")
            notebook.told(id, lambda message: message["msg_type"] == "execute_input")
            notebook.manager.interrupt_kernel()
            self.assert_error(notebook.finished(id))
            self.assertEqual(notebook.run("1").value, "1")

    def test_what_waits_behind_it_is_not_run(self):
        first = self.notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
        second = self.notebook.send('println!("second");')
        self.notebook.until_text(first, "in")
        self.notebook.manager.interrupt_kernel()
        self.assert_error(self.notebook.finished(first))
        self.assertEqual(self.notebook.finished(second).reply["status"], "aborted")


class WhileACellRuns(KernelTest):
    def test_others_are_answered(self):
        id = self.notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
        self.notebook.until_text(id, "in")
        client, reply = self.notebook.client, self.notebook.reply
        self.assertEqual(reply(client.kernel_info(), 20)["content"]["language_info"]["name"], "rust")
        self.assertEqual(reply(client.is_complete("fn f() {"), 20)["content"]["status"], "incomplete")
        self.assertEqual(reply(client.complete("Str", 3), 20)["content"]["status"], "ok")
        self.assertEqual(reply(client.inspect("String", 3), 20)["content"]["status"], "ok")
        self.assertTrue(client.hb_channel.is_beating())
        self.notebook.manager.interrupt_kernel()
        self.notebook.finished(id)

    def test_restart_and_shutdown(self):
        for now in (False, False, True):
            with Notebook() as notebook:
                id = notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
                notebook.until_text(id, "in")
                before = notebook.pid
                notebook.manager.restart_kernel(now=now)
                notebook.client.wait_for_ready(timeout=60)
                self.assertNotEqual(notebook.pid, before)
                cell = self.assert_ok(notebook.run("1 + 1"))
                self.assertEqual((cell.value, cell.reply["execution_count"]), ("2", 1))

    def test_shutdown_is_answered_and_leaves_nothing(self):
        import psutil

        with Notebook() as notebook:
            id = notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
            notebook.until_text(id, "in")
            family = [psutil.Process(notebook.pid), *psutil.Process(notebook.pid).children(recursive=True)]
            content = notebook.control("shutdown_request", {"restart": False})
            self.assertEqual(content, {"restart": False, "status": "ok"})
            notebook.manager.provisioner.process.wait(timeout=20)
            _, alive = psutil.wait_procs(family[1:], timeout=10)
            self.assertEqual(alive, [])


class Several(KernelTest):
    def test_two_kernels_at_once(self):
        with Notebook() as other:
            ids = []
            for notebook, number in ((self.notebook, 1), (other, 2)):
                ids.append((notebook, number, notebook.send(f"let own = {number}; own")))
            for notebook, number, id in ids:
                self.assertEqual(notebook.finished(id).value, str(number))
            for notebook, number in ((self.notebook, 1), (other, 2)):
                self.assertEqual(notebook.run("own").value, str(number))


class Limits(KernelTest):
    limits = ("--cell-timeout", "2", "--output-limit", "100K")

    def test_a_cell_that_takes_too_long_is_ended(self):
        self.assert_ok(self.run_cell("let kept = 5;"))
        self.assert_error(self.run_cell("loop { std::hint::spin_loop(); }"))
        self.assertEqual(self.run_cell("kept").value, "5")

    def test_output_is_bounded_and_its_end_is_there(self):
        cell = self.assert_ok(self.run_cell('for i in 0..100_000 { println!("line {i}"); }'))
        text = cell.text()
        self.assertTrue(text.startswith("line 0\nline 1\n"), text[:100])
        self.assertTrue(text.endswith("line 99998\nline 99999\n"), text[-100:])
        self.assertIn("bytes are left out here", text)
        self.assertLess(len(text), 200 << 10)

    def test_an_error_after_a_flood_is_whole(self):
        cell = self.assert_error(self.run_cell('for i in 0..100_000 { eprintln!("line {i}"); }\npanic!("the end");'))
        self.assertIn("the end", cell.reply["evalue"])
