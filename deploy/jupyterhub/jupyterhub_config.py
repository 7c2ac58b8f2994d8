"""A hub on one machine, to try the way of a lab from release to grades.

Everybody's server runs as the user who starts the hub, so nobody is protected from anybody: keep it on loopback.
README.md says what to change for a course.

Environment: WEFT_HUB names the folder with all that the hub keeps, WEFT_HUB_PROXY the program of the proxy, and
WEFT_HUB_LABS the course that the instructor starts with.
"""

import json
import os
import secrets
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path.home()
STATE = Path(os.environ.get("WEFT_HUB") or HOME / ".local/share/weft/hub").resolve()
LABS = Path(os.environ.get("WEFT_HUB_LABS") or HERE.parent.parent / "labs").resolve()
COURSE = "weft"
INSTRUCTORS = {"instructor"}


def passwords():
    """The passwords of students and of instructors: drawn at the first start, kept in a file for you alone."""
    file = STATE / "passwords.json"
    if not file.exists():
        drawn = {"student": secrets.token_urlsafe(9), "instructor": secrets.token_urlsafe(30)}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(drawn, out, indent=1)
        print(f"Passwords are in {file}")
    return json.loads(file.read_text())


def prepare(spawner):
    """Before an instructor's first server starts, puts the course into their home."""
    course = Path(spawner.home_dir) / COURSE
    if spawner.user.name not in INSTRUCTORS or course.exists():
        return
    # Of a lab the notebook alone; what a release leaves out stays behind.
    course.mkdir(parents=True)
    for notebook in LABS.glob("*/*.ipynb"):
        lab = course / "source" / notebook.parent.name
        lab.mkdir(parents=True, exist_ok=True)
        shutil.copy(notebook, lab)


STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
# nbgrader wants it to be writable for everyone; here everyone is one user.
(STATE / "exchange").mkdir(exist_ok=True)
(STATE / "exchange").chmod(0o777)
words = passwords()

c = get_config()  # noqa: F821, which JupyterHub provides

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.ConfigurableHTTPProxy.command = [os.environ.get("WEFT_HUB_PROXY") or "configurable-http-proxy"]
# Nothing outlives the hub.
c.JupyterHub.cleanup_servers = True

c.JupyterHub.authenticator_class = "shared-password"
c.Authenticator.allow_all = True
# A student who calls himself "instructor" needs the other password.
c.Authenticator.admin_users = INSTRUCTORS
c.SharedPasswordAuthenticator.user_password = words["student"]
c.SharedPasswordAuthenticator.admin_password = words["instructor"]

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "homes/{username}")
c.Spawner.pre_spawn_hook = prepare
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
if os.geteuid() == 0:
    c.Spawner.args = ["--allow-root"]

# A home in another place hides what the hub's owner has installed: the kernel, what its cells use, the compiler.
data = os.environ.get("XDG_DATA_HOME") or HOME / ".local/share"
kernels = [os.environ.get("JUPYTER_PATH"), str(Path(data) / "jupyter")]
c.Spawner.environment = {
    "JUPYTER_CONFIG_PATH": str(HERE),
    "JUPYTER_PATH": os.pathsep.join(filter(None, kernels)),
    "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(HOME / ".cache"),
    "CARGO_HOME": os.environ.get("CARGO_HOME") or str(HOME / ".cargo"),
    "RUSTUP_HOME": os.environ.get("RUSTUP_HOME") or str(HOME / ".rustup"),
    "WEFT_EXCHANGE": str(STATE / "exchange"),
    "WEFT_LABS": str(LABS),
}
c.Spawner.env_keep.extend(["RUST_SRC_PATH"])
