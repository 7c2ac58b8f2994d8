//! Section 4 of the notes: multi-process and multi-thread.

mod browser_tabs;
mod game_loop;
mod kind;
mod shared_job;
mod web_server;

pub(super) use browser_tabs::BrowserTabs;
pub(super) use game_loop::GameLoop;
pub(super) use shared_job::SharedJob;
pub(super) use web_server::WebServer;
