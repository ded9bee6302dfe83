//! Answers to questions, as of a time and a position: from the state in memory and the journal.

pub mod index;
