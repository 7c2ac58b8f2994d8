//! Every way to die, again and again: the variables are those of before the cell.

use std::time::Duration;

use weft_kernel::session::{Options, Outcome};

use crate::Case;
use crate::rig::Rig;

pub(crate) const CASES: &[Case] = &[
    ("crashes_leave_the_variables", crashes),
    ("an_interrupt_ends_a_cell_and_leaves_the_variables", interrupts),
    ("a_cell_that_heeds_an_interrupt_keeps_what_it_has", heeded),
    ("a_death_between_cells_is_told", between),
    ("a_fork_that_falls_through_does_no_harm", falls_through),
    ("a_cell_that_waits_for_any_child_meets_none", waits_for_any),
    ("a_crash_names_the_threads_that_ended", threads),
    ("what_a_crashed_cell_started_ends", leftovers),
    ("a_copy_that_dies_before_it_is_one_holds_nothing_up", mortal_copies),
    ("a_cell_has_limits", limits),
];

/// Times a kind of crash is tried in a row: 20, or what `WEFT_CRASHES` says.
fn times() -> usize {
    std::env::var("WEFT_CRASHES").map_or(20, |times| times.parse().unwrap())
}

const KINDS: &[(&str, &str)] = &[
    (
        "Segfault",
        "v.push(9); let gone: Vec<i32> = v; unsafe { std::ptr::null_mut::<i32>().write_volatile(1) };",
    ),
    ("Abort", "v.push(9); std::process::abort();"),
    ("Exit", "v.push(9); std::process::exit(3);"),
    (
        "StackOverflow",
        "fn deep(n: u64) -> u64 { if n == 0 { 0 } else { 1 + deep(std::hint::black_box(n + 1)) } } v.push(9); deep(1);",
    ),
    ("panic", "v.push(9); panic!(\"no\");"),
];

fn crashes() {
    let mut rig = Rig::new();
    rig.ok("let mut v: Vec<i32> = vec![1, 2, 3]; let s: String = \"kept\".to_owned();");
    let mut expected = vec![1, 2, 3];
    for (kind, code) in KINDS {
        for time in 0..times() {
            let failure = rig.fails(&format!("println!(\"before\"); {code}"));
            assert_eq!(failure.ename, *kind, "time {time}: {failure:?}");
            let n = i32::try_from(time).unwrap();
            rig.ok(&format!("v.push({n});"));
            expected.push(n);
            assert_eq!(
                rig.value("(&v, &s)"),
                format!("({expected:?}, \"kept\")"),
                "{kind}, time {time}"
            );
        }
    }
}

fn interrupts() {
    let mut rig = Rig::new();
    rig.ok("let mut v: Vec<i32> = vec![1];");
    for _ in 0..times() {
        let ran = rig.run_watched(
            "v.push(2); println!(\"in\"); loop { std::hint::black_box(()); }",
            |session, text| {
                if text.starts_with("out:in") {
                    session.interrupt();
                }
            },
        );
        let Outcome::Interrupted(failure) = &ran.outcome else {
            panic!("{ran:?}")
        };
        assert_eq!(failure.ename, "Interrupted");
        assert_eq!(rig.value("v"), "[1]");
    }
}

fn heeded() {
    let mut rig = Rig::new();
    // The usual way of a program: a signal descriptor, or a handler that sets a flag.
    rig.ok(
        "static STOP: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        extern \"C\" fn stop(_: i32) { STOP.store(true, std::sync::atomic::Ordering::Relaxed); }
        unsafe extern \"C\" { fn signal(number: i32, handler: usize) -> usize; }",
    );
    let code = "unsafe { signal(2, stop as usize) }; let mut n: u64 = 0; println!(\"in\");
        loop { n += 1; if STOP.load(std::sync::atomic::Ordering::Relaxed) { break; } }";
    let ran = rig.run_watched(code, |session, text| {
        if text.starts_with("out:in") {
            session.interrupt();
        }
    });
    assert!(matches!(ran.outcome, Outcome::Done { .. }), "{ran:?}");
    assert_eq!(rig.value("n > 0"), "true");
}

fn between() {
    let mut rig = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("go");
    rig.ok(&format!(
        "let v: i32 = 5; std::thread::spawn(|| {{ while !std::path::Path::new({file:?}).exists() {{ std::thread::yield_now(); }} std::process::abort(); }});"
    ));
    std::fs::write(&file, "").unwrap();
    let (cell, text) = rig.later();
    assert_eq!(cell, 1);
    assert!(text.contains("aborted"), "{text}");
    assert_eq!(rig.value("v"), "5");
}

const FORK: &str = "unsafe extern \"C\" { fn fork() -> i32; fn wait(status: *mut i32) -> i32; }";

fn falls_through() {
    let mut rig = Rig::new();
    rig.ok(FORK);
    rig.ok("let mut v: Vec<i32> = vec![1];");
    for _ in 0..times() {
        let ran = rig.ok("let pid: i32 = unsafe { fork() }; if pid == 0 { print!(\"child \"); } else { unsafe { wait(std::ptr::null_mut()) }; println!(\"parent\"); }");
        assert_eq!(ran.stdout(), "child parent\n");
        rig.ok("v.push(1); v.pop();");
    }
    // A copy's panic is the copy's own.
    rig.ok("if unsafe { fork() } == 0 { panic!(\"in the copy\"); } unsafe { wait(std::ptr::null_mut()) };");
    assert_eq!(rig.value("v"), "[1]");
}

/// Of the next copies of the runner so many end before they have said a word.
const MORTAL: &str = r#"
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::SeqCst};
unsafe extern "C" {
    fn pthread_atfork(before: Option<extern "C" fn()>, parent: Option<extern "C" fn()>, child: Option<extern "C" fn()>) -> i32;
    fn mmap(at: *mut u8, length: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut AtomicI32;
    fn raise(signal: i32) -> i32;
}
static FORKS: AtomicI32 = AtomicI32::new(0);
static LEFT: AtomicPtr<AtomicI32> = AtomicPtr::new(std::ptr::null_mut());
extern "C" fn in_child() {
    // The first fork is of the one between.
    if FORKS.fetch_add(1, SeqCst) == 1 && unsafe { &*LEFT.load(SeqCst) }.fetch_sub(1, SeqCst) > 0 {
        unsafe { raise(9) };
    }
}
fn copies_end(times: i32) {
    let shared = unsafe { mmap(std::ptr::null_mut(), 4096, 3, 0x21, -1, 0) };
    unsafe { &*shared }.store(times, SeqCst);
    LEFT.store(shared, SeqCst);
    unsafe { pthread_atfork(None, None, Some(in_child)) };
}
"#;

fn mortal_copies() {
    let mut rig = Rig::new();
    rig.ok("let v: Vec<i32> = vec![1];");
    rig.ok(MORTAL);
    // A second one is made in the place of the first.
    assert_eq!(rig.ok("copies_end(1);").stderr(), "");
    rig.fails("std::process::abort();");
    assert_eq!(rig.value("v"), "[1]");
    // Where none lives, the cells go on without.
    let warned = rig.ok("copies_end(1_000);");
    assert!(warned.stderr().contains("no checkpoint could be made"), "{warned:?}");
    assert_eq!(rig.value("v"), "[1]");
    let failure = rig.fails("std::process::abort();");
    assert!(failure.evalue.contains("no checkpoint"), "{failure:?}");
    rig.ok("1 + 1");
}

fn waits_for_any() {
    let mut rig = Rig::new();
    rig.ok(FORK);
    rig.ok("let v: i32 = 1;");
    assert_eq!(rig.value("unsafe { wait(std::ptr::null_mut()) }"), "-1");
}

fn threads() {
    let mut rig = Rig::new();
    rig.ok("std::thread::Builder::new().name(\"counter\".into()).spawn(|| loop { std::thread::park() }).unwrap();");
    let failure = rig.fails("std::process::abort();");
    assert!(failure.evalue.contains("counter"), "{failure:?}");
    assert!(!rig.fails("std::process::abort();").evalue.contains("counter"));
}

fn leftovers() {
    let mut rig = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    for _ in 0..times() {
        rig.fails(&format!(
            "let child = std::process::Command::new(\"sleep\").arg(\"1000\").spawn().unwrap(); std::fs::write({file:?}, child.id().to_string()).unwrap(); std::process::abort();"
        ));
        let pid = std::fs::read_to_string(&file).unwrap();
        // A killed process takes a while to leave, the longer the busier the machine is.
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let is_gone = |state: String| state.is_empty() || state.contains(") Z");
        let gone = (0..1_000_000).any(|_| {
            is_gone(state()) || {
                std::thread::yield_now();
                false
            }
        });
        assert!(gone, "{}", state());
    }
}

fn limits() {
    let options = Options {
        cell_timeout: Some(Duration::from_millis(400)),
        memory_limit: Some(300 << 20),
        ..Options::default()
    };
    let mut rig = Rig::with(options);
    rig.ok("let v: i32 = 4;");
    assert_eq!(rig.fails("loop { std::hint::black_box(()); }").ename, "Timeout");
    let fill = "let mut all: Vec<Vec<u8>> = Vec::new(); for _ in 0..400 { all.push(vec![1; 1 << 20]); }";
    assert_eq!(rig.fails(fill).ename, "OutOfMemory");
    assert_eq!(rig.value("v"), "4");
}
