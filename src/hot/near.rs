//! Bringing memory near before it is read.
//!
//! A batch asks for the lines of 64 devices before it reads the first of them, so that the processor has as many misses
//! under way as it can. A load for this would do the same but for one thing: the processor cannot retire it before it
//! is there, and stops after a few of them. A prefetch retires at once (docs/decisions.md, "Memory", has what was measured).
//! What always holds: nothing is read and nothing changes by it, so it may be left out anywhere; it is only ever told
//! of what a reference stands for.

/// Asks for the line in which a value starts.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub(super) fn bring<T>(value: Option<&T>) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    if let Some(value) = value {
        // SAFETY: a prefetch reads nothing and never faults; the address is that of a live reference.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
}

/// Asks for nothing, where no way is known to ask this processor.
#[inline(always)]
#[cfg(not(target_arch = "x86_64"))]
pub(super) const fn bring<T>(_value: Option<&T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_brought_is_what_it_was() {
        let values = [1_u64, 2, 3];
        (0..4).for_each(|index| bring(values.get(index)));
        assert_eq!(values, [1, 2, 3]);
    }
}
