"""Finds whose notebook is whose in what was handed in: folders of students, and what learning platforms give to download.

Students zip a folder, platforms zip that again. All zips are opened, and what lies in them is looked at as if it lay in folders.
"""

import os
import re
import shutil
import unicodedata
import zipfile
import zlib
from pathlib import Path

# "Name_123_assignsubmission_file_" of Moodle and "name_123_456_FILE" of Canvas, whose late ones are "name_LATE_123_456_FILE".
PLATFORM = re.compile(r"(?P<student_id>.+?)(_\d+_assignsubmission_file(_|$)|(?i:_late)?_\d+_\d+_)")
OTHER_ARCHIVES = {".7z", ".gz", ".rar", ".tar", ".tgz"}
KINDS = {".ipynb", ".json", ".txt", ".zip"} | OTHER_ARCHIVES
# What a zip may come to, by how many zips it is in: the platform's own has the whole class.
MOST = [16 << 30, 512 << 20, 512 << 20]
# What a file other than a zip may have.
LARGEST = 64 << 20


class File:
    """A file that was handed in, and the folders and zips in which it lay."""

    def __init__(self, path, parts, in_zip):
        self.path, self.parts = path, parts
        self.folder = parts[:-1]
        self.in_zip = in_zip

    def __str__(self):
        return "/".join(self.parts)

    def lab(self, labs):
        """The lab whose notebook this is; platforms add a name before it and the number of an attempt after it."""
        for lab in labs:
            told = re.fullmatch(rf"(?:.*_)?{re.escape(lab)}(?:-(\d+))?\.ipynb", self.parts[-1])
            if told:
                return lab, int(told[1] or 0)
        return None, 0

    def student(self, labs):
        """Who handed it in, or none if no name says it."""
        for part in self.parts:
            told = PLATFORM.match(part)
            if told:
                return student_id(told["student_id"])
        # A zip of a class has a folder for each student; one that has the lab's folder, or none, is a student's.
        above = self.folder[1:2] if self.in_zip else ()
        if not above or above[0] in labs or above[0] == "records":
            above = self.folder[:1]
        if above:
            return student_id(above[0])
        told = re.fullmatch(rf"(.+)_({'|'.join(map(re.escape, labs))})(-\d+)?\.ipynb", self.parts[-1])
        return student_id(told[1]) if told else None


def student_id(name):
    """A student's name as nbgrader can have it for a folder's. Some systems write Korean in parts, which look the same."""
    return re.sub(r"[^\w .@+'-]", "_", unicodedata.normalize("NFC", name)).strip(" .") or None


def files(given, scratch, besides, passed_over):
    """All files, but for links, hidden ones and the folder `besides`; zips are opened in `scratch`."""
    waiting = [(given, (), 0, False)]
    while waiting:
        folder, above, depth, in_zip = waiting.pop()
        for entry in sorted(folder.iterdir()):
            parts = (*above, entry.name)
            if entry.is_symlink() or entry.name.startswith((".", "__")) or entry.resolve() == besides:
                continue
            if entry.is_dir():
                waiting.append((entry, parts, depth, in_zip))
            elif entry.suffix.lower() in OTHER_ARCHIVES:
                passed_over("/".join(parts), "of all archives only zips are opened")
            elif entry.suffix.lower() != ".zip":
                yield File(entry, parts, in_zip)
            elif depth == len(MOST):
                passed_over("/".join(parts), "it is a zip in too many others")
            else:
                inside = scratch / str(len(os.listdir(scratch)))
                inside.mkdir()
                try:
                    unpack(entry, inside, MOST[depth], lambda name, why: passed_over("/".join((*parts, name)), why))
                    waiting.append((inside, (*above, entry.stem), depth + 1, in_zip or not above))
                except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
                    passed_over("/".join(parts), f"it can't be opened: {error}")


def unpack(file, place, most, passed_over):
    """Opens a zip, without what nobody looks at."""
    wanted, size = [], 0
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            kind = Path(member.filename).suffix.lower()
            if member.file_size > LARGEST and kind != ".zip":
                passed_over(member.filename, f"it is larger than {LARGEST >> 20} MiB")
            elif kind in KINDS:
                wanted.append(member)
                size += member.file_size
        if size > most:
            raise ValueError(f"it would be larger than {most >> 20} MiB")
        archive.extractall(place, wanted)


def collect(given, submitted, labs, scratch, besides, pattern, passed_over):
    """Copies each student's notebook of each lab, with its records, to STUDENT/LAB below `submitted`."""
    found, beside = {}, {}
    for file in files(given, scratch, besides, passed_over):
        if pattern and file.path.suffix == ".ipynb":
            told = pattern.match(str(file))
            lab, attempt = (told["file_id"], 0) if told and told["file_id"] in labs else (None, 0)
            student = student_id(told["student_id"]) if told else None
        else:
            lab, attempt = file.lab(labs)
            student = file.student(labs)
        if file.path.suffix == ".ipynb":
            if not lab:
                passed_over(str(file), "its name is not that of a lab's notebook")
            elif not student:
                passed_over(str(file), "nothing says whose it is")
            else:
                found.setdefault((student, lab), []).append((len(file.parts), -attempt, file.parts, file))
        else:
            # A pattern names notebooks alone; whose the other files are, their folders say.
            beside.setdefault(None if pattern else student, []).append(file)
    chosen = {}
    for (student, lab), ranked in sorted(found.items()):
        # The one that lies highest, the last attempt.
        (*_, best), *others = sorted(ranked, key=lambda one: one[:3])
        chosen[student, lab] = best
        for *_, other in others:
            passed_over(str(other), f"{student} has handed in {best} too, which is graded")
    for file in beside.pop(None, []) if pattern else []:
        owners = {student for (student, _), notebook in chosen.items() if place_beside(notebook, file)}
        if len(owners) > 1:
            passed_over(str(file), "it lies beside the notebooks of several students")
        else:
            for student in owners:
                beside.setdefault(student, []).append(file)
    for (student, lab), notebook in chosen.items():
        take(notebook, lab, beside.get(student, []), submitted / student / lab)


def take(notebook, lab, beside, place):
    """One notebook, the records beside it or above it, and the time that nbgrader's exchange noted."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    shutil.copy(notebook.path, place / f"{lab}.ipynb")
    # From the nearest to the farthest: what is there already stays.
    for file in sorted(beside, key=lambda file: -len(file.parts)):
        below = place_beside(notebook, file)
        if below and not (place / below).exists():
            (place / below).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.path, place / below)


def place_beside(notebook, file):
    """Where a file goes below the folder of this notebook; none if it is not of it."""
    if file.parts[-1] == "timestamp.txt" and notebook.folder[: len(file.folder)] == file.folder:
        return Path("timestamp.txt")
    below = below_records(file.parts, notebook.folder) if file.path.suffix == ".json" else None
    return below and Path("records", *below)


def below_records(parts, folder):
    """Where a record lies in a folder of records, beside or above the notebook; platforms can flatten it."""
    levels = [level for level, part in enumerate(parts[:-1]) if part == "records" or part.endswith("_records")]
    if levels:
        return parts[levels[-1] + 1 :] if folder[: levels[0]] == parts[: levels[0]] else None
    return parts[-1:] if parts[:-1] == folder else None
