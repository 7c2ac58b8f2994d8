//! The book: its pages, and the server that runs experiments from them.

pub mod build;
pub mod catalogue;
pub mod serve;
