use std::path::Path;

use serde_json::Value;

use super::source::{Kind, cells, with_solution, without_solution};
use super::{Cell, exercise, notebook, translation};

const LAB: &str = "\
# Lab 9: A lab

## Question

What is it?

```rust
let illustration = 1;
```

```rust run
let prediction = 1;
```

## Explain it

In your own words.

```markdown manual explain 3
The model answer of this lab.
```
";

const EXERCISE: &str = "\
## Exercise: to double

```rust answer double
pub fn double(number: u64) -> u64 {
    // BEGIN SOLUTION
    number.checked_mul(2).unwrap_or(u64::MAX)
    // END SOLUTION
}
```

Try it:

```rust test double_doubles 2
assert_eq!(double(2), 4);
// BEGIN HIDDEN TESTS
assert_eq!(double(1 << 40), 1 << 41);
// END HIDDEN TESTS
```
";

fn lab() -> Vec<Cell> {
    cells(&[("lab.md", LAB), ("exercise.md", EXERCISE)]).unwrap()
}

#[track_caller]
fn wrong(text: &str, expected: &str) {
    let error = cells(&[("lab.md", text)]).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_source_becomes_cells_with_stable_ids() {
    let cells = lab();
    let ids: Vec<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "lab-9-a-lab",
            "question",
            "question-2",
            "explain-it",
            "explain",
            "exercise-to-double",
            "double",
            "exercise-to-double-2",
            "double_doubles"
        ]
    );
    assert!(
        cells[1].text.contains("let illustration = 1;"),
        "an illustration stays in its text"
    );
    assert_eq!(
        (cells[2].kind, cells[2].text.as_str()),
        (Kind::Run, "let prediction = 1;")
    );
    assert_eq!(cells[4].kind, Kind::Manual { points: 3 });
    assert_eq!(cells[8].kind, Kind::Test { points: 2 });
}

#[test]
fn a_new_paragraph_leaves_the_other_sections_ids() {
    let longer = LAB.replace("What is it?", "What is it?\n\n```rust run\n1\n```");
    let cells = cells(&[("lab.md", &longer)]).unwrap();
    let ids: Vec<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(ids[ids.len() - 2..], ["explain-it", "explain"]);
}

#[test]
fn an_error_names_the_file_the_line_and_what_is_allowed() {
    wrong(
        "# T\n\n```rust rum\n1\n```\n",
        "lab.md:3: `rust rum` is no kind of cell; allowed are `rust run`",
    );
    wrong("```rust answer\n1\n```\n", "lab.md:1: `rust answer` is no kind of cell");
    wrong(
        "```markdown manual why\nx\n```\n",
        "lab.md:1: `markdown manual why` is no kind of cell",
    );
    wrong(
        "```rust test t zero\n1\n```\n",
        "lab.md:1: \"zero\" is no number of points; allowed are whole numbers",
    );
    wrong(
        "```rust test T-1 1\n1\n```\n",
        "lab.md:1: \"T-1\" is no id; allowed are small letters",
    );
    wrong("```rust run\n1\n", "lab.md:1: the block `rust run` is not closed");
    let twice = "```rust test t 1\n1\n```\n\n```rust test t 1\n1\n```\n";
    wrong(twice, "lab.md:5: the id t is taken by a cell above");
}

#[test]
fn marks_stand_in_pairs_and_where_they_mean_something() {
    wrong(
        "```rust answer a\n1\n```\n",
        "lab.md:1: the answer a has no `// BEGIN SOLUTION`",
    );
    wrong(
        "\n```rust answer a\n// BEGIN SOLUTION\n1\n```\n",
        "lab.md:3: `// END SOLUTION` is missing below this line",
    );
    wrong(
        "```rust answer a\n// END SOLUTION\n```\n",
        "lab.md:2: `// END SOLUTION` has no `// BEGIN SOLUTION` above",
    );
    wrong(
        "```rust answer a\n// BEGIN SOLUTION\n// BEGIN SOLUTION\n```\n",
        "lab.md:3: `// BEGIN SOLUTION` stands before `// END SOLUTION`",
    );
    wrong(
        "```rust run\n// BEGIN SOLUTION\n```\n",
        "lab.md:2: `// BEGIN SOLUTION` stands in a cell that is no answer",
    );
    wrong(
        "```rust answer a\n// BEGIN HIDDEN TESTS\n```\n",
        "lab.md:2: `// BEGIN HIDDEN TESTS` stands in a cell that is no test",
    );
    wrong(
        "```rust test t 1\n::f();\n```\n",
        "lab.md:2: the kernel takes a line that begins with `:` for an order",
    );
}

#[test]
fn a_student_gets_stubs_and_no_hidden_test() {
    let texts: Vec<String> = lab().iter().map(without_solution).collect();
    assert_eq!(
        texts[6],
        "pub fn double(number: u64) -> u64 {\n    // YOUR CODE HERE\n    todo!()\n}"
    );
    assert_eq!(texts[8], "assert_eq!(double(2), 4);");
    assert_eq!(texts[4], "YOUR ANSWER HERE (여기에 답을 쓰세요)");
    let solved = with_solution(&lab()[8]);
    assert_eq!(
        solved,
        "assert_eq!(double(2), 4);\nassert_eq!(double(1 << 40), 1 << 41);"
    );
}

#[test]
fn a_notebook_says_what_is_graded() {
    let notebook: Value = serde_json::from_str(&notebook::text(&lab())).unwrap();
    assert_eq!(notebook["metadata"]["kernelspec"]["name"], "weft");
    let cell = |id: &str| {
        let cells = notebook["cells"].as_array().unwrap();
        cells.iter().find(|cell| cell["id"] == id).unwrap().clone()
    };
    let grading = |id: &str| cell(id)["metadata"]["nbgrader"].clone();
    assert_eq!(grading("question-2"), Value::Null);
    assert_eq!(
        (&grading("double")["solution"], &grading("double")["grade"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (
            &grading("double_doubles")["locked"],
            &grading("double_doubles")["points"]
        ),
        (&true.into(), &2.into())
    );
    assert_eq!(cell("explain")["cell_type"], "markdown");
    assert_eq!(cell("double")["source"][0], "pub fn double(number: u64) -> u64 {\n");
    assert_eq!(cell("double")["outputs"], serde_json::json!([]));
}

#[test]
fn code_that_is_meant_to_fail_is_tagged() {
    let cells = cells(&[("lab.md", "```rust fails\npanic!()\n```\n")]).unwrap();
    let notebook: Value = serde_json::from_str(&notebook::text(&cells)).unwrap();
    assert_eq!(notebook["cells"][0]["metadata"]["tags"][0], "raises-exception");
}

#[test]
fn an_exercise_is_a_crate_without_the_answers() {
    let files = exercise::files("09-a-lab", "Lab 9: A lab", &lab()[5..]).unwrap();
    let text = |path: &str| {
        files
            .iter()
            .find(|(file, _)| file == Path::new(path))
            .unwrap()
            .1
            .clone()
    };
    assert!(text("Cargo.toml").contains("name = \"exercise-09-a-lab\""));
    assert!(text("src/lib.rs").contains("// Try it:\n") && text("src/lib.rs").contains("    todo!()\n"));
    let expected = "#[test]\nfn double_doubles() {\n    assert_eq!(double(2), 4);\n}\n";
    assert!(text("tests/check.rs").ends_with(expected), "{}", text("tests/check.rs"));
    assert!(
        files
            .iter()
            .all(|(_, text)| !text.contains("checked_mul") && !text.contains("1 << 40"))
    );
}

#[test]
fn a_lab_is_translated_paragraph_by_paragraph() {
    let mut catalogue = polib::catalog::Catalog::new(polib::metadata::CatalogMetadata::new());
    let message = |from: &str, to: &str| {
        let mut message = polib::message::Message::build_singular();
        message.with_msgid(from.to_owned()).with_msgstr(to.to_owned());
        message.done()
    };
    for (from, to) in [("Question", "질문"), ("What is it?", "무엇일까요?")] {
        catalogue.append_or_update(message(from, to));
    }
    let cells = translation::translate(&lab(), &catalogue).unwrap();
    assert!(
        cells[1].text.starts_with("## 질문\n\n무엇일까요?\n"),
        "{}",
        cells[1].text
    );
    assert_eq!((cells[1].id.as_str(), &cells[2]), ("question", &lab()[2]));
    let missing = translation::missing(&lab(), &catalogue).unwrap();
    assert_eq!(missing[..2], ["Lab 9: A lab", "Explain it"]);
    let entry = translation::entry("lab.md", "He said \"no\"");
    assert_eq!(entry, "\n#: lab.md\nmsgid \"He said \\\"no\\\"\"\nmsgstr \"\"\n");
}
