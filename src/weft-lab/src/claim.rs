//! The claims: every testable sentence of the notes, with the words it stands on.

mod basis;
mod section;

pub use basis::{BASES, Basis};
pub use section::Section;

/// How a claim can be decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// By an interval against a region of equivalence `[low, high]`.
    Effect([f64; 2]),
    /// By trials, of which each must hold.
    Always,
    /// By a slope or an order over a sweep.
    Trend,
    /// Not at all: the notes define a term, and the reader sees it on their own machine.
    Shown,
    /// From the verdicts of the claims that it rests on, see [`BASES`].
    Drawn,
}

/// The region of equivalence of a ratio, where a claim gives no reason for another.
pub const EQUIVALENCE: [f64; 2] = [0.9, 1.1];

/// The narrower region of `switch-cost`: the change of address space is a few percent of a bare switch, and still the
/// effect that the claim is about. The chapter "How we measure" gives the reason, the A/A runs hold it.
pub const SWITCH_EQUIVALENCE: [f64; 2] = [0.97, 1.03];

/// What a reader is asked before they see a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which way, and how many times.
    Ratio(&'static str),
    /// Does it hold?
    Holds(&'static str),
}

/// One testable sentence of the notes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// Stable: it stands in records, pages and grades.
    pub id: &'static str,
    /// Where the notes say it.
    pub section: Section,
    /// The notes' own words, each found in them.
    pub notes: &'static [&'static str],
    /// The sentence in English; a message of the catalogue.
    pub statement: &'static str,
    /// How it is decided.
    pub kind: Kind,
    /// The experiment about it; `None` where this edition has none yet.
    pub experiment: Option<&'static str>,
    /// What the lab card asks first.
    pub question: Option<Question>,
}

impl Claim {
    /// The region of equivalence, for a claim that is decided by one.
    #[must_use]
    pub fn region(&self) -> Option<[f64; 2]> {
        match self.kind {
            Kind::Effect(region) => Some(region),
            _ => None,
        }
    }
}

/// The claim with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Claim> {
    CLAIMS.iter().find(|claim| claim.id == id)
}

const fn untested(
    id: &'static str,
    section: Section,
    notes: &'static [&'static str],
    statement: &'static str,
    kind: Kind,
) -> Claim {
    Claim {
        id,
        section,
        notes,
        statement,
        kind,
        experiment: None,
        question: None,
    }
}

const EFFECT: Kind = Kind::Effect(EQUIVALENCE);

/// Every claim, in the order of the notes.
pub static CLAIMS: &[Claim] = &[
    Claim {
        id: "process-is-running-program",
        section: Section::Process,
        notes: &[
            "실행 중인 프로그램의 독립적인 단위",
            "프로그램(.exe, .app)을 실행하면 → 프로세스 생성",
        ],
        statement: msg!("Running a program makes a process: a unit of its own."),
        kind: Kind::Always,
        experiment: Some("process-life"),
        question: Some(Question::Holds(msg!(
            "A program is run. Is there always a new process, with an id, a parent and a start time of its own, that stays a zombie until its parent waits for it, and is then gone?"
        ))),
    },
    Claim {
        id: "process-owns-resources",
        section: Section::Process,
        notes: &[
            "운영체제로부터 자원을 할당받은 작업의 단위",
            "OS로부터 자원을 독립적으로 할당받음",
        ],
        statement: msg!("A process has resources of its own from the operating system."),
        kind: Kind::Always,
        experiment: Some("own-resources"),
        question: Some(Question::Holds(msg!(
            "A forked process changes its working directory, descriptors, signals, limits, environment, umask and nice value. Do its parent's always stay as they were?"
        ))),
    },
    Claim {
        id: "process-memory-layout",
        section: Section::Process,
        notes: &["코드(Code/Text)", "데이터(Data)", "힙(Heap)", "스택(Stack)"],
        statement: msg!("A process's memory holds code, data, heap and stack."),
        kind: Kind::Always,
        experiment: Some("address-space"),
        question: Some(Question::Holds(msg!(
            "A program takes the addresses of a function, static data, an object on the heap and local variables. Does each always lie in the region of its name?"
        ))),
    },
    Claim {
        id: "process-memory-independent",
        section: Section::Process,
        notes: &["프로세스는 자원과 메모리를 독립적으로 소유", "독립된 메모리 공간"],
        statement: msg!("A process's memory space is independent of others'."),
        kind: Kind::Always,
        experiment: Some("memory-independence"),
        question: Some(Question::Holds(msg!(
            "Does a process ever see what another one writes to the same address?"
        ))),
    },
    Claim {
        id: "thread-is-flow",
        section: Section::Thread,
        notes: &[
            "프로세스 내부에서 실행되는 작업 흐름의 단위",
            "프로세스가 할당받은 자원을 이용하는 실행 흐름의 단위",
            "하나의 프로세스는 하나 이상의 스레드를 갖는다",
        ],
        statement: msg!("A thread is a flow of execution inside a process, which has at least one."),
        kind: Kind::Always,
        experiment: Some("thread-life"),
        question: Some(Question::Holds(msg!(
            "A program starts N threads and lets them end. Does the kernel always list from 1 to N + 1 of them and back, in one process?"
        ))),
    },
    Claim {
        id: "thread-shares",
        section: Section::Thread,
        notes: &[
            "스레드들은 자원을 공유",
            "같은 프로세스의 메모리 공유",
            "코드 영역",
            "힙",
            "데이터 영역",
        ],
        statement: msg!("Threads share code, heap, data and resources."),
        kind: Kind::Always,
        experiment: Some("thread-shares"),
        question: Some(Question::Holds(msg!(
            "One thread changes data, heap, descriptors and the working directory. Does every other thread always see it?"
        ))),
    },
    Claim {
        id: "thread-owns",
        section: Section::Thread,
        notes: &["스택(Stack)", "프로그램 카운터(PC)", "레지스터"],
        statement: msg!("Each thread has a stack, a program counter and registers of its own."),
        kind: Kind::Always,
        experiment: Some("thread-owns"),
        question: Some(Question::Holds(msg!(
            "All threads of a process are stopped. Does each always have a stack, a program counter and register values of its own?"
        ))),
    },
    Claim {
        id: "thread-concurrent",
        section: Section::Thread,
        notes: &["여러 작업을 동시에 처리 가능", "작업 병렬 처리", "속도 향상"],
        statement: msg!("Threads do several things at once, and so get done faster."),
        kind: Kind::Trend,
        experiment: Some("parallel-speedup"),
        question: Some(Question::Ratio(msg!(
            "How many times as fast is the same computing done with a thread for each core, compared with one thread?"
        ))),
    },
    Claim {
        id: "memory-independent-shared",
        section: Section::ProcessVsThread,
        notes: &["메모리 | 독립 | 공유"],
        statement: msg!("Memory is independent for processes and shared for threads."),
        kind: Kind::Always,
        experiment: Some("memory-independence"),
        question: Some(Question::Holds(msg!(
            "One virtual address, written by a second task. Does the first see it if it is a thread, and never if it is a process?"
        ))),
    },
    Claim {
        id: "stability",
        section: Section::ProcessVsThread,
        notes: &[
            "안정성 | 높음 | 낮음",
            "한 프로세스가 장애 나도 전체 영향 줄어듬",
            "프로세스는 안정성, 스레드는 성능에 유리하다",
        ],
        statement: msg!("When one worker fails, the other processes go on, and the other threads do not."),
        kind: Kind::Always,
        experiment: Some("crash-containment"),
        question: Some(Question::Holds(msg!(
            "One of N workers crashes. Do all the others survive if they are processes, and none if they are threads?"
        ))),
    },
    Claim {
        id: "creation-cost",
        section: Section::ProcessVsThread,
        notes: &["생성 비용 | 큼 | 작음"],
        statement: msg!("A process costs more to create than a thread."),
        kind: EFFECT,
        experiment: Some("creation-cost"),
        question: Some(Question::Ratio(msg!(
            "How much time does it take to create a process, compared with a thread?"
        ))),
    },
    Claim {
        id: "switch-cost",
        section: Section::ProcessVsThread,
        notes: &["컨텍스트 스위칭 | 느림 | 빠름"],
        statement: msg!("A switch between processes is slower than one between threads."),
        kind: Kind::Effect(SWITCH_EQUIVALENCE),
        experiment: Some("switch-cost"),
        question: Some(Question::Ratio(msg!(
            "How much time does a switch between processes take, compared with one between threads?"
        ))),
    },
    Claim {
        id: "communication",
        section: Section::ProcessVsThread,
        notes: &["통신 | IPC 필요 | 공유 메모리로 가능"],
        statement: msg!("Processes need IPC to communicate; threads can use shared memory, which is faster."),
        kind: EFFECT,
        experiment: Some("communication"),
        question: Some(Question::Ratio(msg!(
            "How much time does one byte take through a pipe between processes, compared with memory that threads share?"
        ))),
    },
    Claim {
        id: "memory-cost",
        section: Section::ProcessVsThread,
        notes: &["메모리 낭비 줄임", "메모리 사용량 큼"],
        statement: msg!("One more process takes more memory than one more thread."),
        kind: EFFECT,
        experiment: Some("memory-cost"),
        question: Some(Question::Ratio(msg!(
            "How much memory does one more process take, compared with one more thread?"
        ))),
    },
    Claim {
        id: "tabs-isolated",
        section: Section::MultiProcessMultiThread,
        notes: &[
            "여러 프로세스를 동시에 실행",
            "예 ) 브라우저의 탭 구조",
            "하나 죽어도 다른 프로세스 영향 없음",
        ],
        statement: msg!("Tabs as processes: one dies, the others go on."),
        kind: Kind::Always,
        experiment: Some("browser-tabs"),
        question: Some(Question::Holds(msg!(
            "Some of the tabs crash, hang or eat memory, and a supervisor restarts them. Do all other tabs keep their page if tabs are processes?"
        ))),
    },
    Claim {
        id: "threads-share-fast",
        section: Section::MultiProcessMultiThread,
        notes: &[
            "하나의 프로세스 안에서 여러 스레드 실행",
            "자원 공유 → 성능 좋음",
            "각 작업을 격리시켜 안정성 확보",
        ],
        statement: msg!("Threads that share resources perform better."),
        kind: EFFECT,
        experiment: Some("shared-job"),
        question: Some(Question::Ratio(msg!(
            "How much time does a job take that is split over processes, compared with threads that share the data?"
        ))),
    },
    Claim {
        id: "web-server",
        section: Section::MultiProcessMultiThread,
        notes: &["웹 서버 요청 처리"],
        statement: msg!("Threads serve a web server's requests well: more connections than a process for each."),
        kind: EFFECT,
        experiment: Some("web-server"),
        question: Some(Question::Ratio(msg!(
            "How many short connections a second does a server handle with a thread for each, compared with a process for each?"
        ))),
    },
    Claim {
        id: "game-loop",
        section: Section::MultiProcessMultiThread,
        notes: &["게임 루프"],
        statement: msg!("Threads serve a game loop well: a frame is done sooner."),
        kind: EFFECT,
        experiment: Some("game-loop"),
        question: Some(Question::Ratio(msg!(
            "How much time does a frame of a game take on one thread, compared with threads on every core?"
        ))),
    },
    Claim {
        id: "switch-happens",
        section: Section::ContextSwitching,
        notes: &["CPU가 실행 중인 작업을 멈추고 다른 작업으로 전환하는 과정"],
        statement: msg!("The CPU stops one task and goes over to another."),
        kind: Kind::Always,
        experiment: Some("timeline"),
        question: Some(Question::Holds(msg!(
            "Three tasks spin on one core and never ask for anything. Does the kernel stop each of them, and does another run meanwhile?"
        ))),
    },
    Claim {
        id: "switch-where",
        section: Section::ContextSwitching,
        notes: &["프로세스 ↔ 프로세스", "스레드 ↔ 스레드"],
        statement: msg!("Switches happen between processes and between threads."),
        kind: Kind::Always,
        experiment: Some("switch-where"),
        question: Some(Question::Holds(msg!(
            "Does the kernel switch between threads, between processes, and between threads of different processes, all in the same way?"
        ))),
    },
    Claim {
        id: "switch-process-dearer",
        section: Section::ContextSwitching,
        notes: &["프로세스 전환 > 스레드 전환"],
        statement: msg!("A switch between processes costs more than a switch between threads."),
        kind: Kind::Effect(SWITCH_EQUIVALENCE),
        experiment: Some("switch-cost"),
        question: Some(Question::Ratio(msg!(
            "How much time does a switch between processes take, compared with one between threads?"
        ))),
    },
    Claim {
        id: "switch-grows",
        section: Section::ContextSwitching,
        notes: &["컨텍스트 스위칭 비용은 자원 범위가 클수록 증가"],
        statement: msg!("The cost of a switch grows with the range of resources."),
        kind: Kind::Trend,
        experiment: Some("working-set"),
        question: Some(Question::Ratio(msg!(
            "How much time does a switch cost when each of two processes walks over most of a level-2 cache between switches, compared with touching nothing?"
        ))),
    },
    Claim {
        id: "lost-update",
        section: Section::Synchronisation,
        notes: &[
            "여러 스레드가 공유 자원에 동시에 접근",
            "데이터 불일치 발생",
            "동기화 문제 발생 가능",
        ],
        statement: msg!("Threads that change shared data at the same time lose updates."),
        kind: Kind::Always,
        experiment: Some("lost-update"),
        question: Some(Question::Holds(msg!(
            "Two threads add one to the same counter a million times each, without a lock. Is something missing at the end, every time?"
        ))),
    },
    Claim {
        id: "mutex",
        section: Section::Synchronisation,
        notes: &["Mutex"],
        statement: msg!("A mutex loses nothing."),
        kind: Kind::Always,
        experiment: Some("locks"),
        question: Some(Question::Holds(msg!(
            "Threads add to one counter under a mutex. Is every addition there at the end, every time?"
        ))),
    },
    Claim {
        id: "semaphore",
        section: Section::Synchronisation,
        notes: &["Semaphore"],
        statement: msg!("A semaphore lets only so many in."),
        kind: Kind::Always,
        experiment: Some("locks"),
        question: Some(Question::Holds(msg!(
            "Threads go through a semaphore. Are there never more inside than it has permits?"
        ))),
    },
    Claim {
        id: "lock",
        section: Section::Synchronisation,
        notes: &["Lock"],
        statement: msg!("A lock loses nothing."),
        kind: Kind::Always,
        experiment: Some("locks"),
        question: Some(Question::Holds(msg!(
            "Threads add to one counter under a spin lock or a read-write lock. Is every addition there at the end, every time?"
        ))),
    },
    Claim {
        id: "sync-costs",
        section: Section::Synchronisation,
        notes: &["멀티스레드는 성능 이점이 있지만 동기화 비용과 복잡도"],
        statement: msg!("Synchronisation costs time and brings complexity."),
        kind: EFFECT,
        experiment: Some("sync-cost"),
        question: Some(Question::Ratio(msg!(
            "How much time does an addition take under a mutex that two threads share, compared with a mutex for each?"
        ))),
    },
    untested(
        "backend-designs",
        Section::BackendAndFrontend,
        &["백엔드는 프로세스 / 스레드 구조를 직접 설계"],
        msg!("A backend designs its own structure of processes and threads."),
        Kind::Trend,
    ),
    untested(
        "browser-manages",
        Section::BackendAndFrontend,
        &["프론트엔드는 브라우저가 관리"],
        msg!("In a frontend the browser manages them."),
        EFFECT,
    ),
    untested(
        "summary-process",
        Section::Summary,
        &["프로세스: 실행중인 프로그램", "자원과 메모리를 분리해 안정성을 확보"],
        msg!("Processes separate resources and memory, and gain stability."),
        Kind::Drawn,
    ),
    untested(
        "summary-thread",
        Section::Summary,
        &["스레드: 프로세스 내부의 실행 흐름 단위", "자원을 공유해 성능을 높인다"],
        msg!("Threads share resources, and gain performance."),
        Kind::Drawn,
    ),
];

/// Lines of the notes that no claim stands on, each with the reason.
pub static CONTEXT: &[(&str, &str)] = &[
    ("스레드를 쓰는 이유", "a heading of a list, whose lines are claims"),
    (
        "프로세스를 여러개 쓰는 이유",
        "a heading of a list, whose lines are claims",
    ),
    ("멀티프로세스", "a heading of a list, whose lines are claims"),
    ("멀티스레드", "a heading of a list, whose lines are claims"),
    ("https://", "a reference"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const NOTES: &str = include_str!("../../../book/notes.ko.md");

    /// Text as it reads: without marks of emphasis, white space folded.
    fn plain(line: &str) -> String {
        line.replace("**", "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_claim_s_words_stand_in_the_notes() {
        let notes = plain(NOTES);
        for claim in CLAIMS {
            for words in claim.notes {
                // The notes write "할당받음" with the emphasis in the middle; the folded text is compared.
                assert!(
                    notes.contains(&plain(words)),
                    "{}: {words:?} is not in the notes",
                    claim.id
                );
            }
        }
    }

    #[test]
    fn each_bullet_of_the_notes_belongs_to_a_claim() {
        let covered: Vec<String> = CLAIMS
            .iter()
            .flat_map(|claim| claim.notes)
            .map(|words| plain(words))
            .collect();
        for line in NOTES.lines() {
            let line = line.trim();
            let bullet = line
                .strip_prefix("- ")
                .or_else(|| line.strip_prefix("> "))
                .or_else(|| line.strip_prefix("⇒ "));
            let Some(bullet) = bullet.map(plain) else {
                continue;
            };
            let claimed = covered
                .iter()
                .any(|words| bullet.contains(words.as_str()) || words.contains(&bullet));
            let context = CONTEXT.iter().any(|(words, _)| bullet.starts_with(words));
            assert!(claimed || context, "no claim stands on {bullet:?}");
        }
    }

    #[test]
    fn ids_are_unique_and_sections_in_order() {
        let ids: HashSet<_> = CLAIMS.iter().map(|claim| claim.id).collect();
        assert_eq!(ids.len(), CLAIMS.len());
        assert!(CLAIMS.is_sorted_by_key(|claim| claim.section.number()));
    }
}
