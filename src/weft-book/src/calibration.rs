//! What the A/A runs said: how often each experiment finds a difference where there is none.

use std::fmt::Write as _;

use serde::Deserialize;
use weft_lab::claim::Section;
use weft_lab::html::escape;
use weft_lab::text;
use weft_lab::text::Text;

use crate::edition::Edition;
use crate::recorded::{self, RecordedError};

/// The file that `cargo xtask calibrate` writes.
#[derive(Debug, Deserialize)]
struct Calibration {
    machine: String,
    experiments: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    experiment: String,
    source: Source,
    runs: u64,
    different: u64,
}

/// Where the readings came from.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Real,
    Replayed,
    Injected,
}

/// Why the A/A runs can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// The file is there and can't be read.
    #[error(transparent)]
    Unreadable(#[from] RecordedError),
    /// The file is not what `cargo xtask calibrate` writes.
    #[error("calibration.json is not what `cargo xtask calibrate` writes; run it again")]
    Form(#[source] serde_json::Error),
}

/// The A/A runs as a table; a sentence where none are recorded.
pub(crate) fn table(edition: &Edition) -> Result<String, CalibrationError> {
    let path = recorded::folder(&edition.root, Section::ProcessVsThread).join("calibration.json");
    let Some(json) = recorded::read(&path)? else {
        let none = edition.say(&text!("No A/A runs are recorded in this copy of the book."));
        return Ok(format!("<p class=\"weft-calibration\">{}</p>", escape(&none)));
    };
    let calibration = serde_json::from_str(&json).map_err(CalibrationError::Form)?;
    Ok(draw(&calibration, edition))
}

fn draw(calibration: &Calibration, edition: &Edition) -> String {
    let say = |text: &Text| escape(&edition.say(text));
    let columns = [
        text!("Experiment"),
        text!("Readings"),
        text!("Runs"),
        text!("Said “different”"),
    ];
    let head: String = columns
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", say(name)))
        .collect();
    let mut rows = String::new();
    for row in &calibration.experiments {
        let source = match row.source {
            Source::Real => text!("real"),
            Source::Replayed => text!("replayed"),
            Source::Injected => text!("replayed in full, with 10% put in"),
        };
        let _infallible = write!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&row.experiment),
            say(&source),
            row.runs,
            row.different
        );
    }
    let machine = say(&text!("Recorded on: {machine}", machine = &calibration.machine));
    format!(
        "<div class=\"weft-calibration\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\
         <p class=\"weft-machine\">{machine}</p></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use std::path::Path;

    fn edition(root: &Path) -> Edition {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Edition::new(root, "en", &Catalogue::load(&repository).expect("the catalogue"))
    }

    #[test]
    fn a_row_an_experiment() {
        let folder = tempfile::tempdir().unwrap();
        let recorded = recorded::folder(folder.path(), Section::ProcessVsThread);
        std::fs::create_dir_all(&recorded).unwrap();
        let file = recorded.join("calibration.json");
        let json = r#"{"machine": "A <b> CPU", "runs": 100, "experiments": [
            {"experiment": "switch-cost", "source": "real", "runs": 100, "different": 2}]}"#;
        std::fs::write(&file, json).unwrap();
        let html = table(&edition(folder.path())).unwrap();
        assert!(
            html.contains("<code>switch-cost</code></th><td>real</td><td>100</td><td>2</td>"),
            "{html}"
        );
        assert!(html.contains("A &lt;b&gt; CPU"));
        std::fs::write(&file, "{}").unwrap();
        assert!(matches!(table(&edition(folder.path())), Err(CalibrationError::Form(_))));
    }

    #[test]
    fn without_runs_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            table(&edition(folder.path()))
                .unwrap()
                .contains("No A/A runs are recorded")
        );
    }
}
