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

/// Adds one. A list that is full gets twice the room.
#[inline]
pub(super) fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        grow(list);
    }
    list.push(item);
}

#[cold]
fn grow<T>(list: &mut Vec<T>) {
    list.reserve(1);
    prefer_huge_pages(list);
}
