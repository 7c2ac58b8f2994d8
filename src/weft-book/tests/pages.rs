//! The built site: both editions alike, nothing from elsewhere, every link with a target.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use weft_book::build::{Build, BuildError};

#[path = "support/html.rs"]
mod html;
#[path = "support/small.rs"]
mod small;

use html::Tag;
use small::Small;

/// The static site, built once and read whole.
struct Site {
    /// Page to its tags, by the path below the site.
    pages: BTreeMap<PathBuf, Vec<Tag>>,
    /// Every file that is no page, with its text where it has one.
    files: BTreeMap<PathBuf, Option<String>>,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let dest = folder.path().join("site");
    let build = Build {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        dest: dest.clone(),
        live: false,
    };
    build.run().expect("a site");
    let mut site = Site {
        pages: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    let mut folders = vec![dest.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let place = path.strip_prefix(&dest).expect("below the site").to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                site.pages
                    .insert(place, html::tags(&fs::read_to_string(path).expect("a page")));
            } else {
                site.files.insert(place, fs::read_to_string(path).ok());
            }
        }
    }
    site
});

fn headings(tags: &[Tag]) -> Vec<(&str, Option<&str>)> {
    let level = |tag: &Tag| ["h1", "h2", "h3", "h4", "h5", "h6"].contains(&tag.name.as_str());
    tags.iter()
        .filter(|tag| level(tag) && tag.get("class") != Some("mdbook-help-title"))
        .map(|tag| (tag.name.as_str(), tag.get("id")))
        .collect()
}

#[test]
fn both_editions_have_the_same_pages_and_headings() {
    let (korean, english): (Vec<_>, Vec<_>) = SITE.pages.iter().partition(|(path, _)| path.starts_with("ko"));
    assert_eq!(english.len(), korean.len());
    assert!(english.len() > 15, "{} pages", english.len());
    for (path, tags) in english {
        let other = &SITE.pages[&Path::new("ko").join(path)];
        assert_eq!(headings(tags), headings(other), "{}", path.display());
        assert!(headings(tags).iter().all(|(_, id)| id.is_some()), "{}", path.display());
    }
}

#[test]
fn each_edition_says_its_language_and_its_title() {
    for (path, tags) in &SITE.pages {
        let language = if path.starts_with("ko") { "ko" } else { "en" };
        // mdBook's own page of contents has no language unless it is given one.
        let html = tags.iter().find(|tag| tag.name == "html").expect("a root");
        assert_eq!(html.get("lang"), Some(language), "{}", path.display());
    }
}

#[test]
fn ids_are_unique_in_a_page() {
    for (path, tags) in &SITE.pages {
        let mut seen = BTreeSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(seen.insert(id), "{}: {id} twice", path.display());
        }
    }
}

/// Does this tag make a browser load something, and what?
fn loaded(tag: &Tag) -> Vec<&str> {
    let names: &[&str] = match tag.name.as_str() {
        "link" => &["href"],
        "script" | "img" | "iframe" | "audio" | "video" | "source" | "embed" | "track" => &["src", "srcset", "poster"],
        "object" => &["data"],
        "use" | "image" => &["href", "xlink:href"],
        "form" => &["action"],
        _ => &[],
    };
    names.iter().filter_map(|name| tag.get(name)).collect()
}

fn is_elsewhere(address: &str) -> bool {
    address.trim_start().starts_with("//") || address.split_once(':').is_some_and(|(scheme, _)| scheme != "data")
}

#[test]
fn no_page_loads_anything_from_another_host() {
    for (path, tags) in &SITE.pages {
        for address in tags.iter().flat_map(loaded) {
            assert!(!is_elsewhere(address), "{} loads {address}", path.display());
        }
        let inline = tags
            .iter()
            .filter(|tag| tag.name == "script" && tag.get("src").is_none());
        let is_contents = path.ends_with("toc.html");
        assert!(
            is_contents || inline.count() == 0,
            "{} has a script inside",
            path.display()
        );
    }
    for (path, text) in &SITE.files {
        let Some(text) = text else { continue };
        if path.extension().is_some_and(|extension| extension == "css") {
            assert!(!text.contains("@import"), "{} imports", path.display());
            for (at, _) in text.match_indices("url(") {
                let address = text[at + 4..].trim_start_matches(['"', '\'', ' ']);
                let address = address.split([')', '"', '\'']).next().unwrap_or_default();
                assert!(!is_elsewhere(address), "{} loads {address}", path.display());
            }
        }
        let is_ours = path.components().any(|part| part.as_os_str() == "theme");
        if is_ours && path.extension().is_some_and(|extension| extension == "js") {
            // The name of SVG's elements is no address that anything is loaded from.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("http://") && !text.contains("https://"),
                "{}",
                path.display()
            );
        }
    }
}

/// The file that a link of a page leads to, below the site.
fn target(page: &Path, address: &str) -> PathBuf {
    let mut parts: Vec<Component<'_>> = page.parent().unwrap_or(Path::new("")).components().collect();
    for part in Path::new(address).components() {
        match part {
            Component::ParentDir => drop(parts.pop().expect("within the site")),
            Component::Normal(_) => parts.push(part),
            _ => {}
        }
    }
    parts.into_iter().collect()
}

/// The page that a browser takes a page's links from: the one named by `<base>`, or the page itself.
fn base(page: &Path, tags: &[Tag]) -> PathBuf {
    match tags
        .iter()
        .find(|tag| tag.name == "base")
        .and_then(|tag| tag.get("href"))
    {
        Some(address) => Path::new(address.trim_start_matches('/')).join("index.html"),
        None => page.to_owned(),
    }
}

#[test]
fn every_link_within_the_book_has_a_target() {
    let mut links = 0;
    for (path, tags) in &SITE.pages {
        let base = base(path, tags);
        for tag in tags {
            let link = if tag.name == "a" { tag.get("href") } else { None };
            for address in link
                .into_iter()
                .chain(loaded(tag))
                .filter(|address| !is_elsewhere(address))
            {
                if address.starts_with("data:") {
                    continue;
                }
                links += 1;
                let (file, fragment) = address.split_once('#').unwrap_or((address, ""));
                let file = if file.is_empty() {
                    path.clone()
                } else {
                    target(&base, file)
                };
                let page = SITE.pages.get(&file);
                let from = path.display();
                assert!(
                    page.is_some() || SITE.files.contains_key(&file),
                    "{from}: no file for {address}"
                );
                let has_id = page.is_some_and(|page| page.iter().any(|tag| tag.get("id") == Some(fragment)));
                assert!(fragment.is_empty() || has_id, "{from}: no target for {address}");
            }
        }
    }
    assert!(links > 1000, "{links} links");
}

#[test]
fn only_live_pages_bear_the_mark() {
    let is_mark = |tag: &Tag| tag.name == "meta" && tag.get("name") == Some("weft-live");
    assert!(!SITE.pages.values().flatten().any(is_mark));
    let book = Small::new("# One\n");
    book.build("live", true).expect("a site");
    for page in ["one.html", "ko/one.html"] {
        let text = fs::read_to_string(book.root().join("live").join(page)).expect("a page");
        assert!(html::tags(&text).iter().any(is_mark), "{page}");
    }
}

#[test]
fn a_second_build_replaces_the_first_and_nothing_else() {
    let book = Small::new("# One\n");
    let site = book.root().join("out/site");
    book.build("out/site", false).expect("a site");
    fs::write(book.root().join("out/beside"), "stays").expect("a file");
    fs::write(site.join("old.html"), "goes").expect("a file");
    book.build("out/site", false).expect("a site");
    assert!(!site.join("old.html").exists() && site.join("ko/index.html").exists());
    let entries = fs::read_dir(book.root().join("out")).expect("a folder");
    let names: BTreeSet<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, BTreeSet::from(["beside".into(), "site".into()]));
}

#[test]
fn a_folder_with_other_things_is_left_as_it_is() {
    let book = Small::new("# One\n");
    let error = book.build("book", false).expect_err("a refusal");
    assert!(matches!(error, BuildError::Occupied { .. }), "{error}");
    assert!(book.root().join("book/one.md").exists());
}
