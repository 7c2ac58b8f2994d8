//! Three ways to do the work of a frame: one thread, a pipeline of two, and parts on every core.

use std::hint::black_box;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use rayon::prelude::*;

use super::world::{Entity, digest, render, simulate};
use crate::sys;
use crate::text::Text;

/// How the work of a frame is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    Single,
    Pipelined,
    Parallel,
}

impl Structure {
    pub(super) const ALL: [Structure; 3] = [Structure::Single, Structure::Pipelined, Structure::Parallel];

    pub(super) fn id(self) -> &'static str {
        match self {
            Structure::Single => "single",
            Structure::Pipelined => "pipelined",
            Structure::Parallel => "parallel",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Structure::Single => text!("One thread"),
            Structure::Pipelined => text!("Pipeline of two threads"),
            Structure::Parallel => text!("Parts on every core"),
        }
    }
}

struct Canvas {
    snapshot: Vec<Entity>,
    picture: Vec<u32>,
}

/// A game that is running.
pub(super) struct Engine {
    entities: Vec<Entity>,
    work: Work,
}

enum Work {
    Single {
        picture: Vec<u32>,
    },
    Pipelined {
        artist: Artist,
        canvas: Option<Canvas>,
    },
    Parallel {
        pool: rayon::ThreadPool,
        picture: Vec<u32>,
        part: usize,
    },
}

/// The thread that draws. It ends when its queue is closed.
struct Artist {
    orders: Option<Sender<Canvas>>,
    pictures: Receiver<Canvas>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Artist {
    fn drop(&mut self) {
        self.orders = None;
        let _ended = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

impl Engine {
    /// A game with these entities, on these processors.
    ///
    /// # Errors
    ///
    /// No thread could be made.
    pub(super) fn start(structure: Structure, entities: Vec<Entity>, cpus: &[usize]) -> io::Result<Engine> {
        let picture = vec![0; entities.len()];
        let work = match structure {
            Structure::Single => Work::Single { picture },
            Structure::Pipelined => Work::Pipelined {
                artist: Artist::start(cpus.get(1).or(cpus.first()).copied())?,
                canvas: Some(Canvas {
                    snapshot: entities.clone(),
                    picture,
                }),
            },
            Structure::Parallel => {
                let threads = cpus.len().max(1);
                let places = cpus.to_vec();
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .start_handler(move |index| {
                        // Where pinning is forbidden, the record says so already.
                        let _stays = places.get(index).map(|&cpu| sys::pin(cpu));
                    })
                    .build()
                    .map_err(io::Error::other)?;
                // Four parts a thread let one that is disturbed be helped.
                let part = entities.len().div_ceil(threads * 4).max(1);
                Work::Parallel { pool, picture, part }
            }
        };
        Ok(Engine { entities, work })
    }

    /// One frame: `steps` of the simulation, and a picture. A pipeline draws the world as it was before them, at the
    /// same time; what it shows is a frame late.
    ///
    /// # Errors
    ///
    /// The thread that draws has ended.
    pub(super) fn frame(&mut self, steps: usize) -> io::Result<()> {
        let entities = &mut self.entities;
        match &mut self.work {
            Work::Single { picture } => {
                (0..steps).for_each(|_| simulate(entities));
                render(entities, picture);
                black_box(picture);
            }
            Work::Pipelined { artist, canvas } => {
                let gone = || io::Error::other("the thread that draws has ended");
                let mut next = canvas.take().ok_or_else(gone)?;
                next.snapshot.copy_from_slice(entities);
                let orders = artist.orders.as_ref().ok_or_else(gone)?;
                orders.send(next).map_err(|_| gone())?;
                (0..steps).for_each(|_| simulate(entities));
                let done = artist.pictures.recv().map_err(|_| gone())?;
                *canvas = Some(done);
            }
            Work::Parallel { pool, picture, part } => pool.install(|| {
                for _ in 0..steps {
                    entities.par_chunks_mut(*part).for_each(simulate);
                }
                entities
                    .par_chunks(*part)
                    .zip(picture.par_chunks_mut(*part))
                    .for_each(|(entities, picture)| render(entities, picture));
            }),
        }
        Ok(())
    }

    /// A number that says what the world looks like now: the same for every structure after as many steps.
    pub(super) fn digest(&self) -> u64 {
        let mut picture = vec![0; self.entities.len()];
        render(&self.entities, &mut picture);
        digest(&picture)
    }
}

impl Artist {
    fn start(cpu: Option<usize>) -> io::Result<Artist> {
        let (orders, inbox) = channel::<Canvas>();
        let (outbox, pictures) = channel();
        let thread = std::thread::Builder::new().spawn(move || {
            let _stays = cpu.map(sys::pin);
            for mut canvas in inbox {
                render(&canvas.snapshot, &mut canvas.picture);
                if outbox.send(canvas).is_err() {
                    return;
                }
            }
        })?;
        Ok(Artist {
            orders: Some(orders),
            pictures,
            thread: Some(thread),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::world;
    use super::*;

    #[test]
    fn every_structure_plays_the_same_game() {
        let cpus = sys::allowed_cpus();
        let digests = Structure::ALL.map(|structure| {
            let entities = world::entities(777, &mut fastrand::Rng::with_seed(5));
            let mut engine = Engine::start(structure, entities, &cpus).unwrap();
            for steps in [1, 1, 3, 0, 2] {
                engine.frame(steps).unwrap();
            }
            engine.digest()
        });
        assert_eq!(digests[0], digests[1]);
        assert_eq!(digests[0], digests[2]);
    }
}
