//! Lab 6: the bounded buffer.

use std::collections::VecDeque;

use weft_lab::check::sync::{Condvar, Mutex, MutexGuard, mpsc};
use weft_lab::check::{Buffer, judge};

use crate::{is_caught, passes};

/// A buffer of a queue and two conditions, from its two functions.
macro_rules! queue {
    ($name:ident, |$this:ident, $item:ident| $put:block, $take:block) => {
        struct $name {
            capacity: usize,
            items: Mutex<VecDeque<u64>>,
            room: Condvar,
            some: Condvar,
        }
        impl Buffer for $name {
            fn new(capacity: usize) -> Self {
                $name {
                    capacity,
                    items: Mutex::new(VecDeque::new()),
                    room: Condvar::new(),
                    some: Condvar::new(),
                }
            }
            fn put(&self, $item: u64) {
                let $this = self;
                $put
            }
            fn take(&self) -> u64 {
                let $this = self;
                $take
            }
        }
    };
}

type Items<'a> = MutexGuard<'a, VecDeque<u64>>;

fn when(
    items: &Mutex<VecDeque<u64>>,
    condition: &Condvar,
    is_bad: impl Fn(usize) -> bool,
    then: impl FnOnce(&mut Items),
) {
    let mut items = items.lock().unwrap();
    while is_bad(items.len()) {
        items = condition.wait(items).unwrap();
    }
    then(&mut items);
}

queue!(
    TwoConditions,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| items.push_back(item),
        );
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.some,
            |len| len == 0,
            |items| taken = items.pop_front().unwrap(),
        );
        this.room.notify_one();
        taken
    }
);
queue!(
    OneForAll,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| {
                items.push_back(item);
                this.room.notify_all();
            },
        );
        let _ = &this.some;
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.room,
            |len| len == 0,
            |items| {
                taken = items.pop_front().unwrap();
                this.room.notify_all();
            },
        );
        taken
    }
);

/// The library's own.
struct Channel(mpsc::SyncSender<u64>, Mutex<mpsc::Receiver<u64>>);

impl Buffer for Channel {
    fn new(capacity: usize) -> Self {
        let (send, receive) = mpsc::sync_channel(capacity);
        Channel(send, Mutex::new(receive))
    }
    fn put(&self, item: u64) {
        self.0.send(item).unwrap();
    }
    fn take(&self) -> u64 {
        self.1.lock().unwrap().recv().unwrap()
    }
}

#[test]
fn right_answers_pass() {
    passes(judge::buffer::<TwoConditions>);
    passes(judge::buffer::<OneForAll>);
    passes(judge::buffer::<Channel>);
}

queue!(
    LastInFirstOut,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| items.push_back(item),
        );
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.some,
            |len| len == 0,
            |items| taken = items.pop_back().unwrap(),
        );
        this.room.notify_one();
        taken
    }
);
queue!(
    WithoutBound,
    |this, item| {
        let _ = (&this.room, this.capacity);
        this.items.lock().unwrap().push_back(item);
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.some,
            |len| len == 0,
            |items| taken = items.pop_front().unwrap(),
        );
        taken
    }
);
queue!(
    OneForOne,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| items.push_back(item),
        );
        this.room.notify_one();
        let _ = &this.some;
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.room,
            |len| len == 0,
            |items| taken = items.pop_front().unwrap(),
        );
        this.room.notify_one();
        taken
    }
);
queue!(
    IfNotWhile,
    |this, item| {
        let mut items = this.items.lock().unwrap();
        if items.len() == this.capacity {
            items = this.room.wait(items).unwrap();
        }
        items.push_back(item);
        this.some.notify_one();
    },
    {
        let mut items = this.items.lock().unwrap();
        if items.is_empty() {
            items = this.some.wait(items).unwrap();
        }
        this.room.notify_one();
        items.pop_front().unwrap_or_default()
    }
);
queue!(
    LooksFirst,
    |this, item| {
        when(&this.items, &this.room, |len| len == this.capacity, |_| {});
        this.items.lock().unwrap().push_back(item);
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.some,
            |len| len == 0,
            |items| taken = items.pop_front().unwrap(),
        );
        this.room.notify_one();
        taken
    }
);
queue!(
    ForgetsToWake,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| items.push_back(item),
        );
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(
            &this.items,
            &this.some,
            |len| len == 0,
            |items| taken = items.pop_front().unwrap(),
        );
        taken
    }
);
queue!(
    Peeks,
    |this, item| {
        when(
            &this.items,
            &this.room,
            |len| len == this.capacity,
            |items| items.push_back(item),
        );
        this.some.notify_one();
    },
    {
        let mut taken = 0;
        when(&this.items, &this.some, |len| len == 0, |items| taken = items[0]);
        this.items.lock().unwrap().pop_front();
        this.room.notify_one();
        taken
    }
);

#[test]
fn first_in_first_out() {
    is_caught(&["first in, first out"], judge::buffer::<LastInFirstOut>);
}

#[test]
fn the_bound_holds() {
    is_caught(&["the bound", "linearizability"], judge::buffer::<WithoutBound>);
    is_caught(&["the bound", "linearizability"], judge::buffer::<LooksFirst>);
}

#[test]
fn no_wake_up_is_lost() {
    is_caught(&["no lost wake-up"], judge::buffer::<OneForOne>);
    is_caught(&["no lost wake-up"], judge::buffer::<ForgetsToWake>);
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    is_caught(
        &["nothing twice", "the bound", "linearizability"],
        judge::buffer::<IfNotWhile>,
    );
    is_caught(&["nothing twice", "no lost wake-up"], judge::buffer::<Peeks>);
}
