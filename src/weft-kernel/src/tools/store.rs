//! What keeps variables between cells. It is evcxr's `VariableStore`, the same in the memory and in its words; what does
//! not depend on a variable's type stands in functions of its own, which are compiled once, and not in each cell.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

/// Said to evcxr on standard output, in front of the name of a variable that is lost.
pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// Said to evcxr when a cell has ended with an error of its `?`.
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";

/// Variables by their names.
#[derive(Default)]
pub struct VariableStore {
    variables: HashMap<String, Box<dyn Any>>,
}

impl VariableStore {
    /// Keeps a variable.
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    /// Whether a variable, if it is there, has this type; says it where not.
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<T>())
    }

    /// Gives a variable away.
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        match self.take(name).downcast() {
            Ok(value) => *value,
            Err(_) => changed(),
        }
    }

    /// What is made when it is first asked for.
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> Arc<T> {
        if !self.variables.contains_key(name) {
            self.put(name, Box::new(Arc::new(create())));
        }
        match self.variables.get(name).and_then(|kept| kept.downcast_ref::<Arc<T>>()) {
            Some(kept) => Arc::clone(kept),
            None => changed(),
        }
    }

    #[inline(never)]
    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.variables.insert(name.to_owned(), value);
    }

    #[inline(never)]
    fn check(&self, name: &str, wanted: TypeId) -> bool {
        let is_another = |kept: &Box<dyn Any>| kept.as_ref().type_id() != wanted;
        if self.variables.get(name).is_some_and(is_another) {
            eprintln!("The type of the variable {name} was redefined, so was lost.");
            println!("{VARIABLE_CHANGED_TYPE}{name}");
            return false;
        }
        true
    }

    #[inline(never)]
    fn take(&mut self, name: &str) -> Box<dyn Any> {
        match self.variables.remove(name) {
            Some(value) => value,
            None => panic!("Variable '{name}' has gone missing"),
        }
    }
}

#[cold]
#[inline(never)]
fn changed() -> ! {
    panic!("Variable changed type")
}

/// A store with nothing in it, for whoever evaluates cells to keep.
#[inline(never)]
pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::default())
}
