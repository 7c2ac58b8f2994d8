"""What one node carries: memory and time of kernels, and of a student's server.

    WEFT_KERNEL=weft-kernel python measure.py [--rounds 5] [--kernels 1 2 4]

Memory is PSS: a page that several processes share counts for each by its part, so the numbers may be added up. It is
summed over the kernel's process and all that it started. Nothing is asserted; run it where nothing else runs.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import requests
from jupyter_client.manager import KernelManager

PATIENCE = 300

USE = "use weft_lab::prelude::*;\nuse plotters::prelude::*;"
PLOT = r"""
let mut svg = String::new();
{
    let area = SVGBackend::with_string(&mut svg, (480, 320)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area).build_cartesian_2d(0.0..10.0, 0.0..100.0)?;
    chart.draw_series(LineSeries::new((0..=10).map(|x| (f64::from(x), f64::from(x * x))), &RED))?;
    area.present()?;
}
svg.len()
"""
WORK = "let doubled: u32 = (1..=10).map(|n| n * 2).sum();\ndoubled"


def megabytes(pid):
    """PSS of a process and all below it, in MB."""
    total = 0
    try:
        family = [psutil.Process(pid)]
        family += family[0].children(recursive=True)
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            pass
    return total / 1e6


def at_rest(pids):
    """PSS once it has stayed the same for some seconds: a kernel goes on reading the library's source after a cell."""
    last, steady = 0.0, 0
    for _ in range(120):
        time.sleep(1)
        now = sum(megabytes(pid) for pid in pids)
        steady = steady + 1 if abs(now - last) < 2 else 0
        last = now
        if steady == 10:
            break
    return last


class Peak:
    """The largest PSS while a block runs, looked at some ten times a second."""

    def __init__(self, pids):
        self.pids, self.most = pids, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._done.wait(0.1):
            self.most = max(self.most, sum(megabytes(pid) for pid in self.pids))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


class Kernel:
    """A kernel and its client."""

    def __init__(self):
        begin = time.perf_counter()
        self.manager = KernelManager(kernel_name="weft")
        self.manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.ready = time.perf_counter() - begin
        self.pid = self.manager.provisioner.pid

    def run(self, code):
        """Runs a cell; gives the seconds that it took."""
        begin = time.perf_counter()
        reply = self.client.execute_interactive(code, timeout=PATIENCE, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok", reply["content"]
        return time.perf_counter() - begin

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def row(name, values, unit):
    """A line of the table: the median, and from the least to the most."""
    digits = 2 if unit == "s" else 0
    low, middle, high = min(values), statistics.median(values), max(values)
    print(f"| {name} | {middle:.{digits}f} {unit} | {low:.{digits}f} to {high:.{digits}f} {unit} |", flush=True)


def one_kernel(rounds):
    """A kernel alone, from its start to its first plot."""
    seen = {name: [] for name in ("ready", "first", "use", "plot", "cell", "at ready", "after use", "after plot", "rest", "peak")}
    for _ in range(rounds):
        kernel = Kernel()
        try:
            seen["ready"].append(kernel.ready)
            seen["at ready"].append(megabytes(kernel.pid))
            with Peak([kernel.pid]) as peak:
                seen["first"].append(kernel.run("1 + 1"))
                seen["use"].append(kernel.run(USE))
                seen["after use"].append(megabytes(kernel.pid))
                seen["plot"].append(kernel.run(PLOT))
                seen["after plot"].append(megabytes(kernel.pid))
                seen["cell"].append(kernel.run(WORK))
            seen["peak"].append(peak.most)
            seen["rest"].append(at_rest([kernel.pid]))
        finally:
            kernel.close()
    row("from start to ready", seen["ready"], "s")
    row("first cell, `1 + 1`", seen["first"], "s")
    row("cell that uses the crate", seen["use"], "s")
    row("cell with the first plot", seen["plot"], "s")
    row("a cell after that", seen["cell"], "s")
    row("memory when ready", seen["at ready"], "MB")
    row("memory after the crate is in use", seen["after use"], "MB")
    row("memory after the first plot", seen["after plot"], "MB")
    row("memory at rest, some time after that", seen["rest"], "MB")
    row("most memory meanwhile, compiler included", seen["peak"], "MB")


def together(count):
    """So many kernels at once: all run a cell at the same time."""
    kernels = [Kernel() for _ in range(count)]
    try:
        for kernel in kernels:
            kernel.run(USE)
            kernel.run(PLOT)
        pids = [kernel.pid for kernel in kernels]
        resting = at_rest(pids)
        took = [0.0] * count

        def work(place):
            took[place] = kernels[place].run(WORK)

        with Peak(pids) as peak:
            threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        most = max(peak.most, resting)
        print(f"| {count} | {resting:.0f} MB | {resting / count:.0f} MB | {most:.0f} MB | {max(took):.2f} s |", flush=True)
    finally:
        for kernel in kernels:
            kernel.close()


def server():
    """A student's server without a kernel."""
    with tempfile.TemporaryDirectory() as home:
        port = 18765
        arguments = ["-m", "jupyterlab", "--no-browser", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
        begin = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], cwd=home, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env={**os.environ, "HOME": home})
        try:
            while time.perf_counter() - begin < PATIENCE:
                try:
                    if requests.get(f"http://127.0.0.1:{port}/lab", timeout=30).ok:
                        break
                except requests.ConnectionError:
                    time.sleep(0.05)
            row("server, from start to its page", [time.perf_counter() - begin], "s")
            row("server, memory", [megabytes(process.pid)], "MB")
        finally:
            process.terminate()
            process.wait(30)


def machine():
    """The machine in one line."""
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    memory = psutil.virtual_memory().total / 1e9
    load = os.getloadavg()[0]
    return (f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, "
            f"Linux {platform.release()}, load before {load:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kernels", type=int, nargs="*", default=[1, 2, 4])
    chosen = parser.parse_args()
    print(machine(), "\n")
    with tempfile.TemporaryDirectory() as prefix:
        install = [os.environ.get("WEFT_KERNEL", "weft-kernel"), "install", "--prefix", prefix]
        subprocess.run(install, check=True, capture_output=True)
        os.environ["JUPYTER_PATH"] = str(Path(prefix) / "share/jupyter")
        print("| one of it | median | range |\n| --- | --- | --- |")
        server()
        one_kernel(chosen.rounds)
        print("\n| kernels | memory at rest | each | most while all run a cell | slowest cell |\n"
              "| --- | --- | --- | --- | --- |")
        for count in chosen.kernels:
            together(count)


if __name__ == "__main__":
    main()
