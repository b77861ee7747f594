//! A disk that lies. On a copy.
use super::life::Sim;
use super::{Result, Tally};
pub(super) fn tell(_sim: &mut Sim, _tally: &mut Tally) -> Result<()> { Ok(()) }
