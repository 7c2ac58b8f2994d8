//! The server as its clients see it: on a real socket, with a bench that says what the test wants.

mod admission;
mod board;
mod client;
mod ending;
mod following;
mod pages;
mod requests;
mod rig;

use client::Ask;
use rig::{Rig, Step};
