"""The programs that people run notebooks with."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from kernel import NAME, PATIENCE, installed


def setUpModule():
    installed()


def notebook(*cells):
    cells = [nbformat.v4.new_code_cell(code) for code in cells]
    spec = {"name": NAME, "display_name": "Rust (Weft)", "language": "rust"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})


def on_the_path(program):
    return Path(sys.executable).with_name(program)


class Tools(unittest.TestCase):
    def test_nbclient(self):
        book = notebook("let x = 20;\nprintln!(\"hello\");", "x + 1")
        NotebookClient(book, timeout=PATIENCE, kernel_name=NAME).execute()
        self.assertEqual(book.cells[0].outputs[0].text, "hello\n")
        self.assertEqual(book.cells[1].outputs[0].data["text/plain"], "21")
        self.assertEqual([cell.execution_count for cell in book.cells], [1, 2])

    def test_nbclient_sees_a_failing_assertion(self):
        book = notebook("assert_eq!(1 + 1, 3);", "1")
        with self.assertRaises(CellExecutionError):
            NotebookClient(book, timeout=PATIENCE, kernel_name=NAME).execute()
        (output,) = [output for output in book.cells[0].outputs if output.output_type == "error"]
        self.assertIn("left: 2", output.evalue)

    def test_papermill(self):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(notebook("1 + 1"), f"{folder}/in.ipynb")
            command = [on_the_path("papermill"), "--no-progress-bar", f"{folder}/in.ipynb", f"{folder}/out.ipynb"]
            subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)
            out = nbformat.read(f"{folder}/out.ipynb", as_version=4)
        self.assertEqual(out.cells[0].outputs[0].data["text/plain"], "2")

    def test_console(self):
        command = [on_the_path("jupyter-console"), "--kernel", NAME, "--simple-prompt"]
        lines = "let x = 40;\nx + 2\nexit\n"
        done = subprocess.run(command, input=lines, timeout=PATIENCE, capture_output=True, text=True, env=os.environ)
        self.assertIn("Out[2]: 42", done.stdout)
