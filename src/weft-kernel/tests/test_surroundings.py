"""What a kernel finds around it: a network that its cells may not use, another compiler, no source of the library."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from kernel import KernelTest, Notebook, installed

INFERRED = "let all = std::iter::repeat_n(1_u8, 3).collect::<Vec<_>>();"


def sysroot():
    return Path(subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True).stdout.strip())


def link_without_source(real, root):
    """A toolchain at `root` that is the real one, but has no source of the library."""
    for part, own in ((".", "lib"), ("lib", "rustlib"), ("lib/rustlib", "src")):
        (root / part).mkdir()
        for entry in (real / part).iterdir():
            if entry.name != own:
                (root / part / entry.name).symlink_to(entry)


class Compiler:
    """A `rustc` that says something else of itself, and is the real one in all else. `folder` is the first on the PATH."""

    def __init__(self, folder, option, answer):
        real = shutil.which("rustc")
        self.folder = Path(folder) / "bin"
        self.folder.mkdir()
        program = self.folder / "rustc"
        program.write_text(f'#!/bin/sh\nif [ "$*" = "{option}" ]; then\n{answer}\nelse exec {real} "$@"; fi\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def environment(self, cache):
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(cache)}


class NoNetwork(KernelTest):
    limits = ("--no-network",)

    def test_a_cell_reaches_no_port_of_this_machine(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            ask = f'std::net::TcpStream::connect(("127.0.0.1", {port})).is_ok()'
            self.assertEqual(self.run_cell(ask).value, "false")
            socket.create_connection(("127.0.0.1", port), 5).close()


class Surroundings(unittest.TestCase):
    def setUp(self):
        self.prefix = installed()
        self.folder = Path(tempfile.mkdtemp(prefix="weft-kernel-test-"))
        self.cache = self.folder / "cache"
        (self.cache / "weft-kernel").mkdir(parents=True)

    def tearDown(self):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.prefix)

    def test_without_a_template_a_cell_runs_and_is_told_how_to_get_one(self):
        with Notebook(XDG_CACHE_HOME=str(self.cache)) as notebook:
            cell = notebook.run("let one = 1; one + 1")
            self.assertEqual(cell.value, "2", cell.messages)
            self.assertIn("`weft-kernel install`", cell.text("stderr"))
            self.assertNotIn("`weft-kernel install`", notebook.run("1").text("stderr"))

    def test_a_change_of_the_compiler_is_noticed(self):
        """Its template can't be written here, so that the test needs no two minutes; the kernel goes on without."""
        other = self.cache / "weft-kernel/of-another-compiler"
        (other / "weft-lab").mkdir(parents=True)
        (other / "ready").touch()
        (self.cache / "weft-kernel/lock").mkdir()
        real = shutil.which("rustc")
        compiler = Compiler(self.folder, "-vV", f"{real} -vV; echo changed: yes")
        with Notebook(**compiler.environment(self.cache)) as notebook:
            cell = notebook.run("1 + 1")
            self.assertEqual(cell.value, "2", cell.messages)
            self.assertIn("weft-lab is not preloaded: cannot write the template", cell.text("stderr"))
        self.assertTrue((other / "ready").exists())

    def test_without_the_librarys_source_only_inference_fails_and_says_what_to_install(self):
        root = self.folder / "sysroot"
        link_without_source(sysroot(), root)
        compiler = Compiler(self.folder, "--print sysroot", f"echo {root}")
        environment = compiler.environment(self.cache)
        environment["RUST_SRC_PATH"] = ""
        with Notebook(**environment) as notebook:
            self.assertEqual(notebook.run("let text = String::from(\"a\"); text.len()").value, "1")
            cell = notebook.run(INFERRED)
            self.assertEqual(cell.reply["status"], "error")
            self.assertIn("rustup component add rust-src", cell.reply["evalue"])
            self.assertEqual(notebook.run(INFERRED.replace("all", "all: Vec<u8>") + " all.len()").value, "3")


if __name__ == "__main__":
    unittest.main()
