//! Registers of a thread: a value held in one, and all of them as a signal finds them.

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::memory::Mapping;
use super::task::thread_id;

/// The general registers of one thread, as it stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// In the order of [`REGISTER_NAMES`].
    pub values: [u64; REGISTER_NAMES.len()],
}

/// The names of the registers.
#[cfg(target_arch = "x86_64")]
pub const REGISTER_NAMES: [&str; 17] = [
    "rip", "rsp", "r12", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r13", "r14", "r15",
];

/// The names of the registers.
#[cfg(target_arch = "aarch64")]
pub const REGISTER_NAMES: [&str; 33] = [
    "pc", "sp", "x20", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
    "x15", "x16", "x17", "x18", "x19", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
];

impl Registers {
    /// The program counter: the address of the next instruction.
    #[must_use]
    pub fn program_counter(&self) -> u64 {
        self.values[0]
    }

    /// The stack pointer.
    #[must_use]
    pub fn stack_pointer(&self) -> u64 {
        self.values[1]
    }

    /// The register in which [`spin_with`] and [`sleep_with`] hold their value.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.values[2]
    }

    /// As `ptrace(2)` gives them.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn of(regs: &libc::user_regs_struct) -> Self {
        Registers {
            values: [
                regs.rip, regs.rsp, regs.r12, regs.rax, regs.rbx, regs.rcx, regs.rdx, regs.rsi, regs.rdi, regs.rbp,
                regs.r8, regs.r9, regs.r10, regs.r11, regs.r13, regs.r14, regs.r15,
            ],
        }
    }

    /// As `ptrace(2)` gives them.
    #[cfg(target_arch = "aarch64")]
    pub(super) fn of(regs: &libc::user_regs_struct) -> Self {
        Registers::of_parts(regs.pc, regs.sp, &regs.regs)
    }

    #[cfg(target_arch = "aarch64")]
    fn of_parts(pc: u64, sp: u64, numbered: &[u64; 31]) -> Self {
        let mut values = [0; REGISTER_NAMES.len()];
        values[..3].copy_from_slice(&[pc, sp, numbered[20]]);
        let others = numbered.iter().enumerate().filter(|(number, _)| *number != 20);
        for (value, (_, register)) in values[3..].iter_mut().zip(others) {
            *value = *register;
        }
        Registers { values }
    }

    /// As a signal's context gives them.
    #[cfg(target_arch = "x86_64")]
    fn in_context(context: &libc::ucontext_t) -> Self {
        use libc::{REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RAX, REG_RBP, REG_RBX};
        use libc::{REG_RCX, REG_RDI, REG_RDX, REG_RIP, REG_RSI, REG_RSP};
        let places = [
            REG_RIP, REG_RSP, REG_R12, REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8, REG_R9,
            REG_R10, REG_R11, REG_R13, REG_R14, REG_R15,
        ];
        Registers {
            values: places.map(|place| {
                let place = usize::try_from(place).unwrap_or_default();
                context.uc_mcontext.gregs[place].cast_unsigned()
            }),
        }
    }

    /// As a signal's context gives them.
    #[cfg(target_arch = "aarch64")]
    fn in_context(context: &libc::ucontext_t) -> Self {
        let machine = &context.uc_mcontext;
        Registers::of_parts(machine.pc, machine.sp, &machine.regs)
    }
}

/// Puts `value` into the register that [`Registers::held`] reads, and spins there for ever. `ready` becomes 1 as soon
/// as the register holds the value.
#[inline(never)]
pub fn spin_with(value: u64, ready: &AtomicU32) -> ! {
    let ready = ready.as_ptr();
    #[cfg(target_arch = "x86_64")]
    // SAFETY: writes 1 to `ready` alone, which outlives this call, since it never ends.
    unsafe {
        asm!(
            "2:",
            "mov dword ptr [r13], 1",
            "pause",
            "jmp 2b",
            in("r12") value,
            in("r13") ready,
            options(noreturn, nostack)
        )
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        asm!(
            "mov w22, #1",
            "2:",
            "str w22, [x21]",
            "yield",
            "b 2b",
            in("x20") value,
            in("x21") ready,
            options(noreturn, nostack)
        )
    }
}

/// Puts `value` into the register that [`Registers::held`] reads, and sleeps in the kernel on `word`, which must stay 0
/// (`futex(2)`), for ever. `ready` becomes 1 before it goes to sleep.
#[inline(never)]
pub fn sleep_with(value: u64, ready: &AtomicU32, word: &AtomicU32) -> ! {
    let (ready, word) = (ready.as_ptr(), word.as_ptr());
    #[cfg(target_arch = "x86_64")]
    // SAFETY: writes 1 to `ready` alone, and waits on `word`; both outlive this call, since it never ends.
    unsafe {
        asm!(
            "2:",
            "mov dword ptr [r13], 1",
            "mov eax, 202",
            "mov rdi, r14",
            "mov esi, 128",
            "xor edx, edx",
            "xor r10d, r10d",
            "syscall",
            "jmp 2b",
            in("r12") value,
            in("r13") ready,
            in("r14") word,
            options(noreturn, nostack)
        )
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        asm!(
            "mov w23, #1",
            "2:",
            "str w23, [x21]",
            "mov x8, #98",
            "mov x0, x22",
            "mov x1, #128",
            "mov x2, #0",
            "mov x3, #0",
            "svc #0",
            "b 2b",
            in("x20") value,
            in("x21") ready,
            in("x22") word,
            options(noreturn, nostack)
        )
    }
}

/// How many words of a report belong to one thread.
pub const SLOT_WORDS: usize = 64;

/// The place of the thread's id in its slot, that of the mark that its registers are written, and that of the first.
const ID: usize = 0;
const WRITTEN: usize = 1;
const FIRST: usize = 2;

/// Where the threads of this process write their registers.
static REPORT: OnceLock<Arc<Mapping>> = OnceLock::new();

/// From now on each thread of this process writes its registers into its slot of `report` when it gets SIGUSR2
/// (`sigaction(2)`, `SA_SIGINFO`): the kernel hands over what they held where the signal stopped the thread.
///
/// # Errors
///
/// None on Linux.
pub fn write_registers_on_signal(report: Arc<Mapping>) -> io::Result<()> {
    let _kept = REPORT.set(report);
    let action = SigAction::new(
        SigHandler::SigAction(write_registers),
        SaFlags::SA_SIGINFO | SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handler keeps to atomics and `gettid(2)`.
    unsafe { sigaction(Signal::SIGUSR2, &action) }?;
    Ok(())
}

/// Says that the slot with this number belongs to the calling thread.
pub fn claim_slot(report: &Mapping, slot: usize) {
    report.words()[slot * SLOT_WORDS + ID].store(u64::from(thread_id().unsigned_abs()), Ordering::SeqCst);
}

/// What the thread of this slot wrote; `None` while it has written nothing.
#[must_use]
pub fn written_registers(report: &Mapping, slot: usize) -> Option<Registers> {
    let slot = report.words().get(slot * SLOT_WORDS..(slot + 1) * SLOT_WORDS)?;
    let read = |place: usize| slot[place].load(Ordering::SeqCst);
    (read(WRITTEN) == 1).then(|| Registers {
        values: std::array::from_fn(|index| read(FIRST + index)),
    })
}

extern "C" fn write_registers(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(report) = REPORT.get() else { return };
    let own = u64::from(thread_id().unsigned_abs());
    // SAFETY: with SA_SIGINFO the kernel hands over a context, which is valid until the handler returns.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    let is_own = |slot: &&[AtomicU64]| slot[ID].load(Ordering::SeqCst) == own;
    if let Some(slot) = report.words().chunks_exact(SLOT_WORDS).find(is_own) {
        let registers = Registers::in_context(context);
        for (word, value) in slot[FIRST..].iter().zip(registers.values) {
            word.store(value, Ordering::SeqCst);
        }
        slot[WRITTEN].store(1, Ordering::SeqCst);
    }
}

/// Sends SIGUSR2 to one thread of a process (`tgkill(2)`).
///
/// # Errors
///
/// There is no such thread, or it may not be signalled.
pub fn signal_thread(process: i32, thread: i32) -> io::Result<()> {
    // SAFETY: takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR2) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
