//! Where a scope stands in the forest.

/// Nodes from a leaf to its root.
pub const DEPTH: usize = 8;
/// Scopes on each level, from the roots to the leaves; each node has as many children as the next level allows it.
pub(super) const LEVELS: [u32; DEPTH] = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768];
/// A node: its level from the root, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// 0 is a root.
    pub level: usize,
    /// Within the level.
    pub number: u32,
}

impl Place {
    /// The node above.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let level = self.level.checked_sub(1)?;
        Some(Self { level, number: self.number / (LEVELS[self.level] / LEVELS[level]) })
    }
    /// The nodes right below.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let level = self.level + 1;
        let width = LEVELS.get(level).map_or(0, |count| count / LEVELS[self.level]);
        (0..width).map(move |nth| Self { level, number: self.number * width + nth })
    }
    /// A leaf below, or the node itself.
    #[must_use]
    pub fn leaf(self, drawn: u64) -> Self {
        let width = LEVELS[DEPTH - 1] / LEVELS[self.level];
        Self { level: DEPTH - 1, number: self.number * width + (drawn % u64::from(width)) as u32 }
    }
    /// The node itself and all above, upwards.
    pub fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |place| place.parent())
    }
    /// All nodes, from the roots down.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..DEPTH).flat_map(|level| (0..LEVELS[level]).map(move |number| Self { level, number }))
    }
}

/// Scopes that have none below.
pub(super) const LEAVES: u32 = LEVELS[DEPTH - 1];
