"""jupyter_kernel_test, with every test that this kernel can have."""

import unittest

import jupyter_kernel_test

from kernel import NAME, PATIENCE, installed

# Both kinds of display block that a cell prints: evcxr's, and one with a name for later changes.
DISPLAY = 'println!("EVCXR_BEGIN_CONTENT text/html\\n<b>bold</b>\\nEVCXR_END_CONTENT"); let shown = 1;'
CLEAR = (
    'println!("EVCXR_BEGIN_CONTENT application/vnd.weft.display+json\\n{{\\"clear\\":false}}\\nEVCXR_END_CONTENT");'
)


def setUpModule():
    installed()


class Conformance(jupyter_kernel_test.KernelTests):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The suite waits 15 s for a cell, which on a machine that does other things too is not enough for the first.
        cls.kc.execute_interactive("let warm = vec![0];", timeout=PATIENCE, output_hook=lambda _: None)

    kernel_name = NAME
    language_name = "rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("an error");'
    completion_samples = [
        {"text": "std::collections::hash_ma", "matches": ["hash_map::"]},
        {"text": "String::with_cap"},
    ]
    complete_code_samples = ["1", "let x = 1;", 'println!("hello, world");', "fn f(x: u8) -> u8 {\n    x\n}"]
    incomplete_code_samples = ['println!("hello', "fn f() {", "let x = vec![1,", "/* a comment"]
    invalid_code_samples = ["}", "let = 5;", "fn f( {)"]
    code_generate_error = 'panic!("on purpose")'
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "(1..4).sum::<i32>()", "result": "6"},
        {"code": '"a".repeat(3)', "result": '"aaa"'},
    ]
    code_display_data = [{"code": DISPLAY, "mime": "text/html"}]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "String"
    code_clear_output = CLEAR

    @unittest.skip("a pager is for `?name` as IPython has it; Rust has no such syntax, and inspection is complete")
    def test_pager(self):
        pass


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = NAME
    support_iopub_welcome = True
