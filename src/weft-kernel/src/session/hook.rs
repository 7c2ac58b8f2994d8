// To evcxr's analysis each variable of the notebook is an argument of a call of this name. Without arguments of its own it
// costs rust-analyzer nothing to see that none fits; evcxr's generic one costs a millisecond for each variable, in each cell.
fn evcxr_variable_store() {}
{
    // Evaluated once, as the session's first cell, so that its standard library is that of all cells.
    #[unsafe(no_mangle)]
    extern "C" fn weft_cell_hook(what: u32, whom: *const std::ffi::c_void, with: *mut std::ffi::c_void) {
        use std::io::Write as _;
        match what {
            0 => {
                let _ = std::io::stdout().flush();
            }
            1 => {
                let mut lock = std::io::stdout().lock();
                let _ = lock.flush();
                let run: extern "C" fn(*mut std::ffi::c_void) = unsafe { std::mem::transmute(whom) };
                run(with);
            }
            _ => {
                let report: extern "C" fn(*const u8, usize) = unsafe { std::mem::transmute(whom) };
                let usual = std::panic::take_hook();
                let main = std::thread::current().id();
                std::panic::set_hook(Box::new(move |panic| {
                    if std::thread::current().id() != main {
                        return usual(panic);
                    }
                    let _ = std::io::stdout().flush();
                    let payload = panic.payload();
                    let message = (payload.downcast_ref::<&str>().copied())
                        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                        .unwrap_or("(a value that is no text)");
                    let (file, line, column) = panic
                        .location()
                        .map_or(("", 0, 0), |at| (at.file(), at.line(), at.column()));
                    let frames = std::backtrace::Backtrace::force_capture();
                    let text = format!("{file}\n{line}\n{column}\n{}\n{message}\u{0}{frames}", message.len());
                    report(text.as_ptr(), text.len());
                }));
            }
        }
    }
};
