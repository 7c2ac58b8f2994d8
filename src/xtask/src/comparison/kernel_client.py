"""Measures Rust kernels through jupyter_client; writes one JSON object a measurement, and prints it too.

Arguments: rounds, the file to write, then the names of the kernels. Within a round the kernels take turns.
"""

import json
import queue
import sys
import time

from jupyter_client.manager import KernelManager

# What a reader reads before the first cell, in seconds: time in which a kernel may warm up.
READING = 6
# A flood that has not come through after so many seconds is not waited for.
FLOOD = 60
PATIENCE = 300

PLOT = """
use plotters::prelude::*;
let mut svg = String::new();
{
    let root = SVGBackend::with_string(&mut svg, (400, 300)).into_drawing_area();
    let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0f64..1f64, 0f64..1f64).unwrap();
    let points = (0..=20).map(|i| (f64::from(i) / 20.0, (f64::from(i) / 20.0).powi(2)));
    chart.draw_series(LineSeries::new(points, &BLUE)).unwrap();
    root.present().unwrap();
}
println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n{svg}\\nEVCXR_END_CONTENT");
"""
PLOTTERS = (
    ':dep plotters = { version = "0.3.7", default-features = false, features = ["svg_backend", "line_series"] }\n'
)

# In a block, since closures are no variables that a kernel could keep.
LONG = """
{
    let numbers: Vec<i64> = (1..=1000).collect();
    let even: Vec<i64> = numbers.iter().copied().filter(|n| n % 2 == 0).collect();
    let squares: Vec<i64> = even.iter().map(|n| n * n).collect();
    let total: i64 = squares.iter().sum();
    let words = ["warp", "weft", "loom", "reed", "heddle"];
    let mut lengths: Vec<(usize, &str)> = words.iter().map(|word| (word.len(), *word)).collect();
    lengths.sort_by(|one, other| other.cmp(one));
    let longest = lengths.first().map(|(_, word)| word.to_string()).unwrap_or_default();
    let mut counts = std::collections::BTreeMap::new();
    for word in words {
        for letter in word.chars() {
            *counts.entry(letter).or_insert(0usize) += 1;
        }
    }
    let common = counts.iter().max_by_key(|(_, count)| **count).map(|(letter, _)| *letter);
    let add = |one: i64, other: i64| one + other;
    let twice = |value: i64| add(value, value);
    let power = |base: i64, exponent: u32| (0..exponent).fold(1, |product, _| product * base);
    let table: Vec<Vec<i64>> = (1..=5).map(|row| (1..=5).map(|column| row * column).collect()).collect();
    let diagonal: i64 = table.iter().enumerate().map(|(at, row)| row[at]).sum();
    let text = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join(" ");
    let vowels = text.chars().filter(|letter| "AEIOU".contains(*letter)).count();
    let found = numbers.binary_search(&500).unwrap_or(0);
    let pairs: Vec<(i64, i64)> = numbers.iter().zip(even.iter()).map(|(one, other)| (*one, *other)).collect();
    let differences: Vec<i64> = pairs.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let is_steady = differences.iter().all(|difference| *difference == 1);
    let sum = twice(power(2, 10)) + total + diagonal;
    println!("{longest} {common:?} {vowels} {found} {is_steady} {sum}");
}
"""

HUNDRED_MEGABYTES = (
    'let line = "x".repeat(99); for _ in 0..1_000_000 { println!("{line}"); } println!("the last line");'
)


class Kernel:
    def __init__(self, name):
        self.name = name
        self.start = time.monotonic()
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.ready = time.monotonic() - self.start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code, timeout=PATIENCE):
        """Seconds until the cell is over, what it printed, and the kinds of what it showed; None where it isn't."""
        start = time.monotonic()
        id = self.client.execute(code, allow_stdin=False)
        said, kinds = [], []
        while True:
            left = start + timeout - time.monotonic()
            try:
                message = self.client.get_iopub_msg(timeout=max(0.01, left))
            except queue.Empty:
                return None
            if left < 0:
                return None
            if message["parent_header"].get("msg_id") != id:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"][-100:])
            elif "data" in content:
                kinds.extend(content["data"])
            elif message["msg_type"] == "error":
                raise AssertionError(f"{self.name}: {code[:60]!r} failed: {content}")
            elif content.get("execution_state") == "idle":
                break
        return time.monotonic() - start, "".join(said), kinds


def tell(quantity, kernel, value):
    line = json.dumps({"quantity": quantity, "kernel": kernel, "value": value})
    print(line, flush=True)
    with open(sys.argv[2], "a") as file:
        print(line, file=file)


def attempt(quantity, kernel, act):
    try:
        tell(quantity, kernel, act())
    except (AssertionError, RuntimeError) as error:
        print(f"{quantity}: {error}", file=sys.stderr, flush=True)
        tell(quantity, kernel, None)


def seconds(result):
    return result[0] if result else None


def session(name):
    """Start, first cells, warm cells."""
    with Kernel(name) as kernel:
        tell("ready", name, kernel.ready)
        kernel.run("1 + 1")
        tell("first-cell", name, time.monotonic() - kernel.start)
    with Kernel(name) as kernel:
        time.sleep(READING)
        attempt("first-let", name, lambda: seconds(kernel.run("let inferred = vec![1, 2, 3];")))
        for _ in range(2):
            kernel.run("1 + 1")
        attempt("trivial", name, lambda: seconds(kernel.run("1 + 1")))
        kernel.run(LONG)
        attempt("thirty-lines", name, lambda: seconds(kernel.run(LONG)))


def plot(name):
    def draw():
        with Kernel(name) as kernel:
            code = PLOT if name.startswith("weft") else PLOTTERS + PLOT
            _, _, kinds = kernel.run(code)
            assert "image/svg+xml" in kinds, f"{name} has shown no figure but {kinds}"
            return time.monotonic() - kernel.start

    attempt("first-plot", name, draw)


def notebook(name):
    """A hundred cells, each of which defines something."""
    with Kernel(name) as kernel:
        took = []
        for number in range(1, 103):
            code = f"fn f{number}(x: u64) -> u64 {{ x + {number} }}\nlet v{number} = f{number}(1); v{number}"
            took.append(kernel.run(code)[0])
        for quantity, around in (("cell-10", 10), ("cell-100", 100)):
            near = sorted(took[around - 3 : around + 2])
            tell(quantity, name, near[2])


def flood(name):
    with Kernel(name) as kernel:
        kernel.run("1 + 1")

        def flow():
            result = kernel.run(HUNDRED_MEGABYTES, FLOOD)
            if result is None:
                return None
            assert result[1].endswith("the last line\n"), f"{name}: the end is lost"
            return result[0]

        attempt("flood", name, flow)


def main():
    rounds, kernels = int(sys.argv[1]), sys.argv[3:]
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for measure in (session, plot, notebook, flood):
            for name in kernels:
                measure(name)


main()
