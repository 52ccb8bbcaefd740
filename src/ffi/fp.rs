//! Floating point as Rust, SQLite and Luau expect it, whatever the host has set: old Delphi and C++
//! Builder programs run with exceptions unmasked, and a division by zero would end the host.

/// The host's control words, put back when this is dropped.
#[derive(Debug)]
pub(super) struct Calm(Words);

impl Calm {
    /// Keeps the host's words and masks every exception.
    pub(super) fn begin() -> Calm {
        let host = Words::read();
        Words::mask();
        Calm(host)
    }

    /// The words that the host had.
    pub(super) fn host(&self) -> Words {
        self.0
    }
}

impl Drop for Calm {
    fn drop(&mut self) {
        self.0.write();
    }
}

/// Runs a function of the host with the host's own words.
pub(super) fn with_host<T>(host: Words, call: impl FnOnce() -> T) -> T {
    host.write();
    let answer = call();
    Words::mask();
    answer
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod words {
    use core::arch::asm;

    /// x87's environment and the SSE word. The environment, not the control word alone: an
    /// exception flag that our work left would strike when the host unmasks it again.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::ffi) struct Words {
        x87: [u32; 7],
        sse: u32,
    }

    impl Words {
        pub(super) fn read() -> Words {
            let mut words = Words { x87: [0; 7], sse: 0 };
            // SAFETY: both instructions only write the 28 and 4 bytes that they are given; fnstenv
            // also masks the x87 exceptions, which every caller of this does next anyway.
            unsafe {
                asm!("fnstenv [{}]", in(reg) &mut words.x87, options(nostack, preserves_flags));
                asm!("stmxcsr [{}]", in(reg) &mut words.sse, options(nostack, preserves_flags));
            }
            words
        }

        /// The words of a fresh process: everything masked, round to nearest.
        pub(super) fn mask() {
            let (x87, sse): (u16, u32) = (0x037f, 0x1f80);
            // SAFETY: the values are those that the ABI prescribes, fnclex takes away flags that
            // were pending; no register but the control words changes.
            unsafe {
                asm!("fnclex", "fldcw [{}]", in(reg) &x87, options(nostack, preserves_flags));
                asm!("ldmxcsr [{}]", in(reg) &sse, options(nostack, preserves_flags));
            }
        }

        pub(super) fn write(&self) {
            // SAFETY: the words come from `read` in the same thread, and the x87 stack is as empty
            // here as it was there, as the calling convention demands between calls.
            unsafe {
                asm!("fldenv [{}]", in(reg) &self.x87, options(nostack, preserves_flags));
                asm!("ldmxcsr [{}]", in(reg) &self.sse, options(nostack, preserves_flags));
            }
        }
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
mod words {
    /// Other processors that hosts run on cannot trap, or do not by default.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::ffi) struct Words;

    impl Words {
        pub(super) fn read() -> Words {
            Words
        }

        pub(super) fn mask() {}

        pub(super) fn write(&self) {}
    }
}

pub(super) use words::Words;
