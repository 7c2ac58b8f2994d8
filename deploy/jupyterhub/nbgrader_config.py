"""nbgrader in every server of the hub: who submits, where the exchange is, where the instructor's course is.

Servers find it because JUPYTER_CONFIG_PATH names its folder. What the labs themselves need stands in
labs/nbgrader_config.py, which is read first.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821, which nbgrader provides

labs = os.environ.get("WEFT_LABS")
if labs and (Path(labs) / "nbgrader_config.py").exists():
    load_subconfig("nbgrader_config.py", path=labs)  # noqa: F821

home = Path.home()
course = home / "weft"
c.CourseDirectory.course_id = "weft"
c.CourseDirectory.source_directory = "source"
# A submission has the records of its runs; what is not submitted is what these leave out.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "target"]
c.Exchange.root = os.environ["WEFT_EXCHANGE"]
c.Exchange.cache = str(home / ".local/share/nbgrader_cache")
if (course / "source").exists():
    # The instructor.
    c.CourseDirectory.root = str(course)
    # Here and in pods all folders belong to one user of the system.
    c.ExchangeCollect.check_owner = False
else:
    c.CourseDirectory.root = str(home)
    # Else nbgrader takes the name of the system's user, who is the same for all.
    c.CourseDirectory.student_id = os.environ.get("JUPYTERHUB_USER", "*")
