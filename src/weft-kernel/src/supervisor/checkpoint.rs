//! The supervisor's steps around a cell's end: a new checkpoint, or a step back to the last one.

use std::fmt::Write as _;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::wire::{Cause, Death, Frame, FromRunner, Panic, Said, ToRunner, say};
use super::{Candidate, Doing, Member, Over, Supervisor, set_nonblocking, tree};

/// So often it is looked for what a cell has left running.
const LOOKS: usize = 200;
/// So many looks it is given time to stop. One that has just begun can need longer, and is killed as it is.
const PATIENT_LOOKS: usize = 100;

impl Supervisor {
    pub(super) fn runner_died(&mut self, cause: Cause) -> Result<(), Over> {
        self.forward(true)?;
        self.flush_stream()?;
        let (cause, between) = match &self.doing {
            Doing::Nothing => (cause, true),
            Doing::Running(run) => (run.ending.map_or(cause, |(ending, _)| ending), false),
            Doing::Checkpointing(_) => (cause, false),
        };
        self.kill_leftovers();
        let restored = self.standby.is_some();
        let death = Death {
            cause,
            between,
            threads: std::mem::take(&mut self.threads),
            restored,
            last_words: self.output.last_words(),
        };
        self.tell(Said::Died(death))?;
        if !restored {
            return Err(Over);
        }
        self.promote();
        if between {
            Ok(())
        } else {
            self.answer_that_nothing_happened()
        }
    }

    /// Makes the standby the runner, which forks the next standby at once.
    fn promote(&mut self) {
        let Some(mut standby) = self.standby.take() else { return };
        let go = say(&mut standby.connection, &ToRunner::Go);
        // Should it be dead as well, its end is about to be told.
        let _gone = go.and_then(|()| say(&mut standby.connection, &ToRunner::Checkpoint));
        self.awaiting = true;
        self.candidate = Candidate::default();
        self.runner = Some(standby);
    }

    /// Takes the cell back: its process ends, and the standby, which is as of before the cell, goes on.
    fn restore(&mut self) -> Result<(), Over> {
        if let Some(runner) = self.runner.take() {
            let _gone = kill(runner.pid, Signal::SIGKILL);
            let _ended = waitpid(runner.pid, None);
        }
        self.kill_leftovers();
        self.promote();
        self.tell(Said::Restored)?;
        self.answer_that_nothing_happened()
    }

    /// Ends what cells have started: all but the runner, if it lives, and the standby. Who forks faster than it is killed
    /// is stopped first.
    pub(super) fn kill_leftovers(&self) {
        let members = self.runner.iter().chain(&self.standby);
        let spared: Vec<i32> = members.map(|member| member.pid.as_raw()).collect();
        for look in 0..LOOKS {
            let mut found = tree::below(Pid::this());
            found.retain(|pid| !spared.contains(pid));
            if found.is_empty() {
                return;
            }
            let all_stopped = || found.iter().all(|pid| weft_lab::sys::is_stopped(*pid));
            let signal = if look < PATIENT_LOOKS && !all_stopped() {
                Signal::SIGSTOP
            } else {
                Signal::SIGKILL
            };
            for pid in found {
                let _gone = kill(Pid::from_raw(pid), signal);
            }
        }
    }

    fn flush_stream(&mut self) -> Result<(), Over> {
        for piece in self.output.flush() {
            self.take_piece(piece)?;
        }
        Ok(())
    }

    pub(super) fn hear_members(&mut self) -> Result<(), Over> {
        // Of a copy the runner tells before it says hello itself.
        self.hear_runner()?;
        for at in (0..self.strangers.len()).rev() {
            let stranger = &mut self.strangers[at];
            set_nonblocking(&stranger.connection)?;
            let open = matches!(stranger.lines.read(&mut stranger.connection), Ok(true));
            let hello = stranger.lines.next();
            if let Some(FromRunner::Hello { pid, standby }) = hello {
                let mut member = self.strangers.swap_remove(at);
                member.pid = Pid::from_raw(pid);
                self.welcome(member, standby)?;
            } else if !open {
                self.strangers.swap_remove(at);
            }
        }
        self.hear_runner()
    }

    fn welcome(&mut self, member: Member, standby: bool) -> Result<(), Over> {
        if !standby {
            self.runner = Some(member);
            self.order_checkpoint();
            return Ok(());
        }
        if !self.awaiting || self.candidate.pid != Some(member.pid) {
            // A copy of a runner that has died meanwhile.
            let _gone = kill(member.pid, Signal::SIGKILL);
            return Ok(());
        }
        self.awaiting = false;
        if let Some(old) = self.standby.replace(member) {
            let _gone = kill(old.pid, Signal::SIGKILL);
        }
        self.checkpointed()
    }

    fn order_checkpoint(&mut self) {
        if let Some(runner) = &mut self.runner {
            self.awaiting = true;
            self.candidate = Candidate::default();
            let _gone = say(&mut runner.connection, &ToRunner::Checkpoint);
        }
    }

    /// A copy that has ended says nothing, so another is asked for, once.
    pub(super) fn look_at_candidate(&mut self) -> Result<(), Over> {
        let has_ended = self
            .candidate
            .pid
            .is_some_and(|pid| self.candidate.ended.contains(&pid));
        if !self.awaiting || !has_ended {
            return Ok(());
        }
        if self.candidate.is_second {
            return self.go_unguarded("the copy has ended");
        }
        self.order_checkpoint();
        self.candidate.is_second = true;
        Ok(())
    }

    fn checkpointed(&mut self) -> Result<(), Over> {
        if let Doing::Checkpointing(answer) = &mut self.doing {
            let answer = std::mem::take(answer);
            return self.answer(answer.as_bytes());
        }
        Ok(())
    }

    fn hear_runner(&mut self) -> Result<(), Over> {
        let Some(runner) = &mut self.runner else { return Ok(()) };
        set_nonblocking(&runner.connection)?;
        let open = matches!(runner.lines.read(&mut runner.connection), Ok(true));
        if !open {
            // It has closed what it must keep: it cannot be a runner any more.
            let _gone = kill(runner.pid, Signal::SIGKILL);
        }
        while let Some(said) = self.runner.as_mut().and_then(|runner| runner.lines.next()) {
            match said {
                FromRunner::Hello { .. } => {}
                FromRunner::Panicked { panic, stray } => self.note_panic(panic, stray),
                FromRunner::Forked { standby } => {
                    self.candidate.pid = Some(Pid::from_raw(standby));
                    self.look_at_candidate()?;
                }
                FromRunner::NoStandby { error } => self.go_unguarded(&error)?,
                FromRunner::NotRun { error } => {
                    self.tell(Said::Note(error))?;
                    self.answer_that_nothing_happened()?;
                }
                FromRunner::Finished { threads } => self.finished(&threads)?,
            }
        }
        Ok(())
    }

    fn note_panic(&mut self, panic: Panic, stray: bool) {
        let Doing::Running(run) = &mut self.doing else { return };
        if stray {
            run.marks.strays += 1;
        } else {
            run.marks.reports.push(panic);
        }
    }

    fn go_unguarded(&mut self, error: &str) -> Result<(), Over> {
        self.awaiting = false;
        if let Some(old) = self.standby.take() {
            // It is as of an earlier cell than evcxr's variables.
            let _gone = kill(old.pid, Signal::SIGKILL);
        }
        if !std::mem::replace(&mut self.unguarded, true) {
            let note = format!("no checkpoint could be made ({error}); a crash now loses the variables");
            self.tell(Said::Warning(note))?;
        }
        self.checkpointed()
    }

    /// The cell's function has returned.
    fn finished(&mut self, threads: &[String]) -> Result<(), Over> {
        self.forward(true)?;
        self.flush_stream()?;
        let Doing::Running(run) = &mut self.doing else {
            return Ok(());
        };
        let marks = std::mem::take(&mut run.marks);
        let mut reports = marks.reports;
        let panicked = marks.panics > marks.strays;
        let last = if panicked { reports.pop() } else { None };
        for caught in reports {
            let text = format!("caught panic at {}:{}: {}\n", caught.file, caught.line, caught.message);
            Frame::Stderr(text.into_bytes()).write(&mut self.kernel)?;
        }
        if panicked {
            self.tell(Said::Panicked(last.unwrap_or_else(Panic::unknown)))?;
        } else if let Some(text) = &marks.erred {
            self.tell(Said::Erred(text.clone()))?;
        }
        // What earlier cells left running would not survive; then evcxr's own, weaker way must do.
        let alone = threads.is_empty()
            && self
                .runner
                .as_ref()
                .is_some_and(|runner| tree::below(runner.pid).is_empty());
        let failed = panicked || marks.erred.is_some();
        if failed && alone && self.standby.is_some() {
            return self.restore();
        }
        let mut answer = String::new();
        if panicked {
            answer.push_str("EVCXR_PANIC_NOTIFICATION\n");
        } else if marks.erred.is_some() {
            answer.push_str("EVCXR_ERROR_OCCURRED\n");
        }
        for name in marks.changed {
            let _never = writeln!(answer, "EVCXR_VARIABLE_CHANGED_TYPE:{name}");
        }
        answer.push_str("EVCXR_EXECUTION_COMPLETE\n");
        self.doing = Doing::Checkpointing(answer);
        self.order_checkpoint();
        Ok(())
    }
}
