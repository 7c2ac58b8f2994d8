"""Five hundred cells in one kernel."""

import psutil

from kernel import KernelTest

CELLS = 500
EARLY = 50
MOST = 1.5


class Growth(KernelTest):
    def test_the_memory_of_the_kernel_stays(self):
        kernel = psutil.Process(self.notebook.pid)
        early = None
        for number in range(CELLS):
            code = (
                # Rust-analyzer infers this type, so it knows the standard library from here on.
                f"let v{number % 20} = (0..{number}).map(|n| n * 2).collect::<Vec<i32>>();",
                f'println!("{{}}", {number});',
                f"{number} + 1",
            )
            cell = self.assert_ok(self.run_cell(code[number % 3]))
            self.assertEqual(cell.reply["execution_count"], number + 1)
            if number == EARLY:
                early = kernel.memory_info().rss
        late = kernel.memory_info().rss
        print(f"the kernel's memory: {early >> 20} MiB after {EARLY} cells, {late >> 20} MiB after {CELLS}")
        self.assertLess(late, MOST * early)
