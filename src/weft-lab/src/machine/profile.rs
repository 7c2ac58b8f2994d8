//! The machines that the book's results are recorded on: one as it is, and the same one held back on purpose.

use super::constraint::Constraint;
use crate::text::Text;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// As it is.
    AsItIs,
    /// On one core, without huge pages, without a real-time scheduler, as an ordinary user.
    OneCore,
}

impl Profile {
    /// All of them, in the order in which a reader sees them.
    pub const ALL: [Profile; 2] = [Profile::AsItIs, Profile::OneCore];

    /// As on a command line and in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Profile::AsItIs => "as-it-is",
            Profile::OneCore => "one-core",
        }
    }

    /// The profile with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.id() == id)
    }

    /// The folder of its records within `recorded/`; none for those that stand in `recorded/` itself.
    #[must_use]
    pub fn folder(self) -> Option<&'static str> {
        match self {
            Profile::AsItIs => None,
            Profile::OneCore => Some(self.id()),
        }
    }

    /// What its records' machines must say that they were kept from.
    #[must_use]
    pub fn constraints(self) -> &'static [Constraint] {
        match self {
            Profile::AsItIs => &[],
            Profile::OneCore => &Constraint::ALL,
        }
    }

    /// A name for it, for a reader.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Profile::AsItIs => text!("Recorded"),
            Profile::OneCore => text!("Recorded on one core"),
        }
    }

    /// What it is, for a reader.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Profile::AsItIs => text!("The machine as it is."),
            Profile::OneCore => text!(
                "The same machine held back: one core, no huge pages, SCHED_FIFO not permitted, an ordinary user without capabilities."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_an_id_and_a_folder_of_its_own() {
        for profile in Profile::ALL {
            assert_eq!(Profile::find(profile.id()), Some(profile));
        }
        assert_eq!(Profile::find("none"), None);
        assert_ne!(Profile::AsItIs.folder(), Profile::OneCore.folder());
    }
}
