//! A Jupyter kernel for Rust notebooks: at once, live, and crash-proof.
//!
//! `HOW_IT_WORKS.md`, beside this crate's manifest, draws its processes.

pub mod session;
pub mod supervisor;
pub mod sys;
pub mod template;
mod tools;

/// Turns this process into what it was started as, if that is not the kernel itself: a worker that measures, a
/// supervisor of cells, a stand-in for cargo, evcxr's wrapper of rustc. It then never returns. First thing in `main`.
pub fn entry() {
    tools::entry();
    weft_lab::worker::entry();
    supervisor::entry();
    template::entry();
    evcxr::runtime_hook();
    session::place::choose();
}
