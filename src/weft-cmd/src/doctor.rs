//! `weft doctor`: what this machine can measure, what is noisy, what is missing and how to get it.

use serde_json::{Value, json};
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::facility::{FACILITIES, Facility};
use weft_lab::format;
use weft_lab::machine::{Machine, Probe};
use weft_lab::sys;

use crate::args::Doctor;
use crate::failure::Status;
use crate::output::print;
use crate::store;
use crate::terminal::{Look, table, wrap};

/// Looks, and says what it found. What is missing is no failure.
pub(crate) fn run(args: &Doctor) -> anyhow::Result<Status> {
    let report = Report::of_this_machine();
    if args.json {
        print(&format!("{:#}\n", report.json()))?;
    } else {
        print(&report.text(Look::of_standard_output().as_ref()))?;
    }
    Ok(Status::Ran)
}

/// What was found.
struct Report {
    machine: Machine,
    noise: Vec<Noise>,
    facilities: Vec<(&'static Facility, Result<(), String>)>,
    records: Result<String, String>,
}

/// Something that makes a run on this machine doubtful.
struct Noise {
    kind: &'static str,
    message: String,
    remedy: &'static str,
}

impl Report {
    fn of_this_machine() -> Self {
        let machine = Probe::default().machine(sys::allowed_cpus());
        Report {
            noise: noise_of(&machine),
            machine,
            facilities: FACILITIES.iter().map(|facility| (facility, facility.check())).collect(),
            records: records_folder(),
        }
    }

    fn missing_of(&self, uses: &[&str]) -> Vec<&'static str> {
        self.facilities
            .iter()
            .filter(|(facility, found)| found.is_err() && uses.contains(&facility.id))
            .map(|(facility, _)| facility.id)
            .collect()
    }

    fn json(&self) -> Value {
        let facilities: Vec<Value> = self
            .facilities
            .iter()
            .map(|(facility, found)| {
                json!({
                    "id": facility.id,
                    "here": found.is_ok(),
                    "detail": found.as_ref().err(),
                    "lost": facility.lost,
                    "remedy": facility.remedy,
                })
            })
            .collect();
        let experiments: Vec<Value> = EXPERIMENTS
            .iter()
            .map(|experiment| {
                let missing = self.missing_of(experiment.about().uses);
                json!({"id": experiment.about().id, "runs_fully": missing.is_empty(), "missing": missing})
            })
            .collect();
        let noise: Vec<Value> = self
            .noise
            .iter()
            .map(|noise| json!({"kind": noise.kind, "message": noise.message, "remedy": noise.remedy}))
            .collect();
        json!({
            "machine": self.machine,
            "noise": noise,
            "facilities": facilities,
            "experiments": experiments,
            "records": {"folder": self.records.as_ref().ok(), "detail": self.records.as_ref().err()},
        })
    }

    fn text(&self, look: Option<&Look>) -> String {
        let width = look.map_or(usize::MAX, |look| look.width);
        let heading = |text: &str| match look {
            Some(look) => format!("\n{}\n", look.bold(text)),
            None => format!("\n{text}\n"),
        };
        let mut text = heading("Machine").trim_start().to_owned();
        for (name, value) in facts(&self.machine) {
            text += &wrap(&format!("{name:<16}{value}"), 2, 18, width);
        }
        text += &heading("Noise");
        if self.noise.is_empty() {
            text += "  quiet enough: nothing over the limits\n";
        }
        for noise in &self.noise {
            text += &wrap(&format!("! {} {}", noise.message, noise.remedy), 2, 4, width);
        }
        text += &heading("Facilities");
        for (facility, found) in &self.facilities {
            let line = match found {
                Ok(()) => format!("+ {}", facility.id),
                Err(detail) => format!("- {} ({detail}). {} {}", facility.id, facility.lost, facility.remedy),
            };
            text += &wrap(&line, 2, 4, width);
        }
        text += &heading("Experiments");
        text += &self.experiments(look);
        text += &heading("Records");
        text += &match &self.records {
            Ok(folder) => wrap(folder, 2, 2, width),
            Err(detail) => wrap(&format!("- {detail}"), 2, 4, width),
        };
        text
    }

    fn experiments(&self, look: Option<&Look>) -> String {
        let rows = EXPERIMENTS.iter().map(|experiment| {
            let about = experiment.about();
            let missing = self.missing_of(about.uses);
            let runs = if missing.is_empty() {
                "fully".to_owned()
            } else {
                format!("without {}", missing.join(", "))
            };
            [about.id.to_owned(), runs]
        });
        match look {
            Some(look) => {
                let mut table = table::new(&["Experiment", "Runs here"], look);
                table.add_rows(rows);
                format!("{table}\n")
            }
            None => rows.map(|[id, runs]| format!("  {id}\t{runs}\n")).collect(),
        }
    }
}

/// Waiting for a processor above this share of the last 10 seconds is said.
const PRESSURE_LIMIT: f64 = 10.0;
/// Runnable tasks above this share of the processors are said.
const LOAD_LIMIT: f64 = 0.5;
/// Stolen time above this share since boot is said.
const STEAL_LIMIT: f64 = 0.01;

fn noise_of(machine: &Machine) -> Vec<Noise> {
    let mut noise = Vec::new();
    let cpus = machine.logical_cpus.max(1) as f64;
    if machine.load[0] / cpus > LOAD_LIMIT {
        noise.push(Noise {
            kind: "load",
            message: format!(
                "{} tasks ran on average in the last minute.",
                format::number(machine.load[0])
            ),
            remedy: "Close what runs beside it.",
        });
    }
    if let Some(pressure) = machine.pressure.filter(|pressure| pressure.cpu > PRESSURE_LIMIT) {
        noise.push(Noise {
            kind: "pressure",
            message: format!(
                "In {} of the last 10 seconds a task waited for a processor.",
                format::quantity(pressure.cpu, "%")
            ),
            remedy: "Close what runs beside it.",
        });
    }
    if machine.steal > STEAL_LIMIT {
        noise.push(Noise {
            kind: "steal",
            message: format!(
                "The host of this virtual machine has taken {} of its time away since boot.",
                format::quantity(machine.steal * 100.0, "%")
            ),
            remedy: "Use real hardware, or a host with less on it.",
        });
    }
    if let Some(governor) = machine.governor.as_ref().filter(|governor| *governor != "performance") {
        noise.push(Noise {
            kind: "frequency",
            message: format!("The frequency governor is {governor}, so the clock rate may change during a run."),
            remedy: "Plug the machine in, and choose the governor performance.",
        });
    }
    noise
}

fn facts(machine: &Machine) -> Vec<(&'static str, String)> {
    let caches: Vec<String> = machine
        .caches
        .iter()
        .map(|cache| {
            let kind = match cache.kind.as_str() {
                "Data" => "d",
                "Instruction" => "i",
                _ => "",
            };
            format!("L{}{kind} {} KiB", cache.level, format::count(cache.size_bytes >> 10))
        })
        .collect();
    let or_unknown = |text: String| {
        if text.is_empty() {
            "not shown by the kernel".to_owned()
        } else {
            text
        }
    };
    let [one, five, fifteen] = machine.load;
    vec![
        ("processor", format!("{} ({})", machine.cpu, machine.architecture)),
        (
            "logical CPUs",
            format!(
                "{}, of which a run may use {:?}",
                machine.logical_cpus, machine.allowed_cpus
            ),
        ),
        ("caches", or_unknown(caches.join(", "))),
        ("memory", format!("{} MiB", format::count(machine.memory_bytes >> 20))),
        ("kernel", format!("Linux {}", machine.kernel)),
        ("virtualization", machine.virtualization.clone()),
        ("governor", or_unknown(machine.governor.clone().unwrap_or_default())),
        ("mitigations", mitigations(machine)),
        ("load", format!("{one:.2} {five:.2} {fifteen:.2} (1, 5, 15 minutes)")),
        (
            "pressure",
            machine.pressure.map_or_else(
                || or_unknown(String::new()),
                |pressure| {
                    format!(
                        "processor {:.1}%, memory {:.1}%, input and output {:.1}% of the last 10 s",
                        pressure.cpu, pressure.memory, pressure.io
                    )
                },
            ),
        ),
        ("steal", format!("{:.2}% since boot", machine.steal * 100.0)),
    ]
}

/// How many faults are mitigated, and the names of those that are not.
fn mitigations(machine: &Machine) -> String {
    let count = |start: &str| {
        machine
            .mitigations
            .values()
            .filter(|state| state.starts_with(start))
            .count()
    };
    let vulnerable: Vec<&str> = machine
        .mitigations
        .iter()
        .filter(|(_, state)| state.starts_with("Vulnerable"))
        .map(|(name, _)| name.as_str())
        .collect();
    if machine.mitigations.is_empty() {
        return "not shown by the kernel".to_owned();
    }
    let mut text = format!("{} in use, {} not needed", count("Mitigation"), count("Not affected"));
    if !vulnerable.is_empty() {
        text += &format!(", vulnerable to {}", vulnerable.join(", "));
    }
    text
}

/// The folder of records, if it can be made and written to.
fn records_folder() -> Result<String, String> {
    let folder = store::folder().map_err(|failure| format!("{}. {}", failure.what, failure.hint))?;
    let nearest = folder.ancestors().find(|folder| folder.exists());
    let is_writable = nearest.is_some_and(|folder| nix::unistd::access(folder, nix::unistd::AccessFlags::W_OK).is_ok());
    if is_writable {
        Ok(folder.display().to_string())
    } else {
        Err(format!(
            "{} can't be written to. Set XDG_DATA_HOME to a folder that you may write to.",
            folder.display()
        ))
    }
}
