//! On a terminal: bars, tables and plots, within its width.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command as Process, Stdio};

use nix::pty::{Winsize, openpty};

use super::*;

/// What the program shows on a terminal of so many columns.
fn on_terminal(columns: u16, arguments: &[&str], environment: &[(&str, &str)], data: &Path) -> String {
    let size = Winsize {
        ws_row: 40,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).unwrap();
    let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    let mut command = Process::new(WEFT);
    command
        .args(arguments)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .env("XDG_DATA_HOME", data)
        .env("LC_ALL", "C.UTF-8")
        .envs(environment.iter().copied())
        .stdout(end(&pty.slave))
        .stderr(end(&pty.slave));
    let mut weft = command.spawn().unwrap();
    // Ours and the command's copies must go, for the terminal's end to be seen.
    drop(command);
    drop(pty.slave);
    let mut shown = Vec::new();
    // A terminal whose other end is closed gives an error after the last byte.
    let _end = std::fs::File::from(pty.master).read_to_end(&mut shown);
    assert!(weft.wait().unwrap().success(), "{}", String::from_utf8_lossy(&shown));
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

fn stored(folder: &Path) -> String {
    let path = folder.join("record.json");
    std::fs::write(&path, document().to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_record_is_drawn_within_the_width() {
    let folder = tempfile::tempdir().unwrap();
    let record = stored(folder.path());
    for columns in [72, 100] {
        let text = on_terminal(columns, &["show", &record], &[("NO_COLOR", "1")], folder.path());
        assert!(
            text.contains('●') && text.contains("┬") && text.contains("Equal would be 0.900 to 1.10"),
            "{text}"
        );
        assert!(!text.contains('\x1b'), "{text}");
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= usize::from(columns), "{widest}");
    }
}

#[test]
fn colour_is_there_and_can_be_turned_off() {
    let folder = tempfile::tempdir().unwrap();
    let record = stored(folder.path());
    let text = on_terminal(80, &["show", &record], &[], folder.path());
    assert!(text.contains("\x1b[34m"), "{text}");
    let plain = on_terminal(80, &["show", &record], &[("TERM", "dumb")], folder.path());
    assert!(!plain.contains('\x1b'), "{plain}");
}

#[test]
fn another_locale_gets_no_drawing_signs() {
    let folder = tempfile::tempdir().unwrap();
    let record = stored(folder.path());
    let text = on_terminal(
        80,
        &["show", &record],
        &[("LC_ALL", "C"), ("NO_COLOR", "1")],
        folder.path(),
    );
    assert!(!text.contains(['●', '─', '│', '░', '✔']), "{text}");
    let list = on_terminal(80, &["list"], &[("LC_ALL", "C")], folder.path());
    assert!(list.is_ascii() && list.contains("+----"), "{list}");
}

#[test]
fn tables_fit() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["list"][..], &["doctor"]] {
        let text = on_terminal(80, arguments, &[("NO_COLOR", "1")], folder.path());
        assert!(text.contains("╞═"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn a_bar_shows_how_far_a_run_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = on_terminal(100, &SHORT, &[], folder.path());
    assert!(text.contains("Creating threads and processes"), "{text}");
    assert!(text.contains('%') && text.contains('━'), "{text}");
    assert!(text.contains("Stored: "), "{text}");
}
