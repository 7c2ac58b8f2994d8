//! The book: the preprocessor that puts notes, claims and lab cards into the chapters, the build of both editions, and
//! the live server.
//!
//! ```no_run
//! weft_book::build::Build {
//!     root: ".".into(),
//!     dest: "build/book".into(),
//!     live: false,
//! }
//! .run()?;
//! # Ok::<(), weft_book::build::BuildError>(())
//! ```

pub mod board;
pub mod build;
pub mod catalogue;
pub mod preprocessor;
pub mod serve;

mod calibration;
mod card;
mod claims;
mod directive;
mod edition;
mod minutes;
mod notes;
mod page_lab;
mod recorded;
