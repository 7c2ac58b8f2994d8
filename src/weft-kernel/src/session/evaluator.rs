//! The thread that owns evcxr's context.

use std::sync::mpsc;
use std::thread;

use evcxr::{CommandContext, EvalContextOutputs};
use serde_json::Value;
use tokio::sync::watch;

use super::{Completion, Completions, Event, Events, Job, MimeMap, Options, Outcome, State};

/// Starts the thread; it ends when nobody can ask it any more.
pub(super) fn start(_options: Options, events: Events, jobs: mpsc::Receiver<Job>, state: watch::Sender<State>) {
    thread::spawn(move || match CommandContext::new() {
        Ok((context, outputs)) => {
            state.send_replace(State::Ready);
            serve(context, &outputs, &events, &jobs);
        }
        Err(error) => {
            state.send_replace(State::Failed(error.into()));
        }
    });
}

fn serve(mut context: CommandContext, outputs: &EvalContextOutputs, events: &Events, jobs: &mpsc::Receiver<Job>) {
    for job in jobs {
        match job {
            Job::Execute { cell, code, reply } => {
                let result = thread::scope(|scope| {
                    let (over, end) = mpsc::channel::<()>();
                    scope.spawn(move || {
                        loop {
                            let last = end.try_recv() != Err(mpsc::TryRecvError::Empty);
                            let mut any = false;
                            while let Ok(line) = outputs.stdout.recv_timeout(std::time::Duration::from_millis(1)) {
                                any = true;
                                let _ = events.blocking_send((cell, Event::Stdout(line + "\n")));
                            }
                            while let Ok(line) = outputs.stderr.recv_timeout(std::time::Duration::from_millis(1)) {
                                any = true;
                                let _ = events.blocking_send((cell, Event::Stderr(line + "\n")));
                            }
                            if last && !any {
                                break;
                            }
                        }
                    });
                    let result = context.execute(&code);
                    drop(over);
                    result
                });
                let outcome = match result {
                    Ok(outputs) => Outcome::Done {
                        value: value_of(outputs),
                    },
                    Err(error) => Outcome::Failed(error.into()),
                };
                let _gone = reply.send(outcome);
            }
            Job::Complete { code, cursor, reply } => {
                let _gone = reply.send(complete(&mut context, &code, cursor));
            }
            Job::Inspect { code, cursor, reply } => {
                let _gone = reply.send(inspect(&mut context, &code, cursor));
            }
        }
    }
}

fn value_of(outputs: evcxr::EvalOutputs) -> Option<MimeMap> {
    let map: MimeMap = outputs
        .content_by_mime_type
        .into_iter()
        .map(|(mime, content)| (mime, Value::String(content)))
        .collect();
    (!map.is_empty()).then_some(map)
}

fn complete(context: &mut CommandContext, code: &str, cursor: usize) -> Completions {
    let Ok(found) = context.completions(code, cursor) else {
        return Completions {
            start: cursor,
            end: cursor,
            ..Completions::default()
        };
    };
    let matches = found.completions.into_iter().map(|completion| Completion {
        text: completion.code,
        label: completion.label,
        kind: completion.kind,
    });
    Completions {
        matches: matches.collect(),
        start: found.start_offset,
        end: found.end_offset,
    }
}

fn inspect(context: &mut CommandContext, code: &str, cursor: usize) -> Option<MimeMap> {
    let (plain, html) = context.hover_at(code, cursor).ok()?;
    if plain == "No documentation found" {
        return None;
    }
    let mut map = MimeMap::new();
    map.insert("text/plain".to_owned(), plain.into());
    map.insert("text/html".to_owned(), html.into());
    Some(map)
}
