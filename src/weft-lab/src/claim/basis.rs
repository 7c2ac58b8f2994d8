//! The claims that no experiment decides, because they sum others up: which ones each rests on.

use super::Claim;

/// A claim that rests on others: its verdict is drawn from theirs, see [`crate::board::drawn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// The claim.
    pub claim: &'static str,
    /// What it rests on, by id, in the order of the notes.
    pub parts: &'static [&'static str],
}

/// All of them.
pub static BASES: &[Basis] = &[
    // "Separate resources and memory", in one process and beside threads; "gain stability", alone and in a browser.
    Basis {
        claim: "summary-process",
        parts: &[
            "process-owns-resources",
            "process-memory-independent",
            "memory-independent-shared",
            "stability",
            "tabs-isolated",
        ],
    },
    // "Share resources"; "gain performance": each of the prices that sharing lowers, and one whole job.
    Basis {
        claim: "summary-thread",
        parts: &[
            "thread-shares",
            "creation-cost",
            "switch-cost",
            "communication",
            "memory-cost",
            "threads-share-fast",
        ],
    },
];

impl Claim {
    /// The claims that this one rests on; none for a claim that is decided by itself.
    #[must_use]
    pub fn parts(&self) -> &'static [&'static str] {
        let basis = BASES.iter().find(|basis| basis.claim == self.id);
        basis.map_or(&[], |basis| basis.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CLAIMS, Kind, find};
    use super::*;

    #[test]
    fn a_basis_is_of_claims_that_are_decided_by_themselves() {
        for basis in BASES {
            let claim = find(basis.claim).unwrap();
            assert_eq!(claim.kind, Kind::Drawn, "{}", claim.id);
            assert!(claim.experiment.is_none(), "{} is decided twice", claim.id);
            for part in basis.parts {
                let part = find(part).unwrap_or_else(|| panic!("{} rests on {part:?}, which is no claim", claim.id));
                assert!(
                    part.parts().is_empty(),
                    "{} rests on {}, which rests on others",
                    claim.id,
                    part.id
                );
            }
            let places = basis
                .parts
                .iter()
                .map(|part| CLAIMS.iter().position(|claim| claim.id == *part));
            assert!(
                places.is_sorted_by(|one, next| one < next),
                "{}: in the order of the notes",
                claim.id
            );
        }
    }

    #[test]
    fn each_claim_that_is_drawn_has_a_basis() {
        for claim in CLAIMS {
            assert_eq!(claim.kind == Kind::Drawn, !claim.parts().is_empty(), "{}", claim.id);
        }
    }
}
