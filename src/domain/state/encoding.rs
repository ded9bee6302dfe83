//! The state in a snapshot: shared at a position, written table by table, and put together again.

use super::State;
use crate::domain::slice::Slice;
use crate::encoding::{Damaged, Input, Loader, Section, Sink};

/// The tables that change most are written first: what is written need not be kept apart from the state any longer.
const FIRST: [Section; 3] = [Section::Accounts, Section::Leads, Section::Sales];

impl State {
    /// The sections of a snapshot that hold the state, by number: that of its values, then those of its tables.
    pub fn sections() -> Vec<Section> {
        let mut sections = vec![Section::State];
        <Self as Slice>::add_sections((), &mut sections);
        sections.sort_unstable();
        sections
    }

    /// Returns the state as it is now, to be read or saved while this one goes on: it costs some dozen pointers for each table.
    /// There must be no open savepoint. The copy is not written to.
    #[must_use]
    pub fn share(&self) -> Self {
        Slice::share(self)
    }

    /// Writes it, and gives away what is written.
    ///
    /// # Errors
    /// If writing is to end.
    pub fn save<S: Sink>(mut self, sink: &mut S) -> Result<(), S::Error> {
        let others = Self::sections().into_iter().filter(|section| !FIRST.contains(section));
        for section in FIRST.into_iter().chain(others) {
            if section == Section::State {
                self.encode_values(sink.begin());
                sink.end(section, 0, 1)?;
            } else {
                Slice::save(&mut self, (), section, sink)?;
            }
        }
        Ok(())
    }
}

/// A state that is being loaded.
#[derive(Default)]
pub struct StateLoad(<State as Slice>::Loading);

impl StateLoad {
    /// The loader of a section.
    pub fn part(&self, section: Section) -> Option<&dyn Loader> {
        if section == Section::State { Some(self) } else { State::loader(&self.0, (), section) }
    }

    /// Returns the state, once all loaders have finished.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn finish(&self) -> Result<State, Damaged> {
        let mut state = State::take(&self.0)?;
        state.leads.note_all_credited();
        state.leads.note_all_blocks();
        state.note_all_disputes();
        state.campaigns.note_all_taking_part();
        state.note_all_watched();
        Ok(state)
    }
}

/// Loads what is in no table.
impl Loader for StateLoad {
    fn add_chunk(&self, _first: usize, _count: usize, input: &mut Input<'_>) -> Result<(), Damaged> {
        State::decode_values(&self.0, input)
    }

    fn finish(&self) -> Result<(), Damaged> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_declared_once_and_can_be_loaded() {
        let sections = State::sections();
        assert!(sections.is_sorted_by(|one, next| one < next), "{sections:?}");
        assert!(sections.len() > 20, "{sections:?}");
        let load = StateLoad::default();
        assert!(sections.iter().all(|section| load.part(*section).is_some()));
        let foreign = Section::ALL.into_iter().filter(|section| !sections.contains(section));
        assert!(foreign.into_iter().all(|section| load.part(section).is_none()));
    }
}
