//! A Jupyter kernel for Rust notebooks.

fn main() {
    weft_kernel::entry();
}
