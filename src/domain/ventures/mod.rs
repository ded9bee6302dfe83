//! Joint ventures: capital and distributions, by the ownership of the terms (rules 9).
