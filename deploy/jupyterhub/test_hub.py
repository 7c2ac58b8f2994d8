"""A lab's whole way through a real hub: released, fetched, run, submitted, collected, graded.

The hub and its proxy listen on loopback. Everything goes through the addresses that the pages of JupyterLab and of
nbgrader use too. WEFT_KERNEL names the kernel's program, WEFT_HUB_PROXY the proxy's.
"""

import copy
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import requests
import websocket
from nbgrader.api import Gradebook

HERE = Path(__file__).resolve().parent
# A lab of the repository, such as 05-context-switching, in the place of the small one below.
LABS = Path(os.environ.get("WEFT_HUB_LABS") or HERE.parent.parent / "labs")
LAB = os.environ.get("WEFT_HUB_LAB", "")
COURSE = "weft"

# Long enough for a machine that does other things too; nothing is measured by it.
PATIENCE = 240


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(what, look):
    """Waits until `look` gives something, and gives it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def fixture(folder):
    """A course of one lab with one answer, one visible and one hidden test."""

    def cell(kind, text, grade_id=None, **grading):
        made = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}[kind](text)
        made.id = grade_id or "text"
        if grade_id:
            made.metadata["nbgrader"] = {
                "grade_id": grade_id, "schema_version": 3, "grade": False, "solution": False, "locked": False,
                "task": False, "cell_type": kind, **grading,
            }
        return made

    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "weft", "display_name": "Rust (Weft)", "language": "rust"},
            "language_info": {"name": "rust"},
        },
        cells=[
            cell("markdown", "# Double\n\nWrite `double`."),
            cell(
                "code",
                "fn double(n: u32) -> u32 {\n    // BEGIN SOLUTION\n    n * 2\n    // END SOLUTION\n}",
                "double",
                solution=True,
            ),
            cell(
                "code",
                "assert_eq!(double(2), 4);\n// BEGIN HIDDEN TESTS\nassert_eq!(double(21), 42);\n// END HIDDEN TESTS",
                "doubles",
                grade=True,
                locked=True,
                points=3,
            ),
        ],
    )
    lab = folder / "99-double"
    lab.mkdir(parents=True)
    nbformat.write(notebook, lab / "99-double.ipynb")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        'c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\\ntodo!()"}\n'
        'c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"\n'
    )
    return "99-double"


def without_marks(source):
    """A solution as a student would write it."""
    return re.sub(r"\n *// (BEGIN|END) SOLUTION", "", source)


class Hub:
    """A hub with its proxy, in a folder of its own."""

    def __init__(self, labs):
        self.state = Path(tempfile.mkdtemp(prefix="weft-hub-"))
        self._log = open(self.state / "hub.log", "w+b")
        public, hub, proxy = free_ports(3)
        self.url = f"http://127.0.0.1:{public}"
        arguments = [
            f"--config={HERE / 'jupyterhub_config.py'}",
            f"--JupyterHub.bind_url={self.url}",
            f"--JupyterHub.hub_port={hub}",
            f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}",
        ]
        environment = {**os.environ, "WEFT_HUB": str(self.state), "WEFT_HUB_LABS": str(labs)}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", *arguments],
            cwd=self.state,
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until("the hub", self._answers)
        except BaseException:
            print(self.log())
            self.close()
            raise
        self.passwords = json.loads((self.state / "passwords.json").read_text())

    def _answers(self):
        assert self.process.poll() is None, f"the hub has ended\n{self.log()}"
        try:
            return requests.get(f"{self.url}/hub/health", timeout=5).ok
        except requests.RequestException:
            return False

    def log(self):
        return (self.state / "hub.log").read_text(errors="replace")

    def close(self):
        """Ends the hub and all that it started; says what had to be killed."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            below = []
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        _, alive = psutil.wait_procs(below, timeout=20)
        left = [f"{process.pid} {process.name()}" for process in alive if process.is_running()]
        for process in alive:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        self._log.close()
        return left


class Person:
    """Somebody with a browser, logged in, whose server runs."""

    def __init__(self, hub, name, password):
        self.hub, self.name = hub, name
        self.session = requests.Session()
        self._log_in(password)
        started = self.hub_api("post", f"users/{name}/server")
        assert started.status_code in (201, 202), (started.status_code, started.text)
        until(f"the server of {name}", self._is_ready)
        # What the page of a server does first: it learns who looks at it.
        opened = self.session.get(f"{hub.url}/user/{name}/lab")
        assert opened.ok, (opened.status_code, opened.text)

    def _log_in(self, password):
        page = f"{self.hub.url}/hub/login"
        self.session.get(page)
        form = {"username": self.name, "password": password, "_xsrf": self._xsrf("/hub/")}
        answer = self.session.post(page, data=form, allow_redirects=False)
        assert answer.status_code == 302, f"{self.name} can't log in: {answer.status_code}"

    def _xsrf(self, path):
        """The value of the cookie that the page's script sends along."""
        return next(cookie.value for cookie in self.session.cookies if cookie.name == "_xsrf" and cookie.path == path)

    def _is_ready(self):
        servers = self.hub_api("get", f"users/{self.name}").json()["servers"]
        return servers.get("", {}).get("ready")

    def hub_api(self, method, path, **more):
        headers = {"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.hub.url}/hub/home"}
        return self.session.request(method, f"{self.hub.url}/hub/api/{path}", headers=headers, timeout=PATIENCE, **more)

    def call(self, method, path, **more):
        """A request to the person's own server."""
        base = f"/user/{self.name}/"
        headers = {"X-XSRFToken": self._xsrf(base), "Referer": f"{self.hub.url}{base}lab"}
        answer = self.session.request(method, f"{self.hub.url}{base}{path}", headers=headers, timeout=PATIENCE, **more)
        assert answer.ok, f"{method} {path} as {self.name}: {answer.status_code} {answer.text[-2000:]}"
        return answer.json() if answer.content else None

    def grade(self, path):
        """A button of the formgrader."""
        done = self.call("post", f"formgrader/api/{path}")
        assert done["success"], f"{done.get('error')}\n{done.get('log', done)}"
        return done

    def list(self, path, **data):
        """An entry of the assignment list."""
        done = self.call("post", path, json={"course_id": COURSE, **data})
        assert done["success"], done
        return done["value"]

    def read(self, path):
        return nbformat.from_dict(self.call("get", f"api/contents/{path}?content=1")["content"])

    def write(self, path, notebook):
        self.call("put", f"api/contents/{path}", json={"type": "notebook", "content": notebook})

    def run(self, path, notebook):
        """Runs the code cells in a kernel of the person's server; gives each cell's error, by its place."""
        kernel = self.call("post", "api/kernels", json={"name": "weft", "path": path})["id"]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies
                            if f"/user/{self.name}/".startswith(cookie.path))
        address = f"{self.hub.url.replace('http', 'ws', 1)}/user/{self.name}/api/kernels/{kernel}/channels"
        channel = websocket.create_connection(address, timeout=PATIENCE, cookie=cookies, origin=self.hub.url)
        try:
            errors = {}
            for place, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    error = execute(channel, cell.source)
                    if error:
                        errors[place] = error
            return errors
        finally:
            channel.close()
            self.call("delete", f"api/kernels/{kernel}")


def execute(channel, code):
    """Runs a cell; gives its error, if there was one."""
    asked = uuid.uuid4().hex
    header = {"msg_id": asked, "msg_type": "execute_request", "session": "test", "username": "", "version": "5.3",
              "date": ""}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    channel.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content,
                             "channel": "shell", "buffers": []}))
    error = reply = None
    is_idle = False
    while not (reply and is_idle):
        message = json.loads(channel.recv())
        if message["parent_header"].get("msg_id") != asked:
            continue
        kind, said = message["msg_type"], message["content"]
        if kind == "error":
            error = f"{said['ename']}: {said['evalue']}"
        elif kind == "execute_reply":
            reply = said
        elif kind == "status":
            is_idle = said["execution_state"] == "idle"
    assert (reply["status"] == "ok") == (error is None), (reply, error)
    return error


class CourseTest(unittest.TestCase):
    """One course, one lab, one instructor, two students."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="weft-hub-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        prefix = cls.folder / "kernels"
        install = [os.environ["WEFT_KERNEL"], "install", "--prefix", str(prefix)]
        subprocess.run(install, check=True, capture_output=True)
        os.environ["JUPYTER_PATH"] = str(prefix / "share/jupyter")
        if LAB:
            cls.labs, cls.lab = LABS, LAB
        else:
            cls.labs = cls.folder / "labs"
            cls.lab = fixture(cls.labs)
        cls.source = nbformat.read(cls.labs / cls.lab / f"{cls.lab}.ipynb", as_version=4)
        cls.hub = Hub(cls.labs)
        cls.addClassCleanup(shutil.rmtree, cls.hub.state, ignore_errors=True)
        cls.addClassCleanup(cls.end_hub)

    @classmethod
    def end_hub(cls):
        left = cls.hub.close()
        assert not left, f"the hub left behind: {left}"

    def test_a_lab_goes_from_release_to_grades(self):
        hub, lab = self.hub, self.lab
        path = f"{lab}/{lab}.ipynb"
        instructor = Person(hub, "instructor", hub.passwords["instructor"])
        instructor.grade(f"assignment/{lab}/assign")
        instructor.grade(f"assignment/{lab}/release")

        # All at once, as in a class.
        with ThreadPoolExecutor() as class_room:
            ada = class_room.submit(self.take, "ada", path, self.solve)
            grace = class_room.submit(self.take, "grace", path, lambda released: released)
        _, errors = ada.result()
        self.assertEqual(errors, {})
        released, errors = grace.result()
        tests = {place for place, cell in enumerate(released.cells)
                 if grading(cell).get("grade") and cell.cell_type == "code"}
        self.assertEqual(set(errors), tests, errors)

        instructor.grade(f"assignment/{lab}/collect")
        for student in ("ada", "grace"):
            instructor.grade(f"submission/{lab}/{student}/autograde")

        course = hub.state / "homes/instructor" / COURSE
        for student in ("ada", "grace"):
            record = course / "submitted" / student / lab / "records/own.json"
            self.assertEqual(json.loads(record.read_text()), {"of": student})
        most = sum(grading(cell).get("points", 0) for cell in self.source.cells if cell.cell_type == "code")
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", COURSE) as book:
            scores = {one.student.id: one.score for one in book.assignment_submissions(lab)}
        self.assertGreater(most, 0)
        self.assertEqual(scores, {"ada": most, "grace": 0})

    def take(self, name, path, answer):
        """A student's way: log in, fetch, answer, run, submit. Gives the released notebook, and the cells' errors."""
        lab = self.lab
        student = Person(self.hub, name, self.hub.passwords["student"])
        listed = student.call("get", f"assignments?course_id={COURSE}")["value"]
        self.assertEqual([entry["assignment_id"] for entry in listed], [lab])
        student.list("assignments/fetch", assignment_id=lab)
        released = student.read(path)
        text = json.dumps(released)
        self.assertNotIn("SOLUTION", text)
        self.assertNotIn("HIDDEN TESTS", text)
        answered = answer(released)
        errors = student.run(path, answered)
        student.write(path, answered)
        student.call("put", f"api/contents/{lab}/records", json={"type": "directory"})
        record = {"type": "file", "format": "text", "content": json.dumps({"of": name})}
        student.call("put", f"api/contents/{lab}/records/own.json", json=record)
        listed = student.list("assignments/submit", assignment_id=lab)
        self.assertEqual([len(entry["submissions"]) for entry in listed if entry["status"] == "submitted"], [1])
        return released, errors

    def test_a_password_of_students_opens_no_instructor(self):
        session = requests.Session()
        page = f"{self.hub.url}/hub/login"
        session.get(page)
        token = next(cookie.value for cookie in session.cookies if cookie.name == "_xsrf")
        form = {"username": "instructor", "password": self.hub.passwords["student"], "_xsrf": token}
        answer = session.post(page, data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 403)

    def test_it_listens_on_loopback_alone(self):
        processes = [psutil.Process(self.hub.process.pid)]
        processes += processes[0].children(recursive=True)
        listening = [connection.laddr.ip for process in processes for connection in process.net_connections("inet")
                     if connection.status == psutil.CONN_LISTEN]
        self.assertTrue(listening)
        self.assertEqual(set(listening), {"127.0.0.1"})

    def solve(self, released):
        """The notebook with the answers in."""
        answers = {grading(cell)["grade_id"]: cell.source for cell in self.source.cells if grading(cell).get("solution")}
        solved = copy.deepcopy(released)
        for cell in solved.cells:
            if grading(cell).get("solution"):
                cell.source = without_marks(answers[grading(cell)["grade_id"]])
        return solved


def grading(cell):
    return cell.metadata.get("nbgrader", {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
