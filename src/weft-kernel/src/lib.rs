//! A Jupyter kernel for Rust notebooks: at once, live, and crash-proof.
//!
//! `HOW_IT_WORKS.md`, beside this crate's manifest, draws its processes.

pub mod session;
