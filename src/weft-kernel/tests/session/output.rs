//! What cells print and show, and when; what they read.

use weft_kernel::session::Outcome;

use crate::Case;
use crate::rig::Rig;

pub(crate) const CASES: &[Case] = &[
    ("output_keeps_its_order", order),
    ("output_comes_while_the_cell_runs", live),
    ("several_displays_keep_their_order", displays),
    ("a_thread_s_output_comes_after_its_cell", thread),
    ("a_child_s_output_is_the_cell_s", child),
    ("a_cell_reads_lines", reads),
    ("without_a_line_reading_ends", reads_nothing),
    ("a_megabyte_comes_whole", much),
];

fn order() {
    let mut rig = Rig::new();
    let ran = rig.ok("print!(\"a\"); println!(\"b\"); print!(\"c\");");
    assert_eq!(ran.events, ["out:ab\nc"]);
    // What has no line's end is not held for the next cell.
    assert_eq!(rig.ok("println!(\"d\");").events, ["out:d\n"]);
    assert_eq!(rig.ok("eprintln!(\"e\");").events, ["err:e\n"]);
}

/// The cell waits for a file that is made when its output has come: held-back output would hang it.
fn live() {
    let mut rig = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen");
    let code = format!(
        "print!(\"50%\\r\"); while !std::path::Path::new({file:?}).exists() {{ std::thread::yield_now(); }} println!(\"done\");"
    );
    let ran = rig.run_watched(&code, |_, text| {
        if text.contains("50%\r") {
            std::fs::write(&file, "").unwrap();
        }
    });
    assert_eq!(ran.events, ["out:50%\rdone\n"], "{ran:?}");
}

fn displays() {
    let mut rig = Rig::new();
    rig.ok(r#"fn show(mime: &str, text: &str) { println!("EVCXR_BEGIN_CONTENT {mime}\n{text}\nEVCXR_END_CONTENT"); }"#);
    let ran = rig
        .ok("show(\"text/html\", \"1\"); print!(\"x\"); show(\"text/html\", \"2\"); show(\"image/svg+xml\", \"3\"); 7");
    assert_eq!(
        ran.events,
        ["show::text/html", "out:x", "show::text/html,image/svg+xml"]
    );
    assert_eq!(ran.plain(), "7");
    let ran = rig.ok("show(\"text/html\", \"1\"); show(\"image/svg+xml\", \"3\");");
    assert_eq!(ran.events, ["show::text/html", "show::image/svg+xml"]);
    let message = r#"{"data":{"text/plain":"1"},"display_id":"p","update":true}"#;
    let code = format!(
        "show(\"application/vnd.weft.display+json\", {message:?}); show(\"application/vnd.weft.display+json\", \"{{\\\"clear\\\":true}}\");"
    );
    assert_eq!(rig.ok(&code).events, ["update:p:text/plain", "clear:true"]);
}

fn thread() {
    let mut rig = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("go");
    rig.ok(&format!(
        "std::thread::spawn(|| {{ while !std::path::Path::new({file:?}).exists() {{ std::thread::yield_now(); }} println!(\"late\"); }});"
    ));
    std::fs::write(&file, "").unwrap();
    assert_eq!(rig.later(), (1, "out:late\n".to_owned()));
    assert_eq!(rig.ok("println!(\"next\");").events, ["out:next\n"]);
}

fn child() {
    let mut rig = Rig::new();
    let ran = rig.ok("std::process::Command::new(\"echo\").arg(\"from a child\").status().unwrap();");
    assert_eq!(ran.events, ["out:from a child\n"]);
}

fn reads() {
    let mut rig = Rig::new();
    rig.lines = vec!["Ada".to_owned(), "36".to_owned()];
    let code = "let mut name = String::new(); print!(\"Name: \"); std::io::stdin().read_line(&mut name).unwrap();
        let mut age = String::new(); std::io::stdin().read_line(&mut age).unwrap(); println!(\"{name}{age}\");";
    let ran = rig.ok(code);
    assert!(ran.stdout().ends_with("Ada\n36\n\n"), "{ran:?}");
    assert_eq!(rig.prompts, ["Name: ", ""]);
    // A child reads too.
    rig.lines = vec!["to cat".to_owned()];
    let ran = rig.ok("std::process::Command::new(\"head\").arg(\"-n1\").status().unwrap();");
    assert!(ran.stdout().contains("to cat"), "{ran:?}");
}

fn reads_nothing() {
    let mut rig = Rig::new();
    let read = "let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap()";
    assert_eq!(rig.value(read), "0");
    rig.lines = vec!["ab".to_owned()];
    assert_eq!(rig.value(read), "3");
}

fn much() {
    let mut rig = Rig::new();
    let ran = rig.ok("for i in 0..100_000 { println!(\"{i:09}\"); }");
    assert!(matches!(ran.outcome, Outcome::Done { .. }));
    let text = ran.stdout();
    assert_eq!(text.len(), 1_000_000);
    assert!(text.ends_with("000099999\n"));
}
