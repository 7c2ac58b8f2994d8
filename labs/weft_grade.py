"""Releases and grades labs by nbgrader's own converters: what `weft assign` and `weft grade` run.

Each submission is graded in a process of its own, with a copy of the course and a gradebook file of its own. A process is forked
from this one, which has loaded nbgrader already. What it found goes into the course's gradebook when it has ended.

Standard output is for `weft`: a JSON object a line, each with an "event".
"""

import argparse
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.plugins import CsvExportPlugin

import weft_collect

SCRIPTS = ["nbgrader_config.py", "weft_guard.py"]


def say(event, **fields):
    """A line for whoever started this."""
    print(json.dumps({"event": event, **fields}), flush=True)


class Trouble(Exception):
    """What is said to the instructor, in a line."""


class Course:
    """A folder that nbgrader takes for a course."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()

    @property
    def url(self):
        return f"sqlite:///{self.folder}/gradebook.db"

    def furnish(self, scripts, source, lab):
        """Puts the configuration and a lab's notebook into it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in SCRIPTS:
            shutil.copy(Path(scripts) / name, self.folder / name)
        notebook = Path(source) / lab / f"{lab}.ipynb"
        if not notebook.is_file():
            raise Trouble(f"there is no notebook {notebook}: `cargo xtask labs` makes it")
        (self.folder / lab).mkdir(exist_ok=True)
        shutil.copy(notebook, self.folder / lab)

    def api(self):
        """nbgrader in this folder. Its words go to standard error, which a process of ours keeps in a file."""
        os.chdir(self.folder)
        app = NbGraderApp()
        app.initialize(["--log-level=INFO"])
        app.config.CourseDirectory.root = str(self.folder)
        app.config.CourseDirectory.db_url = self.url
        return NbGraderAPI(config=app.config)

    def log(self):
        file = self.folder / "log.txt"
        return file.read_text(errors="replace") if file.exists() else ""


def forked(work, log):
    """Runs `work` in a child in a session of its own, whose words go into a file; gives its id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(words, 1)
        os.dup2(words, 2)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def checked(result):
    """What nbgrader's API came to."""
    if not result["success"]:
        print(result.get("log", ""), result.get("error", ""), sep="\n")
        raise Trouble("nbgrader failed")


def release(course, lab):
    """Makes the release and enters the lab into the gradebook."""

    def work():
        checked(course.api().generate_assignment(lab, force=True))

    child = forked(work, course.folder / "log.txt")
    if os.waitpid(child, 0)[1] != 0:
        raise Trouble(f"nbgrader made no release of {lab}: {last_words(course.log())}")
    return course.folder / "release" / lab


def last_words(log):
    """The line of a log that says most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    # nbgrader's own, which comes last, sends its reader to those above.
    told = [line for line in lines if re.match(r"(?!.*NbGraderException)[\w.]*(Error|Exception|Died|NotRun)\b", line)]
    return (told or lines or ["no reason given"])[-1][:300]


def assign(args):
    """`weft assign`: a release, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="weft-assign-") as folder:
        course = Course(folder)
        course.furnish(args.course, args.source, args.lab)
        made = release(course, args.lab)
        target = Path(args.out) / args.lab
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    say("released", path=str(target / f"{args.lab}.ipynb"))


class Submission:
    """One student's folder of one lab."""

    def __init__(self, student, lab, folder):
        self.student, self.lab, self.folder = student, lab, folder
        self.course = None
        self.began = 0.0


def collect(args, target, labs):
    """Copies what was handed in to nbgrader's `submitted`, and gives all that is there."""
    try:
        pattern = re.compile(args.pattern) if args.pattern else None
    except re.error as error:
        raise Trouble(f"the pattern {args.pattern!r} is no regular expression: {error}")
    if pattern and not {"student_id", "file_id"} <= pattern.groupindex.keys():
        raise Trouble(f"the pattern {args.pattern!r} has no group (?P<student_id>...) and (?P<file_id>...)")

    def passed_over(file, why):
        say("passed over", file=file, why=why)

    submitted = target / "submitted"
    with tempfile.TemporaryDirectory(prefix="weft-collect-") as scratch:
        weft_collect.collect(Path(args.submissions), submitted, labs, Path(scratch), target, pattern, passed_over)
    found = []
    for folder in sorted(submitted.glob("*/*")):
        if folder.name in labs and (folder / f"{folder.name}.ipynb").is_file():
            found.append(Submission(folder.parent.name, folder.name, folder))
    return found


def begin(args, base, submission, place):
    """Starts grading a submission in a course of its own."""
    course = Course(place)
    course.folder.mkdir(parents=True)
    for name in [*SCRIPTS, "gradebook.db"]:
        shutil.copy(base.folder / name, course.folder / name)
    own = course.folder / "submitted" / submission.student / submission.lab
    own.mkdir(parents=True)
    # The notebook alone: what stands beside it is not part of what is graded.
    shutil.copy(submission.folder / f"{submission.lab}.ipynb", own)
    if (submission.folder / "timestamp.txt").is_file():
        shutil.copy(submission.folder / "timestamp.txt", own)
    submission.course = course
    submission.began = time.monotonic()

    def work():
        api = course.api()
        checked(api.autograde(submission.lab, submission.student, force=True))
        checked(api.generate_feedback(submission.lab, submission.student, force=True))

    return forked(work, course.folder / "log.txt")


def end_group(child):
    """Ends what a grading process has started; a sandbox ends what is in it when its starter is gone."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass


def take_over(target, submission, error):
    """Puts what a process found into the course's gradebook, or zero for all that is graded by machine."""
    lab, student = submission.lab, submission.student
    given = Gradebook(submission.course.url, "weft") if error is None else None
    with Gradebook(target.url, "weft") as gradebook:
        gradebook.update_or_create_student(student)
        kept = {}
        try:
            kept["timestamp"] = given.find_submission(lab, student).timestamp if given else None
        except MissingEntry:
            pass
        gradebook.update_or_create_submission(lab, student, **{key: value for key, value in kept.items() if value})
        notebook = gradebook.find_submission_notebook(lab, lab, student)
        for grade in notebook.grades:
            found = given.find_grade(grade.name, lab, lab, student) if given else None
            grade.auto_score = found.auto_score if found else 0
            grade.needs_manual_grade = grade.manual_score is not None or (found is not None and found.needs_manual_grade)
            if grade.auto_score is None and not found:
                grade.auto_score = 0
        for comment in notebook.comments:
            found = given.find_comment(comment.name, lab, lab, student) if given else None
            comment.auto_comment = found.auto_comment if found else "This submission could not be graded by machine."
        gradebook.db.commit()
        score, most = notebook.score, notebook.max_score
        cells = {grade.name: [grade.auto_score, grade.max_score] for grade in notebook.grades}
        waits = any(grade.needs_manual_grade for grade in notebook.grades)
    if given:
        given.close()
    for step in ["autograded", "feedback"]:
        made = submission.course.folder / step / student / lab
        place = target.folder / step / student / lab
        shutil.rmtree(place, ignore_errors=True)
        if error is None and made.is_dir():
            shutil.copytree(made, place)
    return {"score": score, "max": most, "cells": cells, "manual": waits}


def grade(args):
    """`weft grade`."""
    labs = [lab for lab in args.labs if (Path(args.source) / lab / f"{lab}.ipynb").is_file()]
    if not labs:
        raise Trouble(f"there is no lab's notebook in {args.source}: `cargo xtask labs` makes them")
    target = Course(args.out)
    target.folder.mkdir(parents=True, exist_ok=True)
    submissions = collect(args, target.folder, labs)
    if not submissions:
        raise Trouble(f"no notebook of a lab in {args.submissions}: STUDENT/LAB.ipynb, STUDENT/LAB/LAB.ipynb or zips")
    used = sorted({submission.lab for submission in submissions})
    for lab in used:
        target.furnish(args.course, args.source, lab)
        release(target, lab)
    say("begin", total=len(submissions), labs=used, jobs=args.jobs)
    with tempfile.TemporaryDirectory(prefix="weft-grade-") as folder:
        grade_all(args, target, submissions, Path(folder))
    with Gradebook(target.url, "weft") as gradebook:
        export = CsvExportPlugin()
        export.to, export.assignment = str(target.folder / "grades.csv"), used
        export.export(gradebook)
    say("end", csv=str(target.folder / "grades.csv"), feedback=str(target.folder / "feedback"))


def grade_all(args, target, submissions, work):
    """So many at a time, each ended when it takes too long."""
    base = Course(work / "base")
    base.folder.mkdir()
    for name in [*SCRIPTS, "gradebook.db"]:
        shutil.copy(target.folder / name, base.folder / name)
    waiting, running = list(enumerate(submissions)), {}
    while waiting or running:
        while waiting and len(running) < args.jobs:
            number, submission = waiting.pop(0)
            say("start", student=submission.student, lab=submission.lab)
            running[begin(args, base, submission, work / str(number))] = submission
        for child, submission in list(running.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            late = time.monotonic() - submission.began > args.limit
            if not ended and not late:
                continue
            end_group(child)
            if not ended:
                os.waitpid(child, 0)
            del running[child]
            error = None
            if not ended:
                error = f"it was not done in {args.limit:g} seconds"
            elif status != 0:
                error = last_words(submission.course.log())
            found = take_over(target, submission, error)
            seconds = time.monotonic() - submission.began
            say("graded", student=submission.student, lab=submission.lab, error=error, seconds=round(seconds, 2), **found)
            if error:
                keep = target.folder / "logs"
                keep.mkdir(exist_ok=True)
                (keep / f"{submission.student}-{submission.lab}.txt").write_text(submission.course.log())
            shutil.rmtree(submission.course.folder, ignore_errors=True)
        time.sleep(0.05)


def arguments():
    """The command line, which `weft` writes."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("assign")
    one.add_argument("--lab", required=True)
    many = commands.add_parser("grade")
    many.add_argument("--labs", nargs="+", required=True)
    many.add_argument("--submissions", required=True)
    many.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    many.add_argument("--limit", type=float, default=900.0)
    many.add_argument("--pattern")
    for command in (one, many):
        command.add_argument("--course", required=True)
        command.add_argument("--source", required=True)
        command.add_argument("--out", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = arguments()
    try:
        {"assign": assign, "grade": grade}[chosen.command](chosen)
    except Trouble as trouble:
        say("trouble", text=str(trouble))
        sys.exit(1)
