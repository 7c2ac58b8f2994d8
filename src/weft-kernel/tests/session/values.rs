//! Values, errors of compiling, `?`, statics, completion.

use weft_kernel::session::Outcome;

use crate::Case;
use crate::rig::Rig;

pub(crate) const CASES: &[Case] = &[
    ("values_are_shown_and_kept", values),
    ("an_error_has_code_and_carets", compile_error),
    ("a_panic_names_the_reader_s_line", panic),
    ("a_question_mark_s_error_is_the_cell_s", question_mark),
    ("a_clear_starts_anew_and_stays_live", clear),
    ("names_are_completed", completes),
    ("async_cells_go_on_after_a_crash", asynchronous),
];

fn values() {
    let mut rig = Rig::new();
    assert_eq!(rig.value("1 + 1"), "2");
    rig.ok("let mut v: Vec<i32> = vec![1, 2];");
    assert!(rig.ok("v.push(3);").value().is_none());
    assert_eq!(rig.value("v"), "[1, 2, 3]");
    assert_eq!(rig.value("fn twice(x: i32) -> i32 { 2 * x }\ntwice(21)"), "42");
    assert_eq!(rig.value("println!(\"a\"); \"b\""), "\"b\"");
}

fn compile_error() {
    let mut rig = Rig::new();
    let failure = rig.fails("let x: i32 = 1;\nlet y: i32 = \"a\";");
    assert_eq!(failure.ename, "E0308");
    assert_eq!(failure.evalue, "mismatched types");
    let text = failure.traceback.join("\n");
    assert!(
        text.contains("2 | let y: i32 = \"a\";") && text.contains("^^^"),
        "{text}"
    );
    let closure = rig.fails("let c = |x: i32| x;");
    assert!(closure.evalue.contains("closure"), "{closure:?}");
    assert_eq!(rig.fails("let z = ;").ename, "CompileError");
    assert_eq!(rig.value("2"), "2");
}

fn panic() {
    let mut rig = Rig::new();
    rig.ok("let mut v: Vec<i32> = vec![1];");
    let failure = rig.fails("v.push(2);\nfn inner(n: i32) { assert_eq!(n, 3, \"not three\"); }\ninner(2);");
    assert_eq!(failure.ename, "panic");
    assert!(failure.evalue.contains("not three"), "{failure:?}");
    let text = failure.traceback.join("\n");
    assert!(text.contains("line 2, column") && text.contains("in inner"), "{text}");
    assert_eq!(rig.value("v"), "[1]");
    // A panic that the cell catches is none of the session's.
    let ran = rig.ok("let caught: bool = std::panic::catch_unwind(|| panic!(\"mine\")).is_err();");
    assert!(ran.events.join("").contains("mine"), "{ran:?}");
    assert_eq!(rig.value("caught"), "true");
}

fn question_mark() {
    let mut rig = Rig::new();
    rig.ok("let kept: String = \"a\".to_owned();");
    let failure = rig.fails("let n: i32 = \"x\".parse::<i32>()?;");
    assert!(failure.evalue.contains("invalid digit"), "{failure:?}");
    let failure = rig.fails("let moved: String = kept; let n: i32 = \"y\".parse::<i32>()?;");
    assert!(failure.evalue.contains("invalid digit"), "{failure:?}");
    assert_eq!(rig.value("kept"), "\"a\"");
}

fn clear() {
    let mut rig = Rig::new();
    rig.ok("let v: i32 = 1;");
    rig.ok(":clear");
    assert_eq!(rig.fails("v").ename, "E0425");
    rig.ok("let w: i32 = 2;");
    assert_eq!(rig.fails("panic!(\"again\");").evalue, "again");
    assert_eq!(rig.value("w"), "2");
    // Each starts another supervisor, whose first cell is told of its panic as any other.
    for _ in 0..20 {
        rig.ok(":clear");
        assert_eq!(rig.fails("panic!(\"again\");").evalue, "again");
    }
    drop(rig);
    assert!(
        (0..100_000).any(|_| {
            std::thread::yield_now();
            of_the_session().is_empty()
        }),
        "{:?}",
        of_the_session()
    );
}

/// All processes but this one that work in this one's session.
fn of_the_session() -> Vec<String> {
    let folder = std::env::var("EVCXR_TMPDIR").unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| entry.file_name() != std::process::id().to_string().as_str())
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&folder)
        })
        .map(|entry| std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default())
        .filter(|stat| !stat.is_empty() && !stat.contains(") Z"))
        .collect()
}

fn completes() {
    let mut rig = Rig::new();
    rig.ok("let vector: Vec<i32> = vec![1];");
    let found = rig.complete("vec");
    assert!(found.iter().any(|text| text == "vector"), "{found:?}");
}

fn asynchronous() {
    let mut rig = Rig::new();
    let sleep = "tokio::time::sleep(std::time::Duration::from_millis(1)).await; println!(\"slept\");";
    let ran = rig.run(&format!(
        ":dep tokio = {{ version = \"1\", features = [\"full\"] }}\n{sleep}"
    ));
    assert!(matches!(ran.outcome, Outcome::Done { .. }), "{ran:?}");
    rig.fails("std::process::abort();");
    assert_eq!(rig.ok(sleep).stdout(), "slept\n");
}
