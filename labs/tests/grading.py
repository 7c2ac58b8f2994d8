"""A lab's whole way through the real nbgrader and a real kernel: release, hand in, grade, feedback, grades.

`WEFT_KERNEL` names the kernel's program; `cargo xtask test grading` sets it.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nbformat

LABS = Path(__file__).resolve().parents[1]
SOURCE = Path(__file__).resolve().parent / "fixture"
LAB = "five-cells"
MAX = 6.0

RIGHT_SUM = "fn sum(numbers: &[u64]) -> u64 { numbers.iter().sum() }"
WRONG_SUM = "fn sum(_: &[u64]) -> u64 { 6 }"
RIGHT_LARGEST = "fn largest(numbers: &[u64]) -> Option<u64> { numbers.iter().copied().max() }"
WRONG_LARGEST = "fn largest(numbers: &[u64]) -> Option<u64> { Some(numbers.iter().copied().max().unwrap_or(0)) }"


class Ground:
    """Folders for a course, and the kernel that grades, made once for all tests of a class."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="weft-grading-"))
        self.kernels = self.folder / "kernels"
        self.environment = dict(os.environ, JUPYTER_PATH=str(self.kernels / "share/jupyter"))
        self.environment["JUPYTER_RUNTIME_DIR"] = str(self.folder / "runtime")
        limits = ["--cell-timeout", "5", "--memory-limit", "1G", "--no-network"]
        command = [os.environ["WEFT_KERNEL"], "install", "--prefix", str(self.kernels), *limits]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        said = self.run("assign", "--lab", LAB, "--out", str(self.folder / "release"))
        self.release = Path(said[-1]["path"])

    def run(self, command, *arguments):
        """What the script said, line for line."""
        words = [sys.executable, str(LABS / "weft_grade.py"), command, "--course", str(LABS), "--source", str(SOURCE)]
        process = subprocess.run([*words, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True)
        said = [json.loads(line) for line in process.stdout.splitlines()]
        if process.returncode != 0:
            raise AssertionError(said)
        return said

    def hand_in(self, student, answers, change=None):
        """A student's copy of the release with these answers in it."""
        notebook = nbformat.read(self.release, as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.nbgrader.grade_id
            if name in answers:
                cell.source = answers[name]
        if change:
            change(notebook)
        place = self.folder / "handed-in" / student
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{LAB}.ipynb")

    def grade(self):
        """Grades all; gives what was said of each student, and the rows of the CSV."""
        out = self.folder / "graded"
        given = self.folder / "handed-in"
        said = self.run("grade", "--labs", LAB, "--submissions", str(given), "--out", str(out), "--jobs", "2")
        graded = {line["student"]: line for line in said if line["event"] == "graded"}
        with open(out / "grades.csv", newline="") as file:
            rows = {row["student_id"]: row for row in csv.DictReader(file)}
        return graded, rows

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Honest(unittest.TestCase):
    """Five students as they are in any class."""

    @classmethod
    def setUpClass(cls):
        cls.ground = Ground()
        ground = cls.ground
        ground.hand_in("right", {"sum": RIGHT_SUM, "largest": RIGHT_LARGEST, "why": "Nothing is added."})
        ground.hand_in("half-right", {"sum": RIGHT_SUM, "largest": WRONG_LARGEST})
        ground.hand_in("wrong", {"sum": WRONG_SUM, "largest": "fn largest(numbers: &[u64]) -> Option<u64> { numbers }"})
        ground.hand_in("cheating", {"sum": WRONG_SUM, "largest": RIGHT_LARGEST}, cls.cheat)
        ground.hand_in("hanging", {"sum": "fn sum(_: &[u64]) -> u64 { loop {} }", "largest": RIGHT_LARGEST})
        cls.graded, cls.rows = ground.grade()

    @classmethod
    def tearDownClass(cls):
        cls.ground.close()

    @staticmethod
    def cheat(notebook):
        """Says of the tests what nobody asked."""
        for cell in notebook.cells:
            told = cell.metadata.nbgrader
            if told.grade_id == "sum-tests":
                cell.source = "2.0"
                told.update(points=100, solution=True, locked=False)
                cell.metadata["tags"] = ["skip-execution"]

    def cells(self, student):
        return {name: score for name, (score, _) in self.graded[student]["cells"].items()}

    def test_the_release_has_neither_solution_nor_hidden_test(self):
        text = self.ground.release.read_text()
        for word in ["SOLUTION", "HIDDEN", "iter().sum()", "nothing is 0", "would have to be invented"]:
            self.assertNotIn(word, text)
        self.assertIn("todo!()", text)
        self.assertEqual([file.name for file in self.ground.release.parent.iterdir()], [f"{LAB}.ipynb"])

    def test_each_has_exactly_the_points_of_their_answers(self):
        expected = {
            "right": {"sum-tests": 2, "largest-tests": 3, "why": None},
            "half-right": {"sum-tests": 2, "largest-tests": 0, "why": 0},
            "wrong": {"sum-tests": 0, "largest-tests": 0, "why": 0},
            "cheating": {"sum-tests": 0, "largest-tests": 3, "why": 0},
            "hanging": {"sum-tests": 0, "largest-tests": 3, "why": 0},
        }
        self.assertEqual({student: self.cells(student) for student in self.graded}, expected)

    def test_the_csv_has_the_sums(self):
        scores = {student: float(row["score"]) for student, row in self.rows.items()}
        self.assertEqual(scores, {"right": 5, "half-right": 2, "wrong": 0, "cheating": 3, "hanging": 3})
        self.assertEqual({float(row["max_score"]) for row in self.rows.values()}, {MAX})

    def test_who_wrote_an_answer_waits_for_a_person(self):
        waiting = {student for student, line in self.graded.items() if line["manual"]}
        self.assertEqual(waiting, {"right"})

    def test_each_has_feedback_that_says_what_failed(self):
        for student in self.graded:
            page = self.ground.folder / "graded/feedback" / student / LAB / f"{LAB}.html"
            self.assertTrue(page.is_file(), student)
        page = (self.ground.folder / "graded/feedback/half-right" / LAB / f"{LAB}.html").read_text()
        self.assertIn("of nothing there is no largest", page)


if __name__ == "__main__":
    unittest.main()
