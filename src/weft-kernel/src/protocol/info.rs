//! What the kernel says of itself.

use std::process::Command;
use std::sync::OnceLock;

use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};

/// Finds out what takes a moment, so that nobody waits for it later.
pub(super) fn prepare() {
    tokio::task::spawn_blocking(language_version);
}

/// The answer to `kernel_info_request`.
pub(super) async fn reply() -> KernelInfoReply {
    let version = tokio::task::spawn_blocking(language_version).await.unwrap_or("unknown");
    let weft = env!("CARGO_PKG_VERSION");
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.4".to_owned(),
        implementation: "weft-kernel".to_owned(),
        implementation_version: weft.to_owned(),
        language_info: LanguageInfo {
            name: "rust".to_owned(),
            version: version.to_owned(),
            mimetype: Some("text/x-rust".to_owned()),
            file_extension: Some(".rs".to_owned()),
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: None,
        },
        banner: format!("Rust {version} in Weft {weft}. `use weft_lab::prelude::*;` brings the lab book's crate in."),
        help_links: vec![
            link("The Rust Standard Library", "https://doc.rust-lang.org/std/"),
            link(
                "Commands of evcxr",
                "https://github.com/evcxr/evcxr/blob/main/COMMON.md",
            ),
        ],
        debugger: false,
        error: None,
    }
}

fn link(text: &str, url: &str) -> HelpLink {
    HelpLink {
        text: text.to_owned(),
        url: url.to_owned(),
    }
}

/// The number of the compiler that cells are compiled with.
fn language_version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new("rustc").arg("--version").output();
        let words = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let version = words.ok().and_then(|words| words.split(' ').nth(1).map(str::to_owned));
        version.unwrap_or_else(|| "unknown".to_owned())
    })
}
