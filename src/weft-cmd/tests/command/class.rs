//! `weft class`.

use std::fs;
use std::path::PathBuf;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

use super::*;

/// The records of this repository, as if students had handed them in.
fn recorded(id: &str) -> String {
    let labs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../labs");
    let folders = fs::read_dir(labs)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("recorded"));
    let file: Option<PathBuf> = folders
        .map(|folder| folder.join(format!("{id}.json")))
        .find(|file| file.exists());
    fs::read_to_string(file.unwrap()).unwrap()
}

/// Five students of whom one copied from another and one handed in something else too.
fn class() -> tempfile::TempDir {
    let class = tempfile::tempdir().unwrap();
    let hand_in = |student: &str, name: &str, text: &str| {
        let records = class.path().join(student).join("03/records");
        fs::create_dir_all(&records).unwrap();
        fs::write(records.join(name), text).unwrap();
    };
    let creation = recorded("creation-cost");
    for (place, student) in ["kim", "lee", "park", "choi"].into_iter().enumerate() {
        let mut record: Value = serde_json::from_str(&creation).unwrap();
        record["seed"] = place.into();
        hand_in(student, "creation.json", &record.to_string());
    }
    hand_in(
        "jung",
        "creation.json",
        &fs::read_to_string(class.path().join("kim/03/records/creation.json")).unwrap(),
    );
    hand_in("jung", "memory.json", &recorded("memory-cost"));
    hand_in("jung", "notes.json", "{\"a\": 1}");
    hand_in("park", "broken.json", "{\"schema\": 1,");
    class
}

#[test]
fn a_class_is_laid_side_by_side() {
    let class = class();
    let out = tempfile::tempdir().unwrap();
    let file = |name: &str| out.path().join(name);
    let assert = weft(out.path())
        .current_dir(out.path())
        .arg("class")
        .arg(class.path())
        .args(["--names", "--csv", "class.csv", "--parquet", "class.parquet"])
        .assert()
        .success();
    let text = stdout(&assert);
    assert!(text.contains("creation-cost\t5\t0\t0\t0\t"), "{text}");
    assert!(text.contains("memory-cost\t1\t0\t0\t0\t"), "{text}");
    assert!(
        text.contains("6 records of 5 students; 2 files could not be judged; 1 sets"),
        "{text}"
    );

    let page = fs::read_to_string(file("class.html")).unwrap();
    assert!(page.contains("jung/03/records/creation.json"), "{page}");
    assert!(
        page.contains("the same to the byte as kim/03/records/creation.json"),
        "{page}"
    );
    assert!(page.contains("park/03/records/broken.json"));
    assert!(!page.contains("<script"));

    let csv = fs::read_to_string(file("class.csv")).unwrap();
    assert!(csv.starts_with("student,file,experiment,"), "{csv}");
    let verdicts = csv.lines().count() - 1;
    let parquet = SerializedFileReader::new(fs::File::open(file("class.parquet")).unwrap()).unwrap();
    assert_eq!(
        usize::try_from(parquet.metadata().file_metadata().num_rows()).unwrap(),
        verdicts
    );
    let row = parquet.get_row_iter(None).unwrap().next().unwrap().unwrap();
    assert_eq!(row.get_string(0).unwrap(), "choi");
    assert!(row.get_double(10).unwrap() > 1.0, "{row}");
    assert!(
        csv.lines()
            .nth(1)
            .unwrap()
            .contains(&row.get_double(10).unwrap().to_string())
    );
}

#[test]
fn the_report_speaks_korean() {
    let class = class();
    let out = tempfile::tempdir().unwrap();
    weft(out.path())
        .current_dir(out.path())
        .arg("class")
        .arg(class.path())
        .args(["--lang", "ko", "--root", concat!(env!("CARGO_MANIFEST_DIR"), "/../..")])
        .assert()
        .success();
    let page = fs::read_to_string(out.path().join("class.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"ko\">"), "{page}");
    assert!(
        page.contains("<h2>주장별 결과</h2>") && page.contains("컴퓨터 5대"),
        "{page}"
    );
    // What is left in English is names, files and what the system says of itself.
    for english in [
        "Claim",
        "Supported",
        "With doubts",
        "Every machine",
        "judged",
        "same to the byte",
        "JSON;",
    ] {
        assert!(!page.contains(english), "{english}: {page}");
    }
    let nowhere = weft(out.path())
        .current_dir(out.path())
        .arg("class")
        .arg(class.path())
        .args(["--lang", "ko"])
        .assert()
        .code(2);
    assert!(stderr(&nowhere).contains("--root"), "{}", stderr(&nowhere));
}

#[test]
fn names_are_hashed_unless_asked_for() {
    let class = class();
    let out = tempfile::tempdir().unwrap();
    let assert = weft(out.path())
        .arg("class")
        .arg(class.path())
        .args(["--salt", "a secret", "--out"])
        .arg(out.path().join("report.html"))
        .arg("--csv")
        .arg(out.path().join("report.csv"))
        .assert()
        .success();
    assert!(stdout(&assert).contains("5 students"));
    for name in ["report.html", "report.csv"] {
        let text = fs::read_to_string(out.path().join(name)).unwrap();
        for student in ["kim", "lee", "park", "choi", "jung"] {
            assert!(
                !text.contains(&format!("{student}/")) && !text.contains(&format!(">{student}<")),
                "{student}"
            );
        }
    }
}

#[test]
fn a_folder_without_records_is_a_wrong_use() {
    let out = tempfile::tempdir().unwrap();
    let none = weft(out.path())
        .current_dir(out.path())
        .arg("class")
        .arg(out.path())
        .assert()
        .code(2);
    assert!(
        stderr(&none).contains("no record that this weft can judge"),
        "{}",
        stderr(&none)
    );
    let absent = weft(out.path())
        .current_dir(out.path())
        .args(["class", "absent"])
        .assert()
        .code(2);
    assert!(
        stderr(&absent).contains("cannot read the folder absent"),
        "{}",
        stderr(&absent)
    );
    assert_eq!(names(out.path()), Vec::<String>::new(), "nothing is written");
}
