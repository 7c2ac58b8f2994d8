"""The course of Weft, as nbgrader reads it: every `nbgrader` command works in this folder.

Source notebooks stand in place, `NN-slug/NN-slug.ipynb`. A release has the notebook alone. The other steps of nbgrader have a
folder each beside the labs, which git does not keep.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import weft_guard  # noqa: E402

# nbgrader starts a program of its own environment by name, which is found nowhere where the environment is not active.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "weft"
c.CourseDirectory.source_directory = "."
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.md",
    "*.pyc",
    "exercise",
    "recorded",
    "records",
    "target",
    "tests",
]

# The key is the kernelspec's language.
c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\ntodo!()"}
# One for both languages: an answer is taken for unwritten when it is what the instructor's release says.
c.ClearSolutions.text_stub = "YOUR ANSWER HERE (여기에 답을 쓰세요)"

# A cell is compiled before it runs. The kernel's own --cell-timeout, which does not count that, comes first.
c.Execute.timeout = int(os.environ.get("WEFT_EXECUTE_TIMEOUT", "120"))
c.Execute.startup_timeout = 180
c.Execute.raise_on_iopub_timeout = False
c.Execute.iopub_timeout = 30
# A traceback of Rust is a compiler's message; colours of it are nbgrader's to convert.
c.LimitOutput.max_lines = 400
c.LimitOutput.max_traceback = 100

weft_guard.install(c)
