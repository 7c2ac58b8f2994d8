//! The built pages, in memory.
//!
//! A build is read whole and then stands until the next one takes its place. So a page of a half-finished build is never
//! served, and a request can only name a file that the build made: there is no path from a request to the disk.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{fs, io};

use axum::body::Bytes;

/// The files of one build, by their path from the book's root.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Site {
    files: HashMap<String, File>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) media_type: &'static str,
    /// Changes when the bytes do.
    pub(super) tag: String,
}

impl Site {
    /// Reads a folder with all below it. Symbolic links are left out.
    pub(super) fn read(folder: &Path) -> io::Result<Site> {
        let mut files = HashMap::new();
        let mut folders = BTreeMap::from([(String::new(), folder.to_owned())]);
        while let Some((prefix, folder)) = folders.pop_first() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                // Of the entry itself, not of what a link leads to.
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.insert(format!("{prefix}{name}/"), entry.path());
                } else if kind.is_file() {
                    let file = File::new(&name, fs::read(entry.path())?);
                    files.insert(format!("{prefix}{name}"), file);
                }
            }
        }
        Ok(Site { files })
    }

    /// The file at `path`, which has no slash before it; a folder's `index.html` where it ends with one.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        if path.is_empty() || path.ends_with('/') {
            self.files.get(&format!("{path}index.html"))
        } else {
            self.files.get(path)
        }
    }

    /// The page that says that there is nothing at `path`, in its language.
    pub(super) fn missing_page(&self, path: &str) -> Option<&File> {
        let edition = path.split_once('/').map(|(edition, _)| format!("{edition}/404.html"));
        edition
            .and_then(|page| self.files.get(&page))
            .or_else(|| self.files.get("404.html"))
    }
}

impl File {
    fn new(name: &str, bytes: Vec<u8>) -> File {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        File {
            media_type: media_type(name),
            tag: format!("\"{:016x}\"", hasher.finish()),
            bytes: bytes.into(),
        }
    }

    pub(super) fn is_page(&self) -> bool {
        self.media_type.starts_with("text/html")
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "ipynb" => "application/x-ipynb+json",
        "md" => "text/markdown; charset=utf-8",
        "txt" | "rs" | "toml" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("ko")).unwrap();
        write("index.html", "first page");
        write("404.html", "nothing");
        write("ko/index.html", "첫 쪽");
        write("ko/404.html", "없음");
        write("book.css", "a {}");
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("passwd")).unwrap();
        Site::read(folder.path()).unwrap()
    }

    #[track_caller]
    fn check(path: &str, expect: Option<&str>) {
        let site = site();
        let got = site.file(path).map(|file| std::str::from_utf8(&file.bytes).unwrap());
        assert_eq!(got, expect);
    }

    #[test]
    fn finds_what_the_build_made_and_nothing_else() {
        check("", Some("first page"));
        check("ko/", Some("첫 쪽"));
        check("book.css", Some("a {}"));
        check("ko", None);
        check("/index.html", None);
        check("ko/../index.html", None);
        check("../../etc/passwd", None);
        check("passwd", None);
        check("etc/passwd", None);
    }

    #[test]
    fn says_in_the_page_s_language_that_there_is_nothing() {
        let site = site();
        assert_eq!(site.missing_page("ko/x.html").unwrap().bytes, "없음".as_bytes());
        assert_eq!(site.missing_page("x.html").unwrap().bytes, "nothing".as_bytes());
    }

    #[test]
    fn names_the_media_types() {
        assert_eq!(site().file("book.css").unwrap().media_type, "text/css; charset=utf-8");
        assert!(site().file("").unwrap().is_page());
        assert_eq!(media_type("a"), "application/octet-stream");
    }
}
