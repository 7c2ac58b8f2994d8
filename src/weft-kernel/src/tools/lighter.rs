//! A cell's source, made lighter before it is compiled.
//!
//! Evcxr writes into each cell the module that keeps variables, with all the code of a hash map, and for each variable
//! there is its way out of the store and back, whether the cell names it or not. Compiling that costs more than most
//! cells do, and the more the longer a notebook is. Here the module is a crate that the template's build has compiled
//! (`store`), and a variable that the cell does not name stays where it is. All else stays on its line, so that what the
//! compiler says of it fits.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Setting, Toolchain, own};

/// The source of the crate that keeps variables.
pub(crate) const STORE: &str = include_str!("store.rs");
const CRATE: &str = "weft_store";
const LIBRARY: &str = "libweft_store.rlib";
const BEGIN: &str = "mod evcxr_internal_runtime {\n";
const END: &str = "\n}\n#[unsafe(no_mangle)]\n";
/// What is kept must be what the crate keeps.
const KEPT: &str = "    variables: std::collections::HashMap<String, Box<dyn std::any::Any + 'static>>,\n";
/// Of the session's first cell.
const OF_ANALYSIS: &str = "fn evcxr_variable_store() {}";
/// Types that nothing in a cell can change.
const FIXED: [&str; 18] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "str", "static",
];

/// A source that compiles sooner.
pub(super) struct Lighter {
    pub(super) text: String,
    /// What its compiler needs to be told.
    pub(super) arguments: Vec<String>,
    /// The variables that it leaves where they are.
    left: HashSet<String>,
}

impl Lighter {
    /// Whether what the compiler says concerns what was changed, so that it is not for the reader.
    pub(super) fn is_meant(&self, said: &str) -> bool {
        said.contains(CRATE) || words(said).any(|word| self.left.contains(word))
    }
}

/// Makes it lighter; `None` where there is nothing to leave out.
pub(super) fn made(setting: &Setting, source: &str) -> Option<Lighter> {
    let library = library(&setting.template);
    let (text, left) = lightened(source)?;
    let arguments = vec!["--extern".to_owned(), format!("{CRATE}={}", library.display())];
    library.is_file().then_some(Lighter { text, arguments, left })
}

/// What evcxr has the compiler check, when rust-analyzer knows no more, is what it had analysed; there the session's
/// function of this name stands beside evcxr's (`session/hook.rs`), and gives way. `None` where it does not stand.
pub(super) fn checkable(source: &str) -> Option<String> {
    source
        .contains("fn evcxr_variable_store<T")
        .then(|| source.replacen(OF_ANALYSIS, "", 1))
        .filter(|text| text != source)
}

/// Compiles the crate that keeps variables, for all sessions of a template.
pub(crate) fn build_store(template: &Path, toolchain: &Toolchain) -> io::Result<()> {
    let source = template.join("store.rs");
    std::fs::write(&source, STORE)?;
    let output = own(&toolchain.rustc)
        .args(["--crate-name", CRATE, "--edition", "2024", "--crate-type", "rlib"])
        .args(["-C", "opt-level=1", "-C", "codegen-units=1", "-o"])
        .arg(library(template))
        .arg(source)
        .env("LD_LIBRARY_PATH", toolchain.library_path())
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

fn library(template: &Path) -> PathBuf {
    template.join(LIBRARY)
}

fn lightened(source: &str) -> Option<(String, HashSet<String>)> {
    let (before, rest) = source.split_once(BEGIN)?;
    let (module, behind) = rest.split_once(END)?;
    if !module.contains(KEPT) {
        return None;
    }
    // As many lines as before.
    let lines = "\n".repeat(module.matches('\n').count());
    let text = format!("{before}{BEGIN}pub use {CRATE}::*;{lines}{END}{behind}");
    let mut named: HashMap<&str, usize> = HashMap::new();
    for word in words(&text) {
        *named.entry(word).or_default() += 1;
    }
    let mut by_evcxr: HashMap<&str, usize> = HashMap::new();
    for way in text.lines().filter_map(Way::of) {
        *by_evcxr.entry(way.name).or_default() += way.times;
    }
    let is_left = |name: &str| by_evcxr.get(name) == named.get(name);
    let mut left = HashSet::new();
    let mut lighter = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match Way::of(line.trim_end()) {
            Some(way) if is_left(way.name) && !way.is_needed => {
                left.insert(way.name.to_owned());
            }
            _ => lighter.push_str(line.trim_end_matches('\n')),
        }
        lighter.push_str(if line.ends_with('\n') { "\n" } else { "" });
    }
    Some((lighter, left))
}

/// A line by which evcxr checks a variable, takes it out of the store, or puts it back.
struct Way<'a> {
    name: &'a str,
    /// So often the line names the variable.
    times: usize,
    /// The type of the variable may have changed, which this line finds out.
    is_needed: bool,
}

impl<'a> Way<'a> {
    fn of(line: &'a str) -> Option<Way<'a>> {
        let (way, rest) = line.split_once("evcxr_variable_store.")?;
        let (call, rest) = rest.split_once("_variable::<")?;
        let (kind, name) = rest.rsplit_once(">(stringify!(")?;
        let (name, end) = name.split_once(')')?;
        let is_simple = words(name).eq([name]);
        let (times, is_this) = match call {
            "check" => (1, way == "vars_ok &= " && end == ");"),
            "take" => {
                let declared = way.strip_prefix("let ").and_then(|way| way.strip_suffix(" = "));
                let declared = declared.map(|way| way.strip_prefix("mut ").unwrap_or(way));
                (2, declared == Some(name) && end == ");")
            }
            "put" => (
                2,
                way.is_empty() && end.strip_prefix(", ") == Some(&format!("{name});")),
            ),
            _ => return None,
        };
        let is_needed = call == "check" && !words(kind).all(|word| FIXED.contains(&word));
        (is_simple && is_this).then_some(Way { name, times, is_needed })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::store;
    use super::*;

    fn source(cell: &str) -> String {
        format!(
            "fn f(x: u64) -> u64 {{ x }}\n{BEGIN}pub struct VariableStore {{\n{KEPT}}}\n\n// The end.{END}pub extern \
             \"C\" fn run(mut evcxr_variable_store: *mut evcxr_internal_runtime::VariableStore) {{\n\
             vars_ok &= evcxr_variable_store.check_variable::<u64>(stringify!(a));\n\
             vars_ok &= evcxr_variable_store.check_variable::<Mine>(stringify!(b));\n\
             let mut a = evcxr_variable_store.take_variable::<u64>(stringify!(a));\n\
             let b = evcxr_variable_store.take_variable::<Mine>(stringify!(b));\n{cell}\n\
             evcxr_variable_store.put_variable::<u64>(stringify!(a), a);\n\
             evcxr_variable_store.put_variable::<Mine>(stringify!(b), b);\n}}"
        )
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.contains("_variable::")).collect()
    }

    #[test]
    fn what_a_cell_does_not_name_stays_where_it_is() {
        let before = source("let c = 1;");
        let (text, left) = lightened(&before).unwrap();
        assert_eq!(left, HashSet::from(["a".to_owned(), "b".to_owned()]));
        assert_eq!(
            lines(&text),
            ["vars_ok &= evcxr_variable_store.check_variable::<Mine>(stringify!(b));"]
        );
        assert!(text.contains("pub use weft_store::*;") && !text.contains("HashMap"));
        let line = |text: &str| text.lines().position(|line| line == "let c = 1;");
        assert_eq!(line(&text), line(&before));
    }

    #[test]
    fn what_a_cell_names_is_there_also_within_a_text() {
        for cell in ["a += 1;", "println!(\"{a}\");", "m!(a)"] {
            let (text, left) = lightened(&source(cell)).unwrap();
            assert_eq!(left, HashSet::from(["b".to_owned()]), "{cell}");
            assert_eq!(lines(&text).len(), 4, "{cell}");
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        assert!(lightened("fn f() {}").is_none());
        assert!(lightened(&source("").replace("HashMap", "BTreeMap")).is_none());
        let other = source("evcxr_variable_store.put_variable::<u64>(stringify!(a), f(2));");
        assert_eq!(lightened(&other).unwrap().1, HashSet::from(["b".to_owned()]));
    }

    #[test]
    fn a_message_about_what_was_left_out_is_not_for_the_reader() {
        let lighter = Lighter {
            text: String::new(),
            arguments: Vec::new(),
            left: HashSet::from(["counter".to_owned()]),
        };
        assert!(lighter.is_meant("cannot find value `counter` in this scope"));
        assert!(lighter.is_meant("can't find crate for `weft_store`"));
        assert!(!lighter.is_meant("cannot find value `counters` in this scope"));
    }

    #[test]
    fn what_the_compiler_checks_has_a_name_once() {
        assert!(crate::session::HOOK.contains(OF_ANALYSIS));
        let evcxrs = "fn evcxr_variable_store<T: 'static>(_: T) {}\n";
        let text = checkable(&format!("{OF_ANALYSIS}\n{evcxrs}"));
        assert_eq!(text, Some(format!("\n{evcxrs}")));
        assert_eq!(checkable(evcxrs), None);
        assert_eq!(checkable(OF_ANALYSIS), None);
    }

    #[test]
    fn the_store_keeps_what_it_is_given() {
        assert!(!store::create_variable_store().is_null());
        let mut kept = store::VariableStore::default();
        kept.put_variable("x", vec![1_u8]);
        assert!(kept.check_variable::<Vec<u8>>("x") && kept.check_variable::<u8>("y"));
        assert!(!kept.check_variable::<Vec<i8>>("x"));
        assert_eq!(kept.take_variable::<Vec<u8>>("x"), [1]);
        assert_eq!(*kept.lazy_arc("runtime", || 7), 7);
        assert_eq!(*kept.lazy_arc("runtime", || 8), 7);
        assert!(store::VARIABLE_CHANGED_TYPE.starts_with("EVCXR_") && store::USER_ERROR_OCCURRED.starts_with("EVCXR_"));
    }
}
