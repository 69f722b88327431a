//! Identifiers: UUIDv7 in text, one type for each kind of record so that they cannot be mixed up.

use crate::{rng::Rng, time::TimeMs};

/// Makes the 36-character text of a UUIDv7 from a time and randomness.
pub fn uuid_v7(now: TimeMs, rng: &mut dyn Rng) -> String {
    let mut random = [0u8; 10];
    rng.fill(&mut random);
    let millis = u64::try_from(now.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

id_type! {
    /// An account that signs in or pushes.
    AccountId;
    /// A node of the address library.
    PlaceId;
    /// A version of a network's cells.
    PlanId;
    /// A proposal to change the address library (纠错工单).
    CorrectionId;
    /// A change that a steward made to the address library.
    EditId;
    /// A person in the registers.
    PersonId;
    /// An organisation in the registers.
    OrganisationId;
    /// A dated relation between a person or organisation and a place.
    TieId;
    /// One observation from a feed.
    SignalId;
    /// Something to be resolved.
    CaseId;
    /// A unit of work for a worker.
    TaskId;
    /// What was found in the field.
    VisitId;
    /// A stored photo or document.
    FileId;
    /// A staged import.
    ImportId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    #[test]
    fn ids_made_later_sort_later() {
        let mut rng = SeededRng::new(1);
        let early = uuid_v7(TimeMs(1_000), &mut rng);
        let late = uuid_v7(TimeMs(2_000), &mut rng);
        assert!(early < late);
        assert_eq!(early.len(), 36);
        assert_eq!(&early[14..15], "7");
    }
}
