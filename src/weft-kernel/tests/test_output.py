"""What cells print and show, as they do it."""

import json
import time

from kernel import KernelTest, is_idle


def block(mime, content):
    """The lines with which a cell shows something."""
    return f'println!("EVCXR_BEGIN_CONTENT {mime}\\n{{}}\\nEVCXR_END_CONTENT", r#"{content}"#);'


def shown(**message):
    return block("application/vnd.weft.display+json", json.dumps(message))


class Streams(KernelTest):
    def test_text_appears_while_the_cell_runs(self):
        code = """
        use std::io::Write;
        for i in 0..3 {
            print!("piece {i} ");
            std::thread::sleep(std::time::Duration::from_millis(700));
        }
        """
        id = self.notebook.send(code)
        messages = self.notebook.told(id, is_idle)
        pieces = [message["content"]["text"] for message in messages if message["msg_type"] == "stream"]
        self.assertEqual("".join(pieces), "piece 0 piece 1 piece 2 ")
        self.assertGreaterEqual(len(pieces), 2, "in more than one message")
        self.notebook.reply(id)

    def test_progress_bars_keep_their_returns(self):
        cell = self.assert_ok(self.run_cell('for i in 0..4 { print!("\\rat {i}"); } println!();'))
        self.assertEqual(cell.text(), "\rat 0\rat 1\rat 2\rat 3\n")

    def test_both_streams_and_children(self):
        code = """
        println!("out");
        eprintln!("err");
        std::process::Command::new("sh").args(["-c", "echo child; echo child-err >&2"]).status().unwrap();
        """
        cell = self.assert_ok(self.run_cell(code))
        self.assertEqual(cell.text(), "out\nchild\n")
        self.assertEqual(cell.text("stderr"), "err\nchild-err\n")

    def test_what_a_thread_prints_after_its_cell_belongs_to_it(self):
        code = """
        std::thread::spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(1500));
            println!("late");
        });
        """
        id = self.notebook.send(code)
        self.assertEqual(self.notebook.finished(id).text(), "")
        self.notebook.until_text(id, "late", 30)

    def test_lines_are_batched(self):
        cell = self.assert_ok(self.run_cell('for i in 0..20_000 { println!("{i}"); }'))
        self.assertEqual(cell.text(), "".join(f"{number}\n" for number in range(20_000)))
        self.assertLess(len(cell.of("stream")), 300)

    def test_broken_characters_do_no_harm(self):
        code = 'use std::io::Write; std::io::stdout().write_all(b"a\\xffb\\xc3").unwrap(); println!("\\u{e9}");'
        cell = self.assert_ok(self.run_cell(code))
        self.assertEqual(cell.text(), "a\ufffdb\ufffd\u00e9\n")

    def test_a_hundred_megabytes(self):
        import psutil

        code = 'let line = "x".repeat(99); for _ in 0..1_000_000 { println!("{line}"); } println!("last");'
        # What rust-analyzer reads behind the first cells is not the output's.
        self.run_cell("let learnt = [1, 2].iter().sum::<i32>();")
        family = [psutil.Process(self.notebook.pid), *psutil.Process(self.notebook.pid).children(recursive=True)]
        before = sum(process.memory_info().rss for process in family)
        start = time.monotonic()
        cell = self.assert_ok(self.run_cell(code))
        took = time.monotonic() - start
        after = sum(process.memory_info().rss for process in family if process.is_running())
        self.assertTrue(cell.text().endswith("x\nlast\n"))
        self.assertIn("bytes are left out here", cell.text())
        self.assertLess(len(cell.text()), 17 << 20)
        self.assertLess(after - before, 200 << 20)
        print(f"100 MB of output took {took:.1f} s; {(after - before) >> 20} MiB more in memory after it")


class Displays(KernelTest):
    def test_several_in_order_with_text_between(self):
        code = f"""
        println!("one");
        {block("text/html", "<b>1</b>")}
        println!("two");
        {block("image/svg+xml", "<svg/>")}
        println!("three");
        """
        cell = self.assert_ok(self.run_cell(code))
        order = [
            message["content"].get("text") or next(iter(message["content"]["data"].values()))
            for message in cell.messages
            if message["msg_type"] in ("stream", "display_data")
        ]
        self.assertEqual(order, ["one\n", "<b>1</b>", "two\n", "<svg/>", "three\n"])

    def test_a_display_is_updated(self):
        first = shown(data={"text/plain": "0%"}, display_id="bar")
        then = shown(data={"text/plain": "100%"}, metadata={"text/plain": {"a": 1}}, display_id="bar", update=True)
        cell = self.assert_ok(self.run_cell(first + then))
        (made,), (changed,) = cell.of("display_data"), cell.of("update_display_data")
        self.assertEqual(made["transient"], {"display_id": "bar"})
        self.assertEqual(changed, {
            "data": {"text/plain": "100%"},
            "metadata": {"text/plain": {"a": 1}},
            "transient": {"display_id": "bar"},
        })

    def test_many_updates_become_few_and_the_last_is_there(self):
        each = 'println!("EVCXR_BEGIN_CONTENT application/vnd.weft.display+json\\n{}\\nEVCXR_END_CONTENT", text);'
        text = 'format!(r#"{{"data":{{"text/plain":"{i}"}},"display_id":"p","update":true}}"#)'
        cell = self.assert_ok(self.run_cell(f"for i in 0..5000 {{ let text = {text}; {each} }}"))
        updates = [content["data"]["text/plain"] for content in cell.of("update_display_data")]
        self.assertEqual(updates[-1], "4999")
        self.assertLess(len(updates), 2500)

    def test_clear(self):
        cell = self.assert_ok(self.run_cell('println!("a");' + shown(clear=True) + 'println!("b");'))
        kinds = [message["msg_type"] for message in cell.messages]
        self.assertEqual(kinds, ["status", "execute_input", "stream", "clear_output", "stream", "status"])
        self.assertEqual(cell.of("clear_output"), [{"wait": True}])


class Errors(KernelTest):
    def test_compiler(self):
        cell = self.assert_error(self.run_cell('let a = 1;\nlet n: u8 = "text";'))
        self.assertEqual(cell.reply["ename"], "E0308")
        text = "\n".join(cell.reply["traceback"])
        self.assertIn('2 | let n: u8 = "text";', text)
        self.assertIn("^^^^^^", text)

    def test_panic(self):
        cell = self.assert_error(self.run_cell('fn bad() {\n    panic!("no {}", 7);\n}\nbad();'))
        self.assertIn("no 7", cell.reply["evalue"])
        self.assertTrue(any("line 2" in line or ":2" in line for line in cell.reply["traceback"]), cell.reply)

    def test_question_mark(self):
        cell = self.assert_error(self.run_cell('let n: i32 = "x".parse::<i32>()?;'))
        self.assertIn("invalid digit", cell.reply["evalue"])
