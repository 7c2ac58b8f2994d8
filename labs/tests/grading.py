"""A lab's whole way through the real nbgrader and a real kernel: release, hand in, grade, feedback, grades.

`WEFT_KERNEL` names the kernel's program, `WEFT` the command's; `cargo xtask test grading` sets both.
"""

import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import nbformat

LABS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(LABS))

import weft_collect  # noqa: E402

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
        limits = ["--cell-timeout", "8", "--memory-limit", "1G", "--no-network"]
        homes = self.folder / "homes"
        homes.mkdir()
        self.folder.chmod(0o755)
        command = [os.environ["WEFT_KERNEL"], "install", "--prefix", str(self.kernels), *limits, "--sandbox", str(homes)]
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


FORK = 'unsafe extern "C" { fn fork() -> i32; }\nfn sum(_: &[u64]) -> u64 { loop { unsafe { fork(); } } }'
KILL = 'unsafe extern "C" { fn kill(pid: i32, signal: i32) -> i32; }\nfn sum(_: &[u64]) -> u64 { unsafe { kill(-1, 9); } 6 }'
MARKS = """fn sum(_: &[u64]) -> u64 {
    println!("EVCXR_BEGIN_CONTENT text/plain\\n2\\nEVCXR_END_CONTENT");
    println!("EVCXR_EXECUTION_COMPLETE");
    println!("EVCXR_VARIABLE_CHANGED_TYPE:x");
    panic!("no")
}"""


class Hostile(unittest.TestCase):
    """Submissions that do harm, each beside an answer that is right: they lose their own points and nobody else's."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ground = ground = Ground()
        cls.listener = socket.create_server(("127.0.0.1", 0))
        neighbour = json.dumps(str(ground.folder / "handed-in/neighbour" / f"{LAB}.ipynb"))
        port = cls.listener.getsockname()[1]

        def if_ok(found):
            return f"fn sum(n: &[u64]) -> u64 {{ if {found}.is_ok() {{ n.iter().sum() }} else {{ 0 }} }}"

        cls.harm = {
            "allocates": "fn sum(_: &[u64]) -> u64 { let mut all = vec![]; loop { all.push(vec![1u8; 64 << 20]); } }",
            "fills": "fn sum(_: &[u64]) -> u64 { for n in 0.. { let _ = std::fs::write(format!(\"f{n}\"), vec![1u8; 64 << 20]); } 6 }",
            "prints": 'fn sum(_: &[u64]) -> u64 { let x = "x".repeat(1 << 20); for _ in 0..1024 { println!("{x}"); } 6 }',
            "reads": if_ok(f"std::fs::read({neighbour})"),
            "includes": f"const N: &str = include_str!({neighbour});\n{RIGHT_SUM}",
            "writes": if_ok('std::fs::write(concat!(env!("CARGO_HOME"), "/registry/weft-was-here"), "x")'),
            "connects": if_ok(f'std::net::TcpStream::connect("127.0.0.1:{port}")'),
            "forks": FORK,
            "exits": "fn sum(_: &[u64]) -> u64 { std::process::exit(0) }",
            "marks": MARKS,
            "hooks": "fn sum(_: &[u64]) -> u64 { std::panic::set_hook(Box::new(|_| {})); panic!() }",
            "asserts": f"macro_rules! assert_eq {{ ($($all:tt)*) => {{}} }}\n{WRONG_SUM}",
            "shadows": f"mod weft_lab {{}}\n{WRONG_SUM}",
        }
        # These cost their own other answers too, and still nobody else's: what is left of the kernel cannot go on.
        cls.fatal = {
            "kills": KILL,
            "aliases": f"extern crate self as core;\n{RIGHT_SUM}",
        }
        for student, answer in {**cls.harm, **cls.fatal}.items():
            ground.hand_in(student, {"sum": answer, "largest": RIGHT_LARGEST})
        ground.hand_in("neighbour", {"sum": RIGHT_SUM, "largest": RIGHT_LARGEST})
        cls.graded, cls.rows = ground.grade()

    @classmethod
    def tearDownClass(cls):
        cls.listener.close()
        cls.ground.close()

    def points(self, students):
        names = ["sum-tests", "largest-tests"]
        return {student: [self.graded[student]["cells"][name][0] for name in names] for student in students}

    def test_harm_costs_its_own_cell_alone(self):
        self.assertEqual(self.points(self.harm), {student: [0, 3] for student in self.harm})

    def test_who_ends_the_kernel_or_hides_the_checks_has_nothing_of_it(self):
        self.assertEqual({student: points[0] for student, points in self.points(self.fatal).items()}, dict.fromkeys(self.fatal, 0))

    def test_the_neighbour_has_all(self):
        self.assertEqual(self.points(["neighbour"]), {"neighbour": [2, 3]})
        self.assertIsNone(self.graded["neighbour"]["error"])

    def test_nothing_is_left_behind(self):
        self.assertEqual(list((self.ground.folder / "homes").iterdir()), [])


class Broken(unittest.TestCase):
    """A machine on which no cell can run."""

    def test_a_kernel_that_cannot_start_is_told_and_is_no_wrong_answer(self):
        ground = Ground()
        self.addCleanup(ground.close)
        ground.hand_in("right", {"sum": RIGHT_SUM, "largest": RIGHT_LARGEST})
        # Where there is no compiler.
        ground.environment["PATH"] = str(ground.kernels)
        graded, _ = ground.grade()
        self.assertIn("the kernel could not start: cannot prepare", graded["right"]["error"])
        self.assertIn("cannot run rustc", graded["right"]["error"])


def zipped(files):
    """A zip of these files, of which those with files of their own are zips too."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, zipped(content) if isinstance(content, dict) else content)
    return whole.getvalue()


class Collected(unittest.TestCase):
    """Whose is what, in all the forms in which it comes."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="weft-collect-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def collected(self, handed_in, pattern=None):
        """What lies in nbgrader's folder then, each with its content, and what was passed over."""
        given, submitted, scratch = (self.folder / name for name in ("given", "out/submitted", "scratch"))
        for folder in (given, submitted, scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for name, content in handed_in.items():
            (given / name).parent.mkdir(parents=True, exist_ok=True)
            (given / name).write_bytes(zipped(content) if isinstance(content, dict) else content.encode())
        passed_over = {}
        pattern = pattern and re.compile(pattern)
        besides = given / "graded"
        weft_collect.collect(given, submitted, [LAB, "other-lab"], scratch, besides, pattern, passed_over.__setitem__)
        found = {str(path.relative_to(submitted)): path.read_text() for path in submitted.rglob("*") if path.is_file()}
        return found, passed_over

    def assert_collected(self, handed_in, found, passed_over=(), pattern=None):
        told, passed = self.collected(handed_in, pattern)
        self.assertEqual(told, found)
        self.assertEqual(set(passed), set(passed_over), passed)

    def test_folders(self):
        self.assert_collected(
            {
                f"kim/{LAB}.ipynb": "1",
                "kim/records/a.json": "r",
                f"lee/{LAB}/{LAB}.ipynb": "2",
                f"lee/{LAB}/timestamp.txt": "t",
                "lee/other-lab/other-lab.ipynb": "3",
                "lee/other-lab/records/b.json": "s",
                f"lee/.ipynb_checkpoints/{LAB}.ipynb": "no",
                f"graded/submitted/old/{LAB}/{LAB}.ipynb": "no",
            },
            {
                f"kim/{LAB}/{LAB}.ipynb": "1",
                f"kim/{LAB}/records/a.json": "r",
                f"lee/{LAB}/{LAB}.ipynb": "2",
                f"lee/{LAB}/timestamp.txt": "t",
                "lee/other-lab/other-lab.ipynb": "3",
                "lee/other-lab/records/b.json": "s",
            },
        )

    def test_a_zip_of_moodle_with_what_students_zipped(self):
        moodle = {
            f"Kim Min_123_assignsubmission_file_/{LAB}.ipynb": "1",
            "Kim Min_123_assignsubmission_file_/a.json": "r",
            "Lee Seo_124_assignsubmission_file_/lab 5 (final).zip": {
                f"{LAB}/{LAB}.ipynb": "2",
                f"{LAB}/records/b.json": "s",
                f"__MACOSX/{LAB}/._{LAB}.ipynb": "no",
            },
            f"박준_125_assignsubmission_file_{LAB}.ipynb": "3",
        }
        found = {
            f"Kim Min/{LAB}/{LAB}.ipynb": "1",
            f"Kim Min/{LAB}/records/a.json": "r",
            f"Lee Seo/{LAB}/{LAB}.ipynb": "2",
            f"Lee Seo/{LAB}/records/b.json": "s",
            f"박준/{LAB}/{LAB}.ipynb": "3",
        }
        self.assert_collected({"CS101-Lab 5-99.zip": moodle}, found)
        self.assert_collected({"all.zip": {"CS101-Lab 5-99.zip": moodle}}, found)

    def test_a_zip_of_canvas_with_what_students_zipped(self):
        self.assert_collected(
            {
                "submissions.zip": {
                    f"kim_4711_815_{LAB}-1.ipynb": "1",
                    "kim_4711_816_records.zip": {"records/a.json": "r"},
                    f"lee_LATE_4712_817_{LAB}.zip": {f"{LAB}.ipynb": "2", "records/b.json": "s"},
                    f"park_4713_818_{LAB}.ipynb": "3",
                    "park_4713_819_c.json": "t",
                }
            },
            {
                f"kim/{LAB}/{LAB}.ipynb": "1",
                f"kim/{LAB}/records/a.json": "r",
                f"lee/{LAB}/{LAB}.ipynb": "2",
                f"lee/{LAB}/records/b.json": "s",
                f"park/{LAB}/{LAB}.ipynb": "3",
                f"park/{LAB}/records/park_4713_819_c.json": "t",
            },
        )

    def test_a_zip_a_student(self):
        self.assert_collected(
            {
                "kim.zip": {f"{LAB}.ipynb": "1", "records/a.json": "r"},
                "lee.zip": {f"{LAB}/{LAB}.ipynb": "2", f"{LAB}/records/b.json": "s"},
                "class.zip": {f"choi/{LAB}.ipynb": "3", f"park/work.zip": {f"{LAB}.ipynb": "4"}},
            },
            {
                f"kim/{LAB}/{LAB}.ipynb": "1",
                f"kim/{LAB}/records/a.json": "r",
                f"lee/{LAB}/{LAB}.ipynb": "2",
                f"lee/{LAB}/records/b.json": "s",
                f"choi/{LAB}/{LAB}.ipynb": "3",
                f"park/{LAB}/{LAB}.ipynb": "4",
            },
        )

    def test_of_two_the_highest_and_the_last_attempt(self):
        self.assert_collected(
            {
                f"kim/{LAB}.ipynb": "1",
                f"kim/old/{LAB}.ipynb": "0",
                f"lee_1_2_{LAB}-1.ipynb": "1",
                f"lee_1_3_{LAB}-12.ipynb": "12",
                f"lee_1_4_{LAB}-2.ipynb": "2",
            },
            {f"kim/{LAB}/{LAB}.ipynb": "1", f"lee/{LAB}/{LAB}.ipynb": "12"},
            [f"kim/old/{LAB}.ipynb", f"lee_1_2_{LAB}-1.ipynb", f"lee_1_4_{LAB}-2.ipynb"],
        )

    def test_a_pattern_of_their_own(self):
        self.assert_collected(
            {"x.zip": {f"team-7+kim+{LAB}.ipynb": "1", "records/a.json": "r"}, f"lee/{LAB}.ipynb": "no"},
            {f"kim/{LAB}/{LAB}.ipynb": "1", f"kim/{LAB}/records/a.json": "r"},
            [f"lee/{LAB}.ipynb"],
            r".*\+(?P<student_id>\w+)\+(?P<file_id>[\w-]+)\.ipynb",
        )

    def test_a_pattern_gives_nobody_what_lies_beside_the_notebooks_of_several(self):
        self.assert_collected(
            {
                f"flat/kim+{LAB}.ipynb": "1",
                f"flat/lee+{LAB}.ipynb": "2",
                "flat/a.json": "whose?",
                "flat/records/b.json": "whose?",
                f"flat/park/park+{LAB}.ipynb": "3",
                "flat/park/records/c.json": "r",
            },
            {
                f"kim/{LAB}/{LAB}.ipynb": "1",
                f"lee/{LAB}/{LAB}.ipynb": "2",
                f"park/{LAB}/{LAB}.ipynb": "3",
                f"park/{LAB}/records/c.json": "r",
            },
            ["flat/a.json", "flat/records/b.json"],
            r".*/(?P<student_id>\w+)\+(?P<file_id>[\w-]+)\.ipynb",
        )

    def test_what_nobody_can_read_is_said_and_costs_nobody_else(self):
        broken = zipped({f"{LAB}.ipynb": "x" * 10_000})
        handed_in = {
            "broken.zip": "PK\x03\x04 and so on",
            "class.zip": {
                f"kim/{LAB}.ipynb": "1",
                "lee/work.zip": broken[: len(broken) // 2] + broken[len(broken) // 2 + 8 :],
                "park/work.rar": "Rar!",
                "choi/lab5.ipynb": "2",
                "jung/deep.zip": {"a.zip": {"b.zip": {f"{LAB}.ipynb": "3"}}},
            },
            f"{LAB}.ipynb": "whose?",
        }
        passed = ["broken.zip", "class/lee/work.zip", "class/park/work.rar", "class/choi/lab5.ipynb"]
        passed += ["class/jung/deep/a/b.zip", f"{LAB}.ipynb"]
        self.assert_collected(handed_in, {f"kim/{LAB}/{LAB}.ipynb": "1"}, passed)

    def test_a_bomb_is_not_opened(self):
        bomb = {f"{n}.json": b"\0" * (60 << 20) for n in range(9)}
        handed_in = {"class.zip": {f"kim/{LAB}.ipynb": "1", "lee/bomb.zip": bomb, f"park/{LAB}.ipynb": b"\0" * (65 << 20)}}
        self.assert_collected(handed_in, {f"kim/{LAB}/{LAB}.ipynb": "1"}, ["class/lee/bomb.zip", f"class.zip/park/{LAB}.ipynb"])

    def test_nothing_leads_out_of_the_folder(self):
        (self.folder / "secret.ipynb").write_text("no")
        handed_in = {
            "a.zip": {f"../../{LAB}.ipynb": "1", f".._1_2_{LAB}.ipynb": "2", f"/etc/{LAB}.ipynb": "3"},
            f"kim/{LAB}.ipynb": "4",
        }
        found, _ = self.collected(handed_in)
        self.assertEqual({path.split("/")[0] for path in found}, {"kim", "a", "etc"})
        given = self.folder / "given"
        (given / "lee").mkdir()
        (given / f"lee/{LAB}.ipynb").symlink_to(self.folder / "secret.ipynb")
        found = {file.parts for file in weft_collect.files(given, self.folder / "scratch", None, lambda *_: None)}
        self.assertNotIn(("lee", f"{LAB}.ipynb"), found)


class ByCommand(unittest.TestCase):
    """`weft assign` and `weft grade`, as an instructor types them."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="weft-grading-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def weft(self, *words):
        environment = dict(os.environ, WEFT_PYTHON=sys.executable, WEFT_KERNEL_PROGRAM=os.environ["WEFT_KERNEL"])
        # Where a kernel of the reader's own is not found.
        environment.pop("JUPYTER_PATH", None)
        command = [os.environ["WEFT"], *map(str, words), "--root", str(LABS.parent)]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def assigned(self, lab, language):
        """The cells of the notebook that students get."""
        said = self.weft("assign", lab, "--lang", language, "--out", self.folder / language)
        self.assertEqual(said.returncode, 0, said.stderr)
        notebook = Path(said.stdout.strip())
        self.assertTrue(notebook.is_relative_to(self.folder / language), said.stdout)
        return nbformat.read(notebook, as_version=4).cells

    def test_a_lab_is_assigned_in_both_languages(self):
        english, korean = self.assigned("5", "en"), self.assigned("05-context-switching", "ko")
        self.assertEqual([cell.cell_type for cell in english], [cell.cell_type for cell in korean])
        hangul = [sum(bool(re.search("[\uac00-\ud7a3]", cell.source)) for cell in cells) for cells in (english, korean)]
        told = sum(cell.cell_type == "markdown" for cell in english)
        # The notes are quoted in both, and so is what stands for an answer.
        self.assertLess(hangul[0], told / 2)
        self.assertGreaterEqual(hangul[1], told)
        for cell in english + korean:
            for word in ["BEGIN SOLUTION", "BEGIN HIDDEN"]:
                self.assertNotIn(word, cell.source)

    def test_no_such_lab(self):
        said = self.weft("assign", "99")
        self.assertEqual(said.returncode, 2, said.stderr)
        self.assertIn('there is no lab "99"', said.stderr)
        self.assertIn("05-context-switching", said.stderr)

    def test_the_zips_of_learning_platforms_are_graded(self):
        notebook = nbformat.read(SOURCE / LAB / f"{LAB}.ipynb", as_version=4)
        answers = {"right": RIGHT_SUM, "wrong": WRONG_SUM}
        handed_in = self.folder / "handed-in"
        handed_in.mkdir()

        def answered(how):
            for cell in notebook.cells:
                if cell.metadata.nbgrader.grade_id == "sum":
                    cell.source = answers[how]
            return nbformat.writes(notebook)

        with zipfile.ZipFile(handed_in / "moodle.zip", "w") as archive:
            archive.writestr(f"Kim Min_123_assignsubmission_file_/{LAB}.ipynb", answered("right"))
            archive.writestr("Kim Min_123_assignsubmission_file_/records/edited.json", "{}")
            archive.writestr("Lee Seo_124_assignsubmission_file_/lab.zip", zipped({f"lab/{LAB}.ipynb": answered("wrong")}))
            archive.writestr("Choi_125_assignsubmission_file_/answer.ipynb", answered("wrong"))
        with zipfile.ZipFile(handed_in / "canvas.zip", "w") as archive:
            archive.writestr(f"parkjun_4711_815_{LAB}-1.ipynb", answered("right"))
        out = self.folder / "graded"
        said = self.weft("grade", handed_in, "--out", out, "--source", SOURCE)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        with open(out / "grades.csv", newline="") as file:
            scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        self.assertEqual(scores, {"Kim Min": 5, "Lee Seo": 3, "parkjun": 5})
        with open(out / "flags.csv", newline="") as file:
            self.assertEqual([row["student"] for row in csv.DictReader(file)], ["Kim Min"])
        passed_over = "moodle/Choi_125_assignsubmission_file_/answer.ipynb"
        self.assertIn(f"Passed over {passed_over}: its name is not that of a lab's notebook", said.stderr)
        self.assertIn(passed_over, said.stdout)
        for student in scores:
            self.assertIn(student, said.stdout)
            self.assertTrue((out / "feedback" / student / LAB / f"{LAB}.html").is_file())

    def test_nothing_to_grade(self):
        said = self.weft("grade", self.folder / "nowhere")
        self.assertEqual(said.returncode, 2, said.stderr)
        self.assertIn("there is no folder", said.stderr)
        said = self.weft("grade", self.folder, "--out", self.folder / "graded", "--source", SOURCE)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("no notebook of a lab", said.stderr)
        for pattern, why in [("(", "is no regular expression"), (".*", "has no group")]:
            said = self.weft("grade", self.folder, "--out", self.folder / "graded", "--source", SOURCE, "--pattern", pattern)
            self.assertNotEqual(said.returncode, 0)
            self.assertIn(why, said.stderr)


if __name__ == "__main__":
    unittest.main()
