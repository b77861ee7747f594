//! Room for large tables: grown as lists grow, on large pages where the kernel has them.

use scoped_log::hint::prefer_huge_pages;

/// Bytes from which on a list is large.
const LARGE: usize = 2 << 20;

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

/// Twice the room. A large list moves to room of its own: what the system moves for it stays on the small pages that it was on.
#[cold]
fn grow<T>(list: &mut Vec<T>) {
    if list.capacity() * size_of::<T>() < LARGE {
        list.reserve(1);
        return;
    }
    let mut wider = with_room(list.capacity() * 2);
    wider.append(list);
    *list = wider;
}
