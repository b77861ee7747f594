//! Room for large tables: grown as lists grow, on large pages where the kernel has them.

use scoped_log::hint::prefer_huge_pages;

/// A list with room for so many.
pub(super) fn with_room<T>(count: usize) -> Vec<T> {
    let mut list = Vec::with_capacity(count);
    prefer_huge_pages(&mut list);
    list
}

/// A list of so many of the same.
pub(super) fn filled<T: Copy>(count: usize, with: T) -> Vec<T> {
    let mut list = with_room(count);
    list.resize(count, with);
    list
}

/// The same list once more.
pub(super) fn copied<T: Clone>(list: &[T]) -> Vec<T> {
    let mut copy = with_room(list.len());
    copy.extend_from_slice(list);
    copy
}

/// Adds one. A list that is full gets more room.
#[inline]
pub(super) fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        reserve(list, list.len() + 1);
    }
    list.push(item);
}

/// Lists up to so many bytes double; beyond, they grow by an eighth. The kernel moves pages of large lists without copying them, and a
/// list that doubles has a third of its room unused on average.
const DOUBLING_BYTES_MAX: usize = 1 << 16;

/// Room for `count`, and some more when there is too little.
#[cold]
pub(super) fn reserve<T>(list: &mut Vec<T>, count: usize) {
    if list.capacity() >= count {
        return;
    }
    if list.len() * size_of::<T>() <= DOUBLING_BYTES_MAX {
        list.reserve(count - list.len());
    } else {
        list.reserve_exact(count.max(list.len() + list.len() / 8) - list.len());
    }
    prefer_huge_pages(list);
}
