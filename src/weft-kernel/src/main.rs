//! A Jupyter kernel for Rust notebooks.

fn main() {
    evcxr::runtime_hook();
    weft_lab::worker::entry();
}
