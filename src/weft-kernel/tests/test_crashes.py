"""Whatever kills a cell, its error says what happened, and the variables are those of before it."""

from kernel import KernelTest

TIMES = 20

CRASHES = {
    "segfault": "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };",
    "abort": "std::process::abort();",
    "exit": "std::process::exit(3);",
    "stack overflow": (
        "#[allow(unconditional_recursion)] fn deep(n: u64) -> u64 { let page = [n; 512]; deep(n + 1) + page[7] }\n"
        "println!(\"{}\", deep(0));"
    ),
    "killed": "std::process::Command::new(\"kill\").args([\"-9\", &std::process::id().to_string()]).status().unwrap();",
    "panic": 'held.push(9); panic!("on purpose");',
}


class Crashes(KernelTest):
    def setUp(self):
        self.assert_ok(self.run_cell("let mut held = vec![1, 2, 3]; let text = String::from(\"kept\");"))

    def chain(self, code):
        for number in range(TIMES):
            with self.subTest(number=number):
                self.assert_error(self.run_cell(f'println!("before {number}");\n{code}'))
                self.assert_value(self.run_cell("(held.len(), text.as_str())"), '(3, "kept")')
                self.assert_value(self.run_cell(f"held[0] = {number}; held[0]"), str(number))

    def test_other_work_follows_a_crash(self):
        self.assert_error(self.run_cell(CRASHES["segfault"]))
        self.assert_value(self.run_cell("fn twice(n: u8) -> u8 { 2 * n }\ntwice(4)"), "8")
        self.assert_error(self.run_cell(CRASHES["abort"]))
        self.assert_value(self.run_cell("twice(5)"), "10")

    def test_interrupts(self):
        for number in range(TIMES):
            with self.subTest(number=number):
                id = self.notebook.send('println!("in"); loop { std::hint::spin_loop(); }')
                self.notebook.until_text(id, "in")
                self.notebook.manager.interrupt_kernel()
                self.assert_error(self.notebook.finished(id))
                self.assert_value(self.run_cell("(held.len(), text.as_str())"), '(3, "kept")')

    def test_a_fork_that_falls_through(self):
        code = 'unsafe extern "C" { fn fork() -> i32; }\nlet child = unsafe { fork() };'
        self.run_cell(code)
        self.assert_value(self.run_cell("(held.len(), text.as_str())"), '(3, "kept")')


def add(kind, code):
    def test(self):
        self.chain(code)

    setattr(Crashes, f"test_{kind.replace(' ', '_')}_{TIMES}_times", test)


for kind, code in CRASHES.items():
    add(kind, code)


class Memory(KernelTest):
    limits = ("--memory-limit", "512M")

    def test_too_much_memory_ends_the_cell(self):
        self.assert_ok(self.run_cell("let held = vec![1, 2, 3];"))
        for number in range(3):
            with self.subTest(number=number):
                self.assert_error(
                    self.run_cell("let mut all = Vec::new(); loop { all.push(vec![1_u8; 1 << 24]); }")
                )
                self.assert_value(self.run_cell("held.len()"), "3")
