"""Runs the labs' notebooks whole, under the real kernel: with the solutions in, and without.

Usage: notebooks.py SOLVED [RELEASED], folders that `cargo xtask labs --out` wrote. WEFT_KERNEL names the kernel's program.
With --kernel NAME an installed kernel runs them instead, and --first-cell CODE says what it needs first.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

# Long enough for a machine that does other things too; nothing is measured by it.
PATIENCE = 300
# Two at most: each compiles its cells, and measures.
SIDE_BY_SIDE = 2


def is_test(cell):
    return cell.metadata.get("nbgrader", {}).get("grade", False) and cell.cell_type == "code"


def is_meant_to_fail(cell):
    return "raises-exception" in cell.metadata.get("tags", [])


def error(cell):
    """The error that a cell ended in, or None."""
    found = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return f"{found[0].ename}: {found[0].evalue}" if found else None


def exercise_of(notebook):
    """The cells from the first graded code on. What stands before them is the same with and without solutions."""
    graded = [place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and "nbgrader" in cell.metadata]
    return notebook.cells[graded[0] :]


def run(path, folder, is_released, kernel, first_cell):
    """Runs a copy of the notebook from top to bottom, past all errors."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    stored = [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    assert not stored, f"outputs are stored in {stored}"
    if is_released:
        notebook.cells = exercise_of(notebook)
    if first_cell:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first_cell, id="first-cell"))
    NotebookClient(
        notebook,
        timeout=PATIENCE,
        startup_timeout=PATIENCE,
        kernel_name=kernel,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return notebook


def faults_of(notebook, is_released):
    """What a run did that it should not have done."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        failed = error(cell)
        should_fail = is_meant_to_fail(cell) or (is_released and is_test(cell))
        if failed and not should_fail:
            yield f"{cell.id}: {failed}"
        if not failed and should_fail:
            yield f"{cell.id}: no error, and there should be one"


def check(path, is_released, kernel, first_cell):
    """The name of a run, how long it took, and its faults."""
    name = f"{path.stem} ({'released' if is_released else 'solved'})"
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="weft-notebook-"))
    try:
        faults = list(faults_of(run(path, folder, is_released, kernel, first_cell), is_released))
        is_whole = not is_released and path.stem != "00-tour"
        if is_whole and not list(folder.glob("records/*.json")):
            faults.append("no record was kept")
    except Exception:
        faults = [traceback.format_exc()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{name}: {len(faults)} faults, {time.monotonic() - begin:.1f} s", flush=True)
    return name, faults


def install(prefix):
    """The kernel of WEFT_KERNEL, where a client finds it; its name."""
    program = os.environ["WEFT_KERNEL"]
    subprocess.run([program, "install", "--prefix", prefix, "--name", "weft"], check=True, capture_output=True)
    os.environ["JUPYTER_PATH"] = str(Path(prefix) / "share/jupyter")
    return "weft"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("solved", type=Path)
    parser.add_argument("released", type=Path, nargs="?")
    parser.add_argument("--kernel")
    parser.add_argument("--first-cell")
    parser.add_argument("--side-by-side", type=int, default=SIDE_BY_SIDE)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--without", nargs="*", default=[])
    args = parser.parse_args()
    prefix = tempfile.mkdtemp(prefix="weft-notebooks-")
    kernel = args.kernel or install(prefix)
    chosen = [
        (path, folder == args.released)
        for folder in filter(None, (args.solved, args.released))
        for path in sorted(folder.glob("*/*.ipynb"))
        # The tour has no exercise: without solutions it is the same.
        if not (folder == args.released and path.stem == "00-tour")
        and (not args.only or any(part in path.stem for part in args.only))
        and path.stem not in args.without
    ]
    assert chosen, "there are no notebooks"
    with ThreadPoolExecutor(args.side_by_side) as pool:
        endings = list(pool.map(lambda job: check(*job, kernel, args.first_cell), chosen))
    shutil.rmtree(prefix, ignore_errors=True)
    wrong = [(name, fault) for name, faults in endings for fault in faults]
    for name, fault in wrong:
        print(f"{name}: {fault}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
