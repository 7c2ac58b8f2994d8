//! Loading compiled cells, and running them.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::NonNull;

/// Why a cell's library could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The loader says why.
    #[error("cannot load the compiled cell: {0}")]
    Library(String),
    /// The function is not in it.
    #[error("the compiled cell has no function {0}")]
    Function(String),
}

/// What a compiled cell is: it takes the variables and gives them back.
type CellFn = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// What the hook does for a report: text, its length.
type Report = extern "C" fn(*const u8, usize);

/// The cells loaded so far, and the variables that they hand on.
#[derive(Debug)]
pub struct Cells {
    variables: *mut c_void,
    hook: Option<Hook>,
}

impl Cells {
    /// No cell yet, and no variable.
    #[must_use]
    pub fn new() -> Cells {
        Cells {
            variables: std::ptr::null_mut(),
            hook: None,
        }
    }

    /// The hook, once a cell has brought it.
    #[must_use]
    pub fn hook(&self) -> Option<Hook> {
        self.hook
    }

    /// Loads a library, runs its function on the variables, and keeps what it gives back. The library stays loaded: a
    /// thread, a static's destructor or a variable's code may live in it.
    ///
    /// # Errors
    ///
    /// A library or a function that is not there.
    pub fn run(&mut self, library: &str, function: &str) -> Result<(), LoadError> {
        let handle = open(library)?;
        let found = symbol(handle, function).ok_or_else(|| LoadError::Function(function.to_owned()))?;
        if self.hook.is_none() {
            self.hook = symbol(handle, "weft_cell_hook").map(|at| Hook { at });
        }
        // SAFETY: evcxr compiled the library and gave it this function, whose type it also calls it by.
        let cell: CellFn = unsafe { std::mem::transmute::<NonNull<c_void>, CellFn>(found) };
        self.variables = cell(self.variables);
        Ok(())
    }
}

impl Default for Cells {
    fn default() -> Self {
        Cells::new()
    }
}

fn open(library: &str) -> Result<NonNull<c_void>, LoadError> {
    let path = CString::new(library).map_err(|error| LoadError::Library(error.to_string()))?;
    // SAFETY: the path is a C string; what the library runs when it is loaded is the reader's own code.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    NonNull::new(handle).ok_or_else(|| LoadError::Library(last_error()))
}

fn last_error() -> String {
    // SAFETY: takes nothing, and gives a C string that lives until the next call of the loader, or null.
    let message: *const c_char = unsafe { libc::dlerror() };
    if message.is_null() {
        return "no reason given".to_owned();
    }
    // SAFETY: not null, see above, and copied before the loader is called again.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}

fn symbol(library: NonNull<c_void>, name: &str) -> Option<NonNull<c_void>> {
    let name = CString::new(name).ok()?;
    // SAFETY: the handle comes from `open` and is never closed; the name is a C string.
    NonNull::new(unsafe { libc::dlsym(library.as_ptr(), name.as_ptr()) })
}

/// A function inside the cells' world, through which their standard library is reached: ours is another one.
///
/// Its source is `session/hook.rs`.
#[derive(Debug, Clone, Copy)]
pub struct Hook {
    at: NonNull<c_void>,
}

// SAFETY: the function may be called from any thread, and its library stays loaded.
unsafe impl Send for Hook {}

/// The hook's own type: what to do, whom to call, with what.
type HookFn = extern "C" fn(u32, *const c_void, *mut c_void);

impl Hook {
    fn call(self, what: u32, whom: *const c_void, with: *mut c_void) {
        // SAFETY: the session compiled the hook with this type.
        let hook: HookFn = unsafe { std::mem::transmute::<NonNull<c_void>, HookFn>(self.at) };
        hook(what, whom, with);
    }

    /// Writes out what `print!` holds back.
    pub fn flush(self) {
        self.call(0, std::ptr::null(), std::ptr::null_mut());
    }

    /// Writes out what `print!` holds back, and runs `work` while no other thread can print.
    pub fn quietly(self, work: impl FnOnce()) {
        /// Takes the closure out of its place and runs it.
        extern "C" fn run<F: FnOnce()>(place: *mut c_void) {
            // SAFETY: `place` is the `Option` below, which outlives the call and is used by nobody else meanwhile.
            let work = unsafe { &mut *place.cast::<Option<F>>() };
            if let Some(work) = work.take() {
                work();
            }
        }
        fn runner_of<F: FnOnce()>(_: &F) -> extern "C" fn(*mut c_void) {
            run::<F>
        }
        let run = runner_of(&work);
        let mut work = Some(work);
        self.call(1, run as *const c_void, (&raw mut work).cast());
    }

    /// Has panics of the main thread reported, as JSON, instead of printed.
    pub fn report_panics(self, report: Report) {
        self.call(2, report as *const c_void, std::ptr::null_mut());
    }
}

/// The text of a report.
///
/// For use in a [`Report`] alone: the hook gives valid text for as long as the report runs.
pub(crate) fn text_of(start: *const u8, length: usize) -> String {
    // SAFETY: see above.
    let bytes = unsafe { std::slice::from_raw_parts(start, length) };
    String::from_utf8_lossy(bytes).into_owned()
}
