//! The `weft` command.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

fn main() {
    weft_lab::worker::entry();
    let id = std::env::args().nth(1).unwrap_or_else(|| "creation-cost".to_owned());
    let aa = std::env::args().nth(2).is_some();
    let mut request = weft_lab::Request::quick(id);
    if aa {
        request.set.insert("aa".into(), "true".into());
    }
    match weft_lab::Runner::find().and_then(|runner| runner.run(&request, |event| eprintln!("{event:?}"))) {
        Ok(record) => {
            println!("{}", record.to_json());
            for verdict in record.verdicts() {
                eprintln!(
                    "{:?} {} {:#?} {:#?}",
                    verdict.outcome,
                    verdict.summary.english(),
                    verdict.findings.iter().map(|f| f.text.english()).collect::<Vec<_>>(),
                    verdict.doubts
                );
            }
            for figure in record.figures() {
                let _ = std::fs::write(format!("/tmp/fig-{}.svg", figure.id), figure.svg_file(&|_| None));
            }
        }
        Err(error) => eprintln!("{error}"),
    }
}
