//! Wrong use: exit status 2, and one or two lines that say what, why and what to do.

use super::*;

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let assert = weft_without_records(arguments).code(2);
    let said = stderr(&assert);
    assert_eq!(stdout(&assert), "");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.starts_with("weft: "), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[test]
fn an_unknown_experiment_names_the_known() {
    refused(
        &["run", "creation-costs"],
        &["\"creation-costs\"", "there are: ", "creation-cost,", "`weft list`"],
    );
    // Nothing is measured when one of several is wrong.
    refused(&["run", "creation-cost", "nope"], &["\"nope\""]);
}

#[test]
fn a_lab_in_the_page_is_not_run_here() {
    refused(&["run", "browser-manages"], &["runs in the page", "`weft serve`"]);
}

#[test]
fn a_bad_parameter_states_its_bounds() {
    refused(&["run", "creation-cost", "--set", "batch=0"], &["batch=0", "1 to 1000"]);
    refused(&["run", "creation-cost", "--set", "aa=perhaps"], &["true or false"]);
    refused(
        &["run", "creation-cost", "--set", "batches=1"],
        &["\"batches\"", "batch, sweep_mb, aa"],
    );
}

#[test]
fn bad_syntax_is_said() {
    refused(&["run", "creation-cost", "--set", "batch"], &["'batch'", "KEY=VALUE"]);
    refused(&["run", "creation-cost", "--set", "=1"], &["KEY=VALUE"]);
    refused(&["run", "creation-cost", "--seed", "-1"], &["-1"]);
    refused(
        &["run", "creation-cost", "--seed", "9007199254740992"],
        &["9007199254740992"],
    );
    refused(&["run", "creation-cost", "--quick", "--full"], &["--quick", "--full"]);
    refused(&["verdicts", "--quick", "--full"], &["--quick", "--full"]);
    refused(&["rum", "creation-cost"], &["'rum'", "'run'"]);
    refused(&["run"], &["<EXPERIMENT>"]);
    refused(&["show"], &["<RECORD>"]);
}

#[test]
fn a_place_that_can_t_be_is_refused_before_anything_is_measured() {
    refused(
        &["run", "creation-cost", "--json", "no/such/folder/a.json"],
        &["no/such/folder", "Make the folder"],
    );
    refused(&["verdicts", "--html", "no/such/folder/a.html"], &["no/such/folder"]);
    refused(&["verdicts", "--lang", "ko"], &["--html FILE"]);
    refused(&["verdicts", "--root", "no/such/book"], &["no/such/book", "book.toml"]);
    refused(
        &["run", "creation-cost", "--svg", "/dev/null/figures"],
        &["/dev/null/figures"],
    );
}

#[test]
fn a_book_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["build", "serve"] {
        let assert = weft(folder.path())
            .arg(command)
            .current_dir(folder.path())
            .assert()
            .code(2);
        assert!(stderr(&assert).contains("there is no book.toml"), "{}", stderr(&assert));
        let assert = weft(folder.path()).args([command, "--root", "/dev"]).assert().code(2);
        assert!(stderr(&assert).contains("there is no book.toml in /dev"));
    }
}

#[test]
fn nothing_at_all_shows_the_help() {
    let assert = weft_without_records(&[]).code(2);
    assert!(stderr(&assert).contains("Usage: weft <COMMAND>"));
}
