//! What an allocation really takes.
//!
//! Figures of memory are for deciding how large a machine has to be, so they count what the allocator
//! hands out, not what was asked for: mimalloc has sizes of 16 bytes apart up to 64, above that four
//! sizes between one power of two and the next.

/// Strong and weak count in front of a shared value.
const COUNTS_BYTES: u64 = 16;

/// Bytes that an allocation of so many bytes takes.
pub(super) const fn allocated(bytes: u64) -> u64 {
    if bytes == 0 {
        return 0;
    }
    let step = if bytes <= 64 { 16 } else { 1 << ((bytes - 1).ilog2() - 2) };
    bytes.div_ceil(step) * step
}

/// Bytes of an `Arc<[T]>` of so many elements.
pub(super) const fn of_shared_slice<T>(len: usize) -> u64 {
    // An empty shared slice is one for all.
    if len == 0 { 0 } else { allocated(COUNTS_BYTES + (len * size_of::<T>()) as u64) }
}

/// Bytes of an `Arc<T>`.
pub(super) const fn of_shared<T>() -> u64 {
    allocated(COUNTS_BYTES + size_of::<T>() as u64)
}

/// Bytes of a `Box<[T]>` of so many elements.
pub(super) const fn of_boxed_slice<T>(len: usize) -> u64 {
    allocated((len * size_of::<T>()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_as_the_allocator_does() {
        let sizes = [0, 1, 16, 17, 128, 129, 160, 161, 256, 257, 1000, 1025, 5000].map(allocated);
        assert_eq!(sizes, [0, 16, 16, 32, 128, 160, 160, 192, 256, 320, 1024, 1280, 5120]);
        assert_eq!(of_shared_slice::<u64>(0), 0);
        assert_eq!(of_shared::<u64>(), 32);
    }
}
