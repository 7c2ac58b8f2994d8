//! The headings of the notes, which are the chapters of the book.

/// One heading of the notes, one chapter of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// 프로세스(Process)
    Process,
    /// 스레드(Thread)
    Thread,
    /// 프로세스 vs 스레드
    ProcessVsThread,
    /// 멀티프로세스 / 멀티스레드
    MultiProcessMultiThread,
    /// 컨텍스트 스위칭(Context Switching)
    ContextSwitching,
    /// 스레드의 문제점: 동기화
    Synchronisation,
    /// 참고
    BackendAndFrontend,
    /// 요약
    Summary,
    /// 참고자료
    References,
}

impl Section {
    /// All nine, in the order of the notes.
    pub const ALL: [Section; 9] = [
        Section::Process,
        Section::Thread,
        Section::ProcessVsThread,
        Section::MultiProcessMultiThread,
        Section::ContextSwitching,
        Section::Synchronisation,
        Section::BackendAndFrontend,
        Section::Summary,
        Section::References,
    ];

    /// The id, as in the book's file names: `process-vs-thread`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Section::Process => "process",
            Section::Thread => "thread",
            Section::ProcessVsThread => "process-vs-thread",
            Section::MultiProcessMultiThread => "multi-process-multi-thread",
            Section::ContextSwitching => "context-switching",
            Section::Synchronisation => "synchronisation",
            Section::BackendAndFrontend => "backend-and-frontend",
            Section::Summary => "summary",
            Section::References => "references",
        }
    }

    /// The heading in the notes, without its marks.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Section::Process => "프로세스(Process)",
            Section::Thread => "스레드(Thread)",
            Section::ProcessVsThread => "프로세스 vs 스레드",
            Section::MultiProcessMultiThread => "멀티프로세스 / 멀티스레드",
            Section::ContextSwitching => "컨텍스트 스위칭(Context Switching)",
            Section::Synchronisation => "스레드의 문제점: 동기화",
            Section::BackendAndFrontend => "참고",
            Section::Summary => "요약",
            Section::References => "참고자료",
        }
    }

    /// The chapter's title; a message of the catalogue.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Section::Process => msg!("Process"),
            Section::Thread => msg!("Thread"),
            Section::ProcessVsThread => msg!("Process vs thread"),
            Section::MultiProcessMultiThread => msg!("Multi-process and multi-thread"),
            Section::ContextSwitching => msg!("Context switching"),
            Section::Synchronisation => msg!("The problem of threads: synchronisation"),
            Section::BackendAndFrontend => msg!("Backend and frontend"),
            Section::Summary => msg!("Summary"),
            Section::References => msg!("References"),
        }
    }

    /// The chapter's place in the book, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        1 + Section::ALL
            .iter()
            .position(|&section| section == self)
            .unwrap_or_default()
    }

    /// The chapter's file stem and the lab's folder: `03-process-vs-thread`.
    #[must_use]
    pub fn slug(self) -> String {
        format!("{:02}-{}", self.number(), self.id())
    }

    /// The section with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<Section> {
        Section::ALL.into_iter().find(|section| section.id() == id)
    }
}
