"""What stands between a submission and its points: steps of nbgrader's own kind, set into its autograding.

Autograding compiles and runs a student's cells and then our tests in one process. These steps see to it that the tests are the
course's own, whatever a notebook says of itself, and that a test which did not end well has no points.
"""

import json
import re
import sys

from nbgrader.api import Gradebook
from nbgrader.apps import ValidateApp
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_solution
from nbgrader.validator import Validator
from nbconvert.preprocessors import ClearMetadataPreprocessor

# What a later cell would see in the place of the language's own.
MACRO = re.compile(
    r"(?<![\w:])(assert|assert_eq|assert_ne|debug_assert|debug_assert_eq|debug_assert_ne|panic|unreachable|todo|"
    r"unimplemented|matches|print|println|format|write|writeln|eprintln|vec)!"
)
IN_CORE = {
    "assert", "assert_eq", "assert_ne", "debug_assert", "debug_assert_eq", "debug_assert_ne", "panic", "unreachable",
    "todo", "unimplemented", "matches", "write", "writeln",
}
ORDER = "a line that begins with `:`, an order to the kernel other than `:dep NAME = \"VERSION\"`"
# What would put something else in the place of the crate that holds the checks, or of a function in it.
TAMPERING = [
    (re.compile(r"\bextern\s+crate\b"), "`extern crate`"),
    (re.compile(r"^\s*:(?!:)(?!dep\s+(?!weft[-_]lab\b)[\w-]+(\s*=\s*\"[\w.*^=~<> ,-]*\")?\s*$)", re.MULTILINE), ORDER),
    (re.compile(r"\b(no_mangle|export_name|link_section|global_asm)\b"), "a symbol of the linker's"),
]
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def tampering(source):
    """What of a cell's source is refused when it is graded; None for nearly every cell."""
    # With and without comments: taking them out may itself hide something, since a string may hold their signs.
    for text in (source, COMMENT.sub(" ", source)):
        for pattern, name in TAMPERING:
            if pattern.search(text):
                return name
    return None


class RestoreCells(NbGraderPreprocessor):
    """Says of each cell again what the course says of it, before nbgrader looks: a notebook can say of its test that it is a
    solution, and nbgrader would stop at that. Cells that the course does not know are nobody's."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            graded = {cell.name for cell in notebook.grade_cells}
            solutions = {cell.name for cell in notebook.solution_cells}
            tasks = {cell.name for cell in notebook.task_cells}
            points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
            sources = {cell.name: cell for cell in notebook.source_cells}
            for cell in nb.cells:
                told = cell.metadata.get("nbgrader")
                name = told.get("grade_id") if isinstance(told, dict) else None
                cell.metadata.pop("nbgrader", None)
                # A tag can say that a cell is not to be run.
                cell.metadata.pop("tags", None)
                # A cell of the wrong kind is the student's own note.
                if not isinstance(name, str) or name not in sources:
                    continue
                source = sources[name]
                cell.metadata["nbgrader"] = {
                    "schema_version": 3,
                    "grade_id": name,
                    "grade": name in graded,
                    "solution": name in solutions,
                    "task": name in tasks,
                    "locked": bool(source.locked),
                    "cell_type": source.cell_type,
                    "checksum": source.checksum,
                }
                if name in points:
                    cell.metadata["nbgrader"]["points"] = float(points[name])
        return nb, resources


class GuardTests(NbGraderPreprocessor):
    """Before the cells run: tests name the language's own macros, and cells that would reach for the tests are refused."""

    def preprocess(self, nb, resources):
        nb.metadata.pop("weft_sources", None)
        kept = {}
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code":
                continue
            changed = guarded(cell)
            if changed != cell.source:
                kept[str(index)] = cell.source
                cell.source = changed
        # Read again by `JudgeTests`, after the cells have run.
        resources["weft_sources"] = json.dumps(kept)
        return nb, resources


def guarded(cell):
    """The source of a cell as it is run."""
    if is_grade(cell) and not is_solution(cell):
        source = MACRO.sub(lambda found: f"::{'core' if found[1] in IN_CORE else 'std'}::{found[1]}!", cell.source)
        # Evcxr takes a line for an order that begins with spaces and a colon.
        return re.sub(r"^ *::", "\t::", source, flags=re.MULTILINE)
    if cell.metadata.get("nbgrader", {}).get("locked"):
        return cell.source
    name = tampering(cell.source)
    if name is None:
        return cell.source
    return f'::core::compile_error!("this cell is not run when it is graded: it has {name}");'


class KernelError(Exception):
    """No cell could run, which is no fault of the student's."""


class JudgeTests(NbGraderPreprocessor):
    """After the cells have run: a test passes or fails, whatever was shown on the way."""

    def preprocess(self, nb, resources):
        first = next((cell for cell in nb.cells if cell.cell_type == "code"), None)
        for output in first.outputs if first else []:
            if output.output_type == "error" and output.ename == "Start":
                raise KernelError(f"the kernel could not start: {output.evalue}")
        for index, source in json.loads(resources.pop("weft_sources", "{}")).items():
            nb.cells[int(index)].source = source
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                judge(cell)
        return nb, resources


def judge(cell):
    """nbgrader takes a number that a test shows as its points, and the first of several outputs decides. An answer can show
    numbers too; so none counts. What an answer writes to standard error is no failure of it."""
    outputs = []
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.output_type = "display_data"
            output.pop("execution_count", None)
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
        outputs.append(output)
    if cell.execution_count is None and not any(output.output_type == "error" for output in outputs):
        outputs.append(did_not_run())
    cell.outputs = sorted(outputs, key=lambda output: output.output_type != "error")


def did_not_run():
    """What a test shows that was never run."""
    from nbformat.v4 import new_output

    text = "the test was not run: the kernel had ended"
    return new_output("error", ename="NotRun", evalue=text, traceback=[text])


def exit_status_of_validate():
    """`nbgrader validate` ends with 0 whatever it found (nbgrader's issue 1908)."""
    plain = Validator.validate
    start = ValidateApp.start
    found = []

    def validate(self, filename):
        results = plain(self, filename)
        wrong = ["type_changed", "passed" if self.invert else "failed"]
        if not self.ignore_checksums:
            wrong.append("changed")
        found.extend(kind for kind in wrong if results.get(kind))
        return results

    def start_and_say(self):
        start(self)
        if found:
            sys.exit(1)

    Validator.validate = validate
    ValidateApp.start = start_and_say


def install(config):
    """Sets the steps into nbgrader's."""
    config.Autograde.sanitize_preprocessors = [
        ClearOutput,
        RestoreCells,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        GuardTests,
        Execute,
        JudgeTests,
        IgnorePattern,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    # nbgrader forgets steps that are not its own when it lists what can be configured.
    assert Autograde is not None
    if not getattr(Validator.validate, "of_weft", False):
        exit_status_of_validate()
        Validator.validate.of_weft = True
