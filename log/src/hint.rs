//! Hints to kernel and processor. They change how long something takes and never what it does.
//!
//! Why here: the tables of the world are larger than any cache, and what a decision waits for is memory. With pages of 2 MiB
//! the processor finds an address in fewer steps; with a line asked for early it does other work meanwhile.
//! The argument on which the `unsafe` blocks rest: neither reads nor writes memory as far as a program can tell. Advice about
//! pages leaves their content as it is; a prefetch of any address, even of none, cannot fault.
#![expect(unsafe_code, reason = "hints; the argument stands above")]

/// A large page, and where one begins.
const PAGE: usize = 2 << 20;

/// Asks for large pages behind the room that a list has got, where it covers whole ones. Where the kernel has none, nothing happens.
///
/// What was written there before is moved to large pages later, by the kernel; so ask when room has come and not when it is full.
pub fn prefer_huge_pages<T>(list: &mut Vec<T>) {
    let (base, bytes) = (list.as_mut_ptr().cast::<u8>(), list.capacity() * size_of::<T>());
    let before = (base as usize).next_multiple_of(PAGE) - base as usize;
    let count = bytes.saturating_sub(before) / PAGE * PAGE;
    if count == 0 {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        // SAFETY: these pages lie whole within the room of the list, and the advice changes nothing that they hold.
        let _ = unsafe { madvise(base.wrapping_add(before).cast(), count, Advice::LinuxHugepage) };
    }
}

/// Asks for the cache line in which `list[at]` begins. Nothing happens when there is no such element.
#[inline]
pub fn prefetch<T>(list: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(place) = list.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch never faults; the reference is valid besides.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (list, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_change_nothing() {
        let mut list: Vec<u64> = Vec::with_capacity(3 << 19);
        prefer_huge_pages(&mut list);
        list.extend(0..3 << 19);
        prefer_huge_pages(&mut list);
        prefetch(&list, 5);
        prefetch(&list, usize::MAX);
        assert!(list.iter().copied().eq(0..3 << 19));
    }
}
