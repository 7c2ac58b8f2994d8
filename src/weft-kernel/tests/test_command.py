"""The command line: what it installs, and what it says of wrong use."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from kernel import PROGRAM


def run(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment})


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def wrong(self, *arguments, said):
        done = run(*arguments)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 2, done.stderr)
        self.assertTrue(lines[0].startswith("weft-kernel: "), lines)
        for part in said:
            self.assertIn(part, done.stderr)

    def test_install_and_uninstall(self):
        done = run("install", "--prefix", str(self.folder), "--name", "Lab-1", "--cell-timeout", "30")
        self.assertEqual(done.returncode, 0, done)
        kernels = self.folder / "share/jupyter/kernels"
        spec = KernelSpecManager(kernel_dirs=[str(kernels)]).get_kernel_spec("lab-1")
        self.assertEqual((spec.language, spec.interrupt_mode), ("rust", "message"))
        self.assertEqual(spec.argv[1:], ["run", "--cell-timeout", "30", "{connection_file}"])
        for logo in ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg"):
            self.assertTrue((kernels / "lab-1" / logo).stat().st_size)
        self.assertEqual(run("uninstall", "--prefix", str(self.folder), "--name", "lab-1").returncode, 0)
        self.assertEqual(list(kernels.iterdir()), [])

    def test_each_place(self):
        places = {
            "--user": ({"XDG_DATA_HOME": str(self.folder)}, "jupyter/kernels/weft"),
            "--sys-prefix": ({"VIRTUAL_ENV": str(self.folder)}, "share/jupyter/kernels/weft"),
        }
        for flag, (environment, folder) in places.items():
            self.assertEqual(run("install", flag, JUPYTER_DATA_DIR="", **environment).returncode, 0)
            self.assertTrue((self.folder / folder / "kernel.json").is_file())

    def test_wrong_use(self):
        self.wrong("instal", said=["instal", "install"])
        self.wrong("install", "--name", "a b", said=["a b", "letters, digits"])
        self.wrong("install", "--user", "--sys-prefix", said=["--sys-prefix"])
        self.wrong("run", "no-such-file", said=["no-such-file", "connection file"])
        self.wrong("run", "x", "--cell-timeout", "-1", said=["seconds above 0"])
        self.wrong("run", "x", "--memory-limit", "much", said=["much", "K, M or G"])
        self.wrong("uninstall", "--prefix", str(self.folder), "--name", "none", said=["none"])
        bad = self.folder / "bad.json"
        bad.write_text("{}")
        self.wrong("run", str(bad), said=["no connection file"])

    def test_doctor(self):
        done = run("doctor", "--json")
        self.assertEqual(done.returncode, 0, done)
        report = json.loads(done.stdout)
        found = {finding["id"]: finding for finding in report["findings"]}
        self.assertTrue(found["rustc"]["here"])
        for finding in found.values():
            self.assertTrue(finding["lost"] and finding["remedy"] and finding["detail"], finding)
        missing = run("doctor", PATH="/nowhere")
        self.assertEqual(missing.returncode, 0)
        self.assertIn("to get it: install Rust", missing.stdout)
