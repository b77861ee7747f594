//! Numbers and ids that look drawn and follow from a number, the same on every run.

/// The next of a sequence of numbers (SplitMix64).
pub fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The id of number `number` (below 2⁴⁰) of a kind of thing, spread over the whole range as drawn ids are.
#[must_use]
pub fn id(kind: u64, number: u64) -> u128 {
    let mut state = kind << 40 | number;
    u128::from(draw(&mut state)) << 64 | u128::from(draw(&mut state))
}
